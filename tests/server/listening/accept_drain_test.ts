/** The end of accepting: listeners are closed in a lull, so that nobody is reset in the backlog. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NOBODY } from "../../../src/runtime/socket_events.ts";
import { AcceptDrain } from "../../../src/server/listening/accept_drain.ts";
import { settle } from "../../_support/fake_clock.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";

/** Time that passes turn by turn. */
class Turns {
  now = 0;
  #due: (() => void)[] = [];
  readonly monotonicMs = (): number => this.now;
  readonly afterTurn = (callback: () => void): void =>
    void this.#due.push(callback);

  /** Ends `count` turns that took `ms` each; `inTurn` is what happened in them. */
  async pass(count: number, ms: number, inTurn?: () => void): Promise<void> {
    for (let i = 0; i < count; i++) {
      inTurn?.();
      this.now += ms;
      for (const callback of this.#due.splice(0)) callback();
      await settle();
    }
  }
}

function setUp() {
  const turns = new Turns();
  const accepts = new AcceptDrain(turns);
  const story: string[] = [];
  const sockets: FakeSocket[] = [];
  const accept = accepts.watch(() => NOBODY);
  const come = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    accept(socket);
  };
  const begin = () =>
    void accepts.end(
      () => {
        story.push("closed");
        return Promise.resolve();
      },
      () => story.push("draining"),
    );
  return { turns, accepts, story, sockets, come, begin };
}

describe("AcceptDrain", () => {
  test("closes when nobody has come for a while", async () => {
    const { turns, story, begin } = setUp();
    begin();
    await turns.pass(10, 0.25);
    assert.deepEqual(story, []);
    await turns.pass(15, 0.25);
    assert.deepEqual(story, ["closed", "draining"]);
  });

  test("waits for those who come, and reads nothing of them before it has closed", async () => {
    const { turns, story, sockets, come, begin } = setUp();
    come();
    begin();
    await turns.pass(40, 0.25, come);
    assert.deepEqual(story, []);
    assert.deepEqual(sockets.map((socket) => socket.isPaused), [
      false,
      ...Array(40).fill(true),
    ]);
    await turns.pass(30, 0.25);
    assert.deepEqual(story, ["closed", "draining"]);
    assert.ok(sockets.every((socket) => !socket.isPaused));
  });

  test("does not take a turn in which the process stood still for a lull", async () => {
    const { turns, story, begin } = setUp();
    begin();
    await turns.pass(4, 10);
    assert.deepEqual(story, []);
    await turns.pass(20, 0.3);
    assert.deepEqual(story, ["closed", "draining"]);
  });

  test("is content with a few quiet turns when the stream does not end", async () => {
    const { turns, story, come, begin } = setUp();
    begin();
    await turns.pass(250, 0.25, come);
    assert.deepEqual(story, []);
    await turns.pass(3, 0.25);
    assert.deepEqual(story, ["closed", "draining"]);
  });

  test("counts who is in a TLS handshake, and ends what is left of them", async () => {
    const { turns, accepts, story, begin } = setUp();
    const destroyed: number[] = [];
    let settled = 0;
    const before = accepts.watchHandshakes(undefined, () => settled++);
    const startTlsHandshake = (id: number) =>
      before({
        remoteAddress: undefined,
        destroy: () => void destroyed.push(id),
      });
    begin();
    await turns.pass(40, 0.25, () => startTlsHandshake(0)!(true));
    assert.deepEqual([story, settled > 0, accepts.handshakes], [[], true, 0]);
    startTlsHandshake(1);
    const done = startTlsHandshake(2)!;
    assert.equal(accepts.handshakes, 2);
    done(false);
    accepts.dropHandshakes();
    assert.deepEqual(destroyed, [1]);
  });

  test("leaves out handshakes that were refused", () => {
    const { accepts } = setUp();
    const before = accepts.watchHandshakes(() => undefined, () => {});
    assert.equal(
      before({ remoteAddress: undefined, destroy() {} }),
      undefined,
    );
    assert.equal(accepts.handshakes, 0);
  });

  test("closes in the end, whoever comes", async () => {
    const { turns, story, come, begin } = setUp();
    begin();
    await turns.pass(500, 0.25, come);
    assert.deepEqual(story, ["closed", "draining"]);
  });
});
