/** Upgrade requests over a fake socket and a fake clock: accepted, refused, denied, given up. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesOf, latin1 } from "../../_support/raw_client.ts";
import type { FakeSocket } from "../../_support/fake_socket.ts";
import { Harness } from "../../_support/harness.ts";
import {
  closeFrame,
  describeFrames,
  handshakeRequest,
  SAMPLE_ACCEPT,
  textFrame,
} from "../../_support/websocket_frames.ts";
import { RECORD } from "../../_support/request_records.ts";

import {
  type App,
  assertGone,
  connecting,
  DEFLATE,
  harnessOf,
  open,
  Puppet,
  type Receive,
  type Send,
} from "../../_support/websocket_puppet.ts";

describe("the handshake (RFC 6455 §4.2)", () => {
  test("WebSocketUpgrade completes it when the application accepts (websocket:W-008)", async () => {
    const { harness, socket, puppet } = await connecting({
      date: false,
      server: "tricorn",
      headers: [["x-default", "1"]],
    });
    assert.equal(socket.text, "");
    await puppet.send({
      type: "websocket.accept",
      headers: [["x-app", "2"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    });
    await harness.turn();
    assert.equal(
      socket.text,
      "HTTP/1.1 101 Switching Protocols\r\nserver: tricorn\r\nx-default: 1\r\n" +
        "upgrade: websocket\r\nconnection: upgrade\r\n" +
        `sec-websocket-accept: ${SAMPLE_ACCEPT}\r\n` +
        "x-app: 2\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n",
    );
  });

  for (
    const lines of [
      "Upgrade: websocket, h2c",
      "Upgrade: h2c,WebSocket",
      "Upgrade: h2c\r\nUpgrade: websocket",
    ]
  ) {
    test(`WebSocketUpgrade is among the protocols of ${JSON.stringify(lines)} (F-31d)`, async () => {
      const { harness, socket, puppet } = await connecting(
        {},
        handshakeRequest("/").replace("Upgrade: websocket", lines),
      );
      await puppet.send({ type: "websocket.accept" });
      await harness.turn();
      assert.match(
        socket.text,
        /^HTTP\/1\.1 101 [^]*\r\nupgrade: websocket\r\n/,
      );
    });
  }

  test("another protocol whose name only begins like it is no handshake (F-31d)", async () => {
    const { socket, harness } = await connecting(
      {},
      handshakeRequest("/").replace(
        "Upgrade: websocket",
        "Upgrade: websocket2, h2c",
      ),
    );
    assert.doesNotMatch(socket.text, /101/);
    assert.deepEqual(
      harness.logger.at("warning")[0],
      "Unsupported upgrade request.",
    );
  });

  test("WebSocketUpgrade answers with the subprotocol that was chosen (websocket:W-009)", async () => {
    const { harness, socket, puppet } = await connecting(
      {},
      handshakeRequest("/", [
        "Sec-WebSocket-Protocol: a, b",
        "Sec-WebSocket-Protocol: c",
      ]),
    );
    assert.deepEqual(puppet.scope?.subprotocols, ["a", "b", "c"]);
    await puppet.send({ type: "websocket.accept", subprotocol: "c" });
    await harness.turn();
    assert.match(socket.text, /\r\nsec-websocket-protocol: c\r\n/);
  });

  test("WebSocketUpgrade chooses no subprotocol by itself (websocket:W-011)", async () => {
    const { harness, socket, puppet } = await connecting(
      {},
      handshakeRequest("/", ["Sec-WebSocket-Protocol: a"]),
    );
    await puppet.send({ type: "websocket.accept" });
    await harness.turn();
    assert.doesNotMatch(socket.text, /sec-websocket-protocol/);
  });

  for (
    const name of [
      "Connection",
      "upgrade",
      "content-length",
      "transfer-encoding",
      "sec-websocket-accept",
      "sec-websocket-extensions",
      "sec-websocket-key",
      "Sec-WebSocket-Protocol",
      "sec-websocket-version",
    ]
  ) {
    test(`WebSocketUpgrade refuses ${name} in an accept (asgi:A-130)`, async () => {
      const { harness, socket, puppet } = await connecting();
      const value = name === "content-length" ? "0" : "chunked";
      await assert.rejects(
        puppet.send({ type: "websocket.accept", headers: [[name, value]] }),
        { code: "ERR_TRICORN_INVALID_EVENT" },
      );
      // The name may come as octets as well.
      await assert.rejects(
        puppet.send({
          type: "websocket.accept",
          headers: [[bytesOf(name), bytesOf(value)]] as never,
        }),
        { code: "ERR_TRICORN_INVALID_EVENT" },
      );
      await puppet.send({ type: "websocket.accept" });
      await harness.turn();
      assert.match(socket.text, /^HTTP\/1\.1 101 /);
    });
  }

  for (
    const [what, headers] of [
      ["a line break", [["x", "a\r\nb: c"]]],
      ["no pair", [5]],
      ["a name that is no token", [["a b", "c"]]],
    ] as const
  ) {
    test(`WebSocketUpgrade answers 500 for a header with ${what} that is let through (wishes:R-013)`, async () => {
      const harness = harnessOf(async (_scope, _receive, send) => {
        await send({
          type: "websocket.accept",
          headers: headers as never,
        });
      });
      const socket = harness.connect();
      socket.receive(handshakeRequest());
      await harness.turn();
      assert.match(socket.text, /^HTTP\/1\.1 500 /);
    });
  }

  for (
    const [what, offer, deflate, answer] of [
      ["without an offer", [], DEFLATE, undefined],
      [
        "with one that is switched off (websocket:W-101, options:O-039)",
        ["Sec-WebSocket-Extensions: permessage-deflate"],
        undefined,
        undefined,
      ],
      [
        "with one, by its answer (websocket:W-099, W-103)",
        ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
        { ...DEFLATE, keepsContext: true },
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
      ],
      [
        "with another extension (websocket:W-102)",
        ["Sec-WebSocket-Extensions: x-webkit-deflate-frame"],
        DEFLATE,
        undefined,
      ],
    ] as const
  ) {
    test(`WebSocketUpgrade agrees on compression ${what}`, async () => {
      const { harness, socket, puppet } = await connecting(
        { websocket: { deflate } },
        handshakeRequest("/", offer),
      );
      await puppet.send({ type: "websocket.accept" });
      await harness.turn();
      const line = /\r\nsec-websocket-extensions: (.*)\r\n/.exec(socket.text);
      assert.equal(line?.[1], answer);
    });
  }

  test("WebSocketUpgrade keeps frames that came with the request for after the accept (wishes:R-003)", async () => {
    const { harness, socket, puppet } = await connecting(
      {},
      handshakeRequest() + latin1(textFrame("one")) +
        latin1(textFrame("two")).slice(0, 4),
    );
    socket.receive(latin1(textFrame("two")).slice(4));
    socket.receive(textFrame("three"));
    await harness.turn();
    await puppet.send({ type: "websocket.accept" });
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, ["connect", "one", "two", "three"]);
  });

  test("WebSocketUpgrade stops reading frames that come before the answer, past a limit (asgi:A-141)", async () => {
    const { harness, socket, puppet } = await connecting();
    const message = textFrame("x".repeat(30_000));
    socket.receive(message);
    socket.receive(message);
    assert.equal(socket.isPaused, false);
    socket.receive(message);
    assert.equal(socket.isPaused, true);
    await puppet.send({ type: "websocket.accept" });
    puppet.listen();
    await harness.turn();
    assert.equal(socket.isPaused, false);
    assert.equal(puppet.heard.length, 4);
  });

  for (
    const [what, fields] of [
      ["a body", ["Content-Length: 5"]],
      ["a body that waits for 100 Continue", [
        "Content-Length: 5",
        "Expect: 100-continue",
      ]],
      ["a large body", ["Content-Length: 300000"]],
      ["a chunked body", ["Transfer-Encoding: chunked"]],
    ] as const
  ) {
    test(`a handshake that announces ${what} is refused at once (RFC 6455 §4.1)`, async () => {
      const { harness, socket, puppet } = await connecting(
        {},
        handshakeRequest("/", fields),
      );
      assert.match(socket.text, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.equal(socket.hasEnded, true);
      assert.equal(puppet.isCalled, false);
      harness.clock.advance(10_000);
      await harness.turn();
      assert.equal(socket.isClosed, true);
      assert.equal(harness.tracker.connections.size, 0);
    });
  }

  test("a handshake with a length of 0 has no body", async () => {
    const { puppet } = await connecting(
      {},
      handshakeRequest("/", ["Content-Length: 0"]),
    );
    assert.equal(puppet.isCalled, true);
  });

  test("WebSocketUpgrade takes a close that came before the accept", async () => {
    const opened = await connecting(
      {},
      handshakeRequest() + latin1(textFrame("x")) + latin1(closeFrame(1001)),
    );
    const { harness, socket, puppet } = opened;
    await puppet.send({ type: "websocket.accept" });
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, ["connect", "x", "disconnect 1001"]);
    await assert.rejects(puppet.send({ type: "websocket.send", text: "y" }), {
      code: "ERR_TRICORN_CLIENT_DISCONNECTED",
      close_code: 1001,
    });
    assert.deepEqual(
      describeFrames(socket.text.slice(socket.text.indexOf("\r\n\r\n") + 4)),
      ["close 1001"],
    );
  });

  for (
    const [way, leave] of [
      ["resets", (socket: FakeSocket) => socket.close(new Error("reset"))],
      ["ends", (socket: FakeSocket) => socket.fin()],
    ] as const
  ) {
    test(`WebSocketUpgrade tells of a peer that ${way} before the answer (websocket:W-014, W-023)`, async () => {
      const opened = await connecting();
      const { harness, socket, puppet } = opened;
      const { signal } = puppet.scope!.extensions.abort_signal;
      puppet.listen();
      leave(socket);
      await harness.turn();
      assert.deepEqual(puppet.heard, ["connect", "disconnect 1006"]);
      assert.equal(signal.aborted, true);
      await assert.rejects(puppet.send({ type: "websocket.accept" }), {
        code: "ERR_TRICORN_CLIENT_DISCONNECTED",
        close_code: 1006,
      });
      assert.equal(socket.text, "");
      assert.deepEqual(
        harness.requests.map(({ status, abortReason }) => [
          status,
          abortReason !== undefined,
        ]),
        [[499, true]],
      );
      puppet.finish();
      await harness.turn();
      assertGone(opened);
      assert.deepEqual(harness.logger.at("error"), []);
    });
  }

  test("WebSocketUpgrade answers 500 for an application that does not answer in time", async () => {
    const opened = await connecting({ websocket: { handshakeMs: 1_000 } });
    const { harness, socket, puppet } = opened;
    const { signal } = puppet.scope!.extensions.abort_signal;
    puppet.listen();
    harness.clock.advance(1_500);
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 500 [^]*connection: close/);
    assert.equal(socket.hasEnded, true);
    assert.deepEqual(puppet.heard, ["connect", "disconnect 1006"]);
    assert.equal(signal.reason.name, "TimeoutError");
  });

  test("WebSocketUpgrade has no keep-alive limit (websocket:W-025, W-026, wishes:R-001)", async () => {
    const puppet = new Puppet();
    const harness = harnessOf(async (scope, receive, send) => {
      if ((scope as { type: string }).type === "websocket") {
        await puppet.app(scope, receive, send);
        return;
      }
      await send({ type: "http.response.start", status: 204 });
      await send({ type: "http.response.body" });
    }, { settings: { keepAliveMs: 5_000 } });
    const socket = harness.connect();
    socket.receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await harness.turn();
    harness.clock.advance(4_000);
    socket.receive(handshakeRequest());
    await harness.turn();
    harness.clock.advance(20_000);
    await harness.turn();
    assert.equal(socket.isClosed || socket.hasEnded, false);
    socket.takeText();
    await puppet.send({ type: "websocket.accept" });
    harness.clock.advance(3_600_000);
    await harness.turn();
    assert.equal(socket.isClosed || socket.hasEnded, false);
    assert.match(socket.text, /^HTTP\/1\.1 101 /);
  });
});

describe("refusals (asgi:A-132, A-170 to A-173)", () => {
  test("WebSocketUpgrade answers 403 for a close before the accept (websocket:W-027)", async () => {
    const opened = await connecting({ server: "tricorn" });
    const { harness, socket, puppet } = opened;
    puppet.listen();
    await puppet.send({ type: "websocket.close", code: 4000, reason: "no" });
    await harness.turn();
    assert.equal(
      socket.text,
      "HTTP/1.1 403 Forbidden\r\nserver: tricorn\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    assert.equal(socket.hasEnded, true);
    assert.deepEqual(puppet.heard, ["connect", "disconnect 1006"]);
    puppet.finish();
    socket.close();
    await harness.turn();
    assertGone(opened);
    assert.deepEqual(harness.logger.at("error"), []);
  });

  for (
    const [what, bodies, expected] of [
      [
        "whole, with its length (websocket:W-030)",
        ["sorry"],
        "content-length: 5\r\nconnection: close\r\n\r\nsorry",
      ],
      ["empty", [""], "content-length: 0\r\nconnection: close\r\n\r\n"],
      [
        "in pieces as they come (websocket:W-029)",
        ["sor", "ry"],
        "connection: close\r\ntransfer-encoding: chunked\r\n\r\n" +
        "3\r\nsor\r\n2\r\nry\r\n0\r\n\r\n",
      ],
    ] as const
  ) {
    test(`WebSocketUpgrade sends a denial ${what}`, async () => {
      const { harness, socket, puppet } = await connecting();
      await puppet.send({
        type: "websocket.http.response.start",
        status: 401,
        headers: [["content-type", "text/x"]],
      });
      for (const [i, body] of bodies.entries()) {
        await puppet.send({
          type: "websocket.http.response.body",
          body,
          more_body: i < bodies.length - 1,
        });
        await harness.turn();
      }
      assert.equal(
        socket.text,
        `HTTP/1.1 401 Unauthorized\r\ncontent-type: text/x\r\n${expected}`,
      );
      assert.equal(socket.hasEnded, true);
    });
  }

  test("WebSocketUpgrade names the upgrade of a denial (F-31b, RFC 9110 §7.8)", async () => {
    const { harness, socket, puppet } = await connecting();
    await puppet.send({
      type: "websocket.http.response.start",
      status: 426,
      headers: [["upgrade", "websocket"]],
    });
    await puppet.send({ type: "websocket.http.response.body", body: "" });
    await harness.turn();
    assert.match(socket.text, /\r\nconnection: upgrade, close\r\n/);
  });

  test("WebSocketUpgrade sends the head of a denial whose body takes its time", async () => {
    const { harness, socket, puppet } = await connecting();
    await puppet.send({ type: "websocket.http.response.start", status: 402 });
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 402 [^]*\r\n\r\n$/);
    assert.equal(socket.hasEnded, false);
  });

  test("WebSocketUpgrade sends octets of a denial as they are (websocket:W-032, wishes:R-022)", async () => {
    const { harness, socket, puppet } = await connecting();
    await puppet.send({
      type: "websocket.http.response.start",
      status: 400,
      headers: [["content-length", "3"], ["content-type", "image/x"]],
    });
    await puppet.send({
      type: "websocket.http.response.body",
      body: Uint8Array.of(0xff, 0, 0xfe),
    });
    await harness.turn();
    assert.ok(socket.text.endsWith("\r\n\r\n\xff\0\xfe"));
    assert.equal(socket.text.match(/content-length/g)?.length, 1);
    assert.equal(socket.text.match(/content-type/g)?.length, 1);
  });

  test("WebSocketUpgrade drops the body of a 204 with a warning", async () => {
    const { harness, socket, puppet } = await connecting();
    await puppet.send({ type: "websocket.http.response.start", status: 204 });
    await puppet.send({ type: "websocket.http.response.body", body: "x" });
    await harness.turn();
    assert.ok(socket.text.endsWith("\r\n\r\n"));
    assert.equal(harness.logger.at("warning").length, 1);
  });

  for (
    const [what, app, expected] of [
      [
        "neither sends the start nor leaves the peer hanging (websocket:W-036)",
        async (_scope, _receive, send) => {
          await send({ type: "websocket.http.response.start", status: 402 });
        },
        /^HTTP\/1\.1 500 /,
      ],
      [
        "breaks off what has left (asgi:A-146)",
        async (_scope, _receive, send) => {
          await send({ type: "websocket.http.response.start", status: 402 });
          await send({
            type: "websocket.http.response.body",
            body: "x",
            more_body: true,
          });
          throw new Error("boom");
        },
        /^HTTP\/1\.1 402 [^]*1\r\nx\r\n$/,
      ],
      [
        "replaces a first piece that is too long (asgi:A-103)",
        async (_scope, _receive, send) => {
          await send({
            type: "websocket.http.response.start",
            status: 402,
            headers: [["content-length", "1"]],
          });
          await send({ type: "websocket.http.response.body", body: "xy" });
        },
        /^HTTP\/1\.1 500 /,
      ],
      [
        "answers 500 for a second start that is let through (websocket:W-035)",
        async (_scope, _receive, send) => {
          await send({ type: "websocket.http.response.start", status: 402 });
          await send({ type: "websocket.http.response.start", status: 402 });
        },
        /^HTTP\/1\.1 500 /,
      ],
    ] as readonly [string, App, RegExp][]
  ) {
    test(`WebSocketUpgrade, left inside a denial, ${what}`, async () => {
      const harness = harnessOf(app);
      const socket = harness.connect();
      socket.receive(handshakeRequest());
      await harness.turn();
      assert.match(socket.text, expected);
      assert.equal(socket.hasEnded, true);
      assert.equal(harness.logger.at("error").length, 1);
      assert.equal(harness.requests.length, 1);
    });
  }

  test("WebSocketUpgrade drops what a peer sends while it is refused", async () => {
    const { harness, socket, puppet } = await connecting();
    await puppet.send({ type: "websocket.http.response.start", status: 402 });
    for (let i = 0; i < 100; i++) socket.receive(new Uint8Array(10_000));
    await harness.turn();
    assert.equal(socket.isPaused, false);
    await puppet.send({ type: "websocket.http.response.body", body: "no" });
    await harness.turn();
    assert.ok(socket.text.endsWith("no\r\n0\r\n\r\n"));
  });

  test("WebSocketUpgrade reads on when it denies a peer it had stopped reading from", async () => {
    const { socket, puppet } = await connecting();
    socket.receive(new Uint8Array(70_000));
    assert.equal(socket.isPaused, true);
    await puppet.send({ type: "websocket.http.response.start", status: 402 });
    assert.equal(socket.isPaused, false);
  });

  test("WebSocketUpgrade tells of a peer that leaves inside a denial", async () => {
    const opened = await connecting();
    const { harness, socket, puppet } = opened;
    await puppet.send({ type: "websocket.http.response.start", status: 402 });
    await harness.turn();
    socket.close(new Error("reset"));
    await harness.turn();
    await assert.rejects(
      puppet.send({ type: "websocket.http.response.body", body: "x" }),
      { code: "ERR_TRICORN_CLIENT_DISCONNECTED" },
    );
    assert.deepEqual(
      harness.requests.map(({ status, abortReason }) => [
        status,
        abortReason !== undefined,
      ]),
      [[402, true]],
    );
    puppet.finish();
    await harness.turn();
    assertGone(opened);
  });

  test("WebSocketUpgrade holds a denial back from a peer that does not read", async () => {
    const { harness, socket, puppet } = await connecting();
    await puppet.send({ type: "websocket.http.response.start", status: 402 });
    socket.takesWrites = false;
    let isTaken = false;
    void puppet.send({
      type: "websocket.http.response.body",
      body: new Uint8Array(100_000),
      more_body: true,
    }).then(() => isTaken = true);
    await harness.turn();
    assert.equal(isTaken, false);
    socket.drain();
    await harness.turn();
    assert.equal(isTaken, true);
  });
});

describe("the access log (websocket:W-108, W-109)", () => {
  for (
    const [what, app, entry] of [
      [
        "an accept when it is made",
        (async (_s, receive, send) => {
          await send({ type: "websocket.accept" });
          await receive();
          await receive();
        }) as App,
        { status: 101, abortReason: undefined, bodyBytes: 0 },
      ],
      [
        "a refusal",
        ((_s, _r, send) => send({ type: "websocket.close" })) as App,
        { status: 403, abortReason: undefined, bodyBytes: 0 },
      ],
      [
        "a denial when it is whole",
        (async (_s, _r, send) => {
          await send({ type: "websocket.http.response.start", status: 404 });
          await send({ type: "websocket.http.response.body", body: "four" });
        }) as App,
        { status: 404, abortReason: undefined, bodyBytes: 4 },
      ],
      [
        "a failure",
        (() => Promise.reject(new Error("boom"))) as App,
        { status: 500, abortReason: undefined, bodyBytes: 21 },
      ],
    ] as const
  ) {
    test(`WebSocketUpgrade enters ${what}, once`, async () => {
      const harness = harnessOf(app);
      let progress = 0;
      harness.tracker.observeProgress(() => progress++);
      const socket = harness.connect();
      socket.receive(handshakeRequest("/a%20b?c=d"));
      await harness.turn();
      assert.equal(harness.tracker.totalRequests, 1);
      assert.ok(progress > 0);
      socket.close();
      await harness.turn();
      assert.equal(harness.requests.length, 1);
      const { requestFields, ...record } = harness.requests[0];
      assert.ok([...requestFields].length > 0);
      assert.deepEqual({ ...record, requestFields: [] }, {
        ...RECORD,
        client: "127.0.0.1:50123",
        isWebSocket: true,
        path: "/a b",
        query: "c=d",
        durationMs: 0,
        ...entry,
      });
      assert.equal(harness.tracker.totalRequests, 1);
    });
  }
});

describe("around the handshake", () => {
  test("Http1Connection refuses a handshake above the concurrency limit with 503 (websocket:W-015)", async () => {
    const opened = await open({ settings: { maxConcurrency: 1 } });
    const second = opened.harness.connect();
    second.receive(handshakeRequest());
    await opened.harness.turn();
    assert.match(second.text, /^HTTP\/1\.1 503 /);
    assert.equal(opened.harness.tracker.runningCalls, 1);
  });

  for (
    const [what, request, status, field] of [
      [
        "another version (websocket:W-017)",
        handshakeRequest().replace("Version: 13", "Version: 12"),
        426,
        "sec-websocket-version: 13",
      ],
      [
        "no version (websocket:W-018)",
        handshakeRequest().replace("Sec-WebSocket-Version: 13\r\n", ""),
        400,
        "connection: close",
      ],
      [
        "no key (websocket:W-019)",
        handshakeRequest().replace(/Sec-WebSocket-Key: .*\r\n/, ""),
        400,
        "connection: close",
      ],
      [
        "a key of another size (websocket:W-020)",
        handshakeRequest().replace(/Key: .*\r\n/, "Key: c2hvcnQ=\r\n"),
        400,
        "connection: close",
      ],
      [
        "another method (websocket:W-021)",
        handshakeRequest().replace("GET", "POST"),
        405,
        "allow: GET",
      ],
    ] as const
  ) {
    test(`Http1Connection answers ${status} to a handshake with ${what}`, async () => {
      const puppet = new Puppet();
      const harness = harnessOf(puppet.app, { server: "tricorn" });
      const socket = harness.connect();
      socket.receive(request);
      await harness.turn();
      assert.ok(socket.text.startsWith(`HTTP/1.1 ${status} `), socket.text);
      assert.ok(socket.text.includes("\r\nserver: tricorn\r\n")); // websocket:W-022
      assert.ok(socket.text.includes(`\r\n${field}\r\n`), socket.text);
      assert.equal(socket.hasEnded, true);
      assert.equal(puppet.isCalled, false);
      assert.equal(harness.requests.length, 1);
    });
  }

  // websocket:W-016 would have 400; RFC 9110 §7.8 leaves no choice.
  test("Http1Connection serves an HTTP/1.0 request as if it asked for no upgrade", async () => {
    const types: string[] = [];
    const harness = harnessOf(async (scope, _receive, send) => {
      types.push(scope.type);
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "plain" });
    });
    const socket = harness.connect();
    socket.receive(handshakeRequest().replace("HTTP/1.1", "HTTP/1.0"));
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 [^]*plain$/);
    assert.deepEqual(types, ["http"]);
  });

  test("Http1Connection serves a handshake as a request where WebSockets are off (http:H-130)", async () => {
    const types: string[] = [];
    const harness = new Harness(
      (async (scope: { type: string }, _receive: Receive, send: Send) => {
        types.push(scope.type);
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body", body: "plain" });
      }) as never,
    );
    const socket = harness.connect();
    socket.receive(handshakeRequest());
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 [^]*plain$/);
    assert.deepEqual(types, ["http"]);
    assert.equal(harness.logger.at("warning").length, 2);
  });
});
