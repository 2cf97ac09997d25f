/** What observers are told, over fake sockets and a fake clock. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerObserver } from "../../../src/connection/tracking/server_observer.ts";
import { Observers } from "../../../src/connection/tracking/observers.ts";
import { Admission } from "../../../src/server/listening/admission.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { Harness, type HarnessOptions } from "../../_support/harness.ts";
import type { RequestRecord } from "../../../src/logging/access/request_record.ts";
import { RECORD } from "../../_support/request_records.ts";
import {
  closeFrame,
  frame,
  textFrame,
} from "../../_support/websocket_frames.ts";
import { connecting, open } from "../../_support/websocket_puppet.ts";

/** An observer of everything, and what it was told, in words. */
function witness(): { story: string[]; observer: ServerObserver } {
  const story: string[] = [];
  const observer: ServerObserver = {
    onConnectionOpen: ({ id, client }) =>
      void story.push(`open ${id} ${client?.host}`),
    onConnectionClose: ({ id, requests }, durationMs) =>
      void story.push(`close ${id} ${requests} ${durationMs} ms`),
    onConnectionRefused: (reason) => void story.push(`refused ${reason}`),
    onTlsHandshake: (isComplete, durationMs) =>
      void story.push(`tls ${isComplete} ${durationMs} ms`),
    onRequestStart: ({ type, path }) => {
      story.push(`start ${type} ${path}`);
      return `token of ${path}`;
    },
    onRequestEnd: ({ method, status, isRequestComplete }, started) =>
      void story.push(
        `end ${method} ${status} ${isRequestComplete} ${started}`,
      ),
    onFault: (code) => void story.push(`fault ${code}`),
    onWebSocketOpen: () => void story.push("websocket"),
    onWebSocketMessage: (direction, bytes) =>
      void story.push(`${direction} ${bytes}`),
    onWebSocketClose: ({ closeCode, durationMs }) =>
      void story.push(`closed ${closeCode} ${durationMs} ms`),
  };
  return { story, observer };
}

function harness(options: HarnessOptions = {}) {
  const { story, observer } = witness();
  const made = new Harness(async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 204 });
    await send({ type: "http.response.body" });
  }, { ...options, observers: [observer] });
  return { story, harness: made };
}

test("durations are as exact as the observers need them", async () => {
  const coarse = { firstByte: false, responseFields: false, coarseTimes: true };
  const durationOf = async (...needs: ServerObserver["needs"][]) => {
    let durationMs: number | undefined;
    const observers = needs.map((needs) => ({
      needs,
      onRequestEnd: (record: RequestRecord) => durationMs = record.durationMs,
    }));
    const all: Harness = new Harness(async (_scope, _receive, send) => {
      all.clock.nowMs += 0.7;
      await send({ type: "http.response.start", status: 204 });
      await send({ type: "http.response.body" });
    }, { observesRequests: false, observers });
    all.clock.nowMs = 5.5;
    all.connect().receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await all.turn();
    return durationMs!.toFixed(3);
  };
  assert.equal(await durationOf(undefined), "0.700");
  assert.equal(await durationOf(coarse), "1.000");
  assert.equal(await durationOf(coarse, undefined), "0.700");
  assert.equal(
    await durationOf({ firstByte: false, responseFields: false }, coarse),
    "0.700",
  );
});

describe("ServerObserver", () => {
  test("hears of a connection, its requests, and its end", async () => {
    const { story, harness: all } = harness();
    const socket = all.connect();
    socket.receive("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
    socket.receive("GET /b HTTP/1.1\r\nhost: a\r\n\r\n");
    await all.turn();
    all.clock.nowMs += 50;
    socket.close();
    await all.turn();
    assert.deepEqual(story, [
      "open 1 127.0.0.1",
      "start http /a",
      "end GET 204 true token of /a",
      "start http /b",
      "end GET 204 true token of /b",
      "close 1 2 50 ms",
    ]);
  });

  test("hears of a refused request without a start", async () => {
    const { story, harness: all } = harness();
    await all.exchange("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n");
    assert.deepEqual(story.slice(1, 3), [
      "fault REPEATED_HOST",
      "end GET 400 false undefined",
    ]);
  });

  test("hears whether the request was whole when its response ended", async () => {
    const { story, harness: all } = harness();
    const socket = all.connect();
    socket.receive("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n");
    socket.close();
    await all.turn();
    assert.equal(story.at(-2), "end POST 204 false token of /");
  });

  test("hears of refused connections", () => {
    const { story, harness: all } = harness();
    const admission = new Admission(all.context, {
      connections: 1,
      connectionsPerClient: Infinity,
    });
    for (const socket of [new FakeSocket(), new FakeSocket()]) {
      socket.handler = admission.admit(socket);
    }
    assert.deepEqual(story.at(-1), "refused limit");
  });

  test("hears of TLS handshakes, and how they end", () => {
    const { story, harness: all } = harness();
    const admission = new Admission(all.context, {
      connections: 9,
      connectionsPerClient: Infinity,
    });
    const pending = { remoteAddress: undefined, destroy() {} };
    const first = admission.beforeHandshake(pending)!;
    all.clock.nowMs += 7;
    first(true);
    admission.beforeHandshake(pending)!(false);
    assert.deepEqual(story, ["tls true 7 ms", "tls false 0 ms"]);
  });

  test("hears of a WebSocket, its messages and its close code", async () => {
    const { story, observer } = witness();
    const { harness: all, socket, puppet } = await open({
      observers: [observer],
    });
    puppet.listen();
    socket.receive(textFrame("hello"));
    await puppet.send({ type: "websocket.send", bytes: new Uint8Array(3) });
    all.clock.nowMs += 20;
    socket.receive(closeFrame(4001));
    await all.turn();
    socket.close();
    await all.turn();
    assert.deepEqual(story.slice(1), [
      "start websocket /chat",
      "end GET 101 true token of /chat",
      "websocket",
      "received 5",
      "sent 3",
      "closed 4001 20 ms",
      "close 1 1 20 ms",
    ]);
  });

  test("hears 1006 of a WebSocket whose peer is gone, and the code of a fault", async () => {
    const { story, observer } = witness();
    const gone = await open({ observers: [observer] });
    gone.socket.close();
    await gone.harness.turn();
    assert.equal(story.at(-2), "closed 1006 0 ms");
    const broken = await open({ observers: [observer] });
    broken.socket.receive(frame(3, new Uint8Array(0)));
    await broken.harness.turn();
    broken.socket.close();
    await broken.harness.turn();
    assert.deepEqual(
      story.filter((line) => /fault|closed 1002/.test(line)),
      ["fault BAD_OPCODE", "closed 1002 0 ms"],
    );
  });

  test("hears once that a connection ends that did not become a WebSocket", async () => {
    const { story, observer } = witness();
    const { harness: all, socket, puppet } = await connecting({
      observers: [observer],
    });
    await puppet.send({ type: "websocket.close" });
    await all.turn();
    socket.close();
    await all.turn();
    assert.deepEqual(story.slice(2), [
      "end GET 403 true token of /chat",
      "close 1 1 0 ms",
    ]);
  });
});

describe("Observers", () => {
  test("asks for nothing while there are none", () => {
    const observers = new Observers();
    observers.add({});
    const { needs, ...flags } = observers;
    assert.equal(needs, undefined);
    assert.deepEqual(Object.values(flags).filter(Boolean), []);
  });

  test("joins what several need of a record", () => {
    const observers = new Observers();
    observers.add({ needs: { firstByte: true, responseFields: false } });
    observers.add({ needs: { firstByte: false, responseFields: true } });
    assert.deepEqual(observers.needs, {
      firstByte: true,
      responseFields: true,
    });
  });

  test("hands to each what it returned itself", () => {
    const observers = new Observers();
    const seen: unknown[] = [];
    for (const name of ["a", "b"]) {
      observers.add({
        onRequestStart: () => name,
        onRequestEnd: (_record, started) => void seen.push(started),
      });
    }
    const started = observers.onRequestStart({} as never);
    observers.onRequestEnd(RECORD, started);
    assert.deepEqual(seen, ["a", "b"]);
  });
});
