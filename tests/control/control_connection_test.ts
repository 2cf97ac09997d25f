import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ControlConnection,
  PATIENCE_MS,
} from "../../src/control/control_connection.ts";
import type {
  ControlAnswer,
  ControlRequest,
} from "../../src/control/protocol.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeSocket } from "../_support/fake_socket.ts";

/** A connection whose requests are answered by the test. */
class Scene {
  readonly socket: FakeSocket = new FakeSocket();
  readonly requests: ControlRequest[] = [];
  readonly timers = new Map<() => void, number>();
  closed = 0;
  readonly #answers: ((answer: ControlAnswer) => void)[] = [];

  constructor() {
    this.socket.handler = new ControlConnection(this.socket, {
      answer: (request) => {
        this.requests.push(request);
        return new Promise((resolve) => this.#answers.push(resolve));
      },
      startTimer: (ms, callback) => {
        this.timers.set(callback, ms);
        return () => this.timers.delete(callback);
      },
      onClose: () => this.closed++,
    });
  }

  async answer(result: unknown): Promise<void> {
    this.#answers.shift()!({ ok: true, result });
    await settle();
  }

  get lines(): unknown[] {
    return this.socket.text.split("\n").filter((line) => line !== "").map(
      (line) => JSON.parse(line),
    );
  }
}

const STATUS = '{"command":"status"}\n';

describe("ControlConnection", () => {
  test("answers a line that comes byte by byte", async () => {
    const scene = new Scene();
    for (const char of STATUS) scene.socket.receive(char);
    assert.equal(scene.requests.length, 1);
    await scene.answer(7);
    assert.deepEqual(scene.lines, [{ ok: true, result: 7 }]);
    assert.equal(scene.socket.hasEnded, false);
  });

  test("answers one request after the other, and reads nothing meanwhile", async () => {
    const scene = new Scene();
    scene.socket.receive(STATUS + STATUS);
    assert.equal(scene.requests.length, 1);
    assert.equal(scene.socket.isPaused, true);
    await scene.answer(1);
    assert.equal(scene.requests.length, 2);
    await scene.answer(2);
    assert.equal(scene.socket.isPaused, false);
    assert.deepEqual(scene.lines.length, 2);
  });

  test("waits until its last answer has been taken", async () => {
    const scene = new Scene();
    scene.socket.takesWrites = false;
    scene.socket.receive(STATUS + STATUS);
    await scene.answer(1);
    assert.equal(scene.requests.length, 1);
    scene.socket.drain();
    assert.equal(scene.requests.length, 2);
  });

  test("answers a client that has closed its side, then ends", async () => {
    const scene = new Scene();
    scene.socket.receive(STATUS);
    scene.socket.handler.onEnd();
    assert.equal(scene.socket.hasEnded, false);
    await scene.answer(1);
    assert.equal(scene.lines.length, 1);
    assert.equal(scene.socket.hasEnded, true);
  });

  test("says what is wrong with garbage, and closes", () => {
    const scene = new Scene();
    scene.socket.receive(`GET / HTTP/1.1\r\n${STATUS}`);
    assert.deepEqual(scene.lines, [{
      ok: false,
      error: "Cannot read request 'GET / HTTP/1.1': expected JSON",
    }]);
    assert.equal(scene.socket.hasEnded, true);
    scene.socket.receive(STATUS);
    assert.equal(scene.requests.length, 0);
  });

  for (const [size, isRefused] of [[4095, false], [4096, true]] as const) {
    test(`${isRefused ? "refuses" : "waits for the rest of"} a line of ${size} bytes without end`, () => {
      const scene = new Scene();
      scene.socket.receive("x".repeat(size));
      assert.equal(scene.socket.hasEnded, isRefused);
      assert.deepEqual(
        scene.lines,
        isRefused
          ? [{
            ok: false,
            error: "Cannot read request: expected a line of at most 4096 bytes",
          }]
          : [],
      );
    });
  }

  test("takes bytes that are no UTF-8 for garbage", () => {
    const scene = new Scene();
    scene.socket.handler.onData(new Uint8Array([0xff, 0xfe, 0x0a]));
    assert.equal((scene.lines[0] as { ok: boolean }).ok, false);
  });

  test("closes a client that asks nothing, but not while its request is answered", async () => {
    const scene = new Scene();
    assert.deepEqual([...scene.timers.values()], [PATIENCE_MS]);
    scene.socket.receive(STATUS);
    assert.equal(scene.timers.size, 0);
    await scene.answer(1);
    assert.equal(scene.timers.size, 1);
    for (const expire of [...scene.timers.keys()]) expire();
    await settle();
    assert.equal(scene.socket.isClosed, true);
    assert.equal(scene.closed, 1);
    assert.equal(scene.timers.size, 0);
  });

  test("drops the answer of a client that has gone", async () => {
    const scene = new Scene();
    scene.socket.receive(STATUS);
    scene.socket.close();
    await scene.answer(1);
    assert.equal(scene.socket.writes.length, 0);
    assert.equal(scene.timers.size, 0);
  });
});
