/** A bug of ours, met in one connection, ends that one: the others are served, the log has its stack. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { afterWholeTurn, contained } from "../../src/connection/containment.ts";
import type { TurnListener } from "../../src/runtime/types.ts";
import { FakeClock } from "../_support/fake_clock.ts";
import { FakeSocket } from "../_support/fake_socket.ts";
import { answering, Harness } from "../_support/harness.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const BUG = new Error("a bug of ours");

/** A socket in which one thing goes wrong that cannot. */
class BrokenSocket extends FakeSocket {
  breaksOn: "write" | "pause" | "end" | undefined;

  override write(bytes: Uint8Array): boolean {
    if (this.breaksOn === "write") throw BUG;
    return super.write(bytes);
  }
  override pause(): void {
    if (this.breaksOn === "pause") throw BUG;
    super.pause();
  }
  override end(): void {
    if (this.breaksOn === "end") throw BUG;
    super.end();
  }
}

/** One connection that is going to break, between two that are not. */
function three(harness: Harness): [FakeSocket, BrokenSocket, FakeSocket] {
  const first = harness.connect();
  const broken = new BrokenSocket();
  harness.connect(broken);
  return [first, broken, harness.connect()];
}

function assertContained(harness: Harness, broken: FakeSocket): void {
  assert.equal(broken.isClosed, true);
  const failures = harness.logger.lines.filter(({ error }) => error === BUG);
  assert.equal(failures.length, 1);
  assert.equal(failures[0].level, "error");
  assert.equal(
    failures[0].message,
    "Unexpected error in Tricorn: the connection is closed",
  );
}

describe("an exception of ours", () => {
  test("at the end of a turn leaves the other connections their answers", async () => {
    const harness = new Harness(answering("ok"));
    const [first, broken, last] = three(harness);
    broken.breaksOn = "write";
    for (const socket of [first, broken, last]) socket.receive(GET);
    await harness.turn();
    assert.match(first.text, /\r\n\r\nok$/);
    assert.match(last.text, /\r\n\r\nok$/);
    assertContained(harness, broken);
    last.takeText();
    last.receive(GET);
    await harness.turn();
    assert.match(last.text, /\r\n\r\nok$/);
    assert.equal(harness.tracker.connections.size, 2);
  });

  test("on the clock leaves the other connections their time limits", async () => {
    const harness = new Harness(answering("ok"));
    const sockets = three(harness);
    const [, broken] = sockets;
    for (const socket of sockets) socket.receive("GET / HT");
    broken.breaksOn = "end"; // the answer 408 is followed by the end
    harness.clock.advance(31_000);
    await harness.turn();
    assertContained(harness, broken);
    harness.clock.advance(10_000);
    await harness.turn();
    for (const socket of sockets) assert.equal(socket.isClosed, true);
    assert.equal(harness.clock.isTicking, false);
  });

  test("while bytes are read leaves the other connections alone", async () => {
    const harness = new Harness(() => new Promise(() => {}));
    const [first, broken, last] = three(harness);
    broken.breaksOn = "pause";
    for (const socket of [first, broken, last]) {
      socket.receive(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999\r\n\r\n",
      );
      socket.receive("x".repeat(70_000));
    }
    await harness.turn();
    assert.equal(first.isPaused, true);
    assert.equal(last.isPaused, true);
    assertContained(harness, broken);
  });

  test("behind the call of an application is no unhandled rejection", async () => {
    const harness = new Harness(answering("ok"));
    const [first, broken, last] = three(harness);
    let isBroken = true;
    harness.tracker.observeProgress(() => {
      if (!isBroken) return;
      isBroken = false;
      throw BUG;
    });
    broken.receive(GET);
    await harness.turn();
    first.receive(GET);
    last.receive(GET);
    await harness.turn();
    assert.match(first.text, /\r\n\r\nok$/);
    assert.match(last.text, /\r\n\r\nok$/);
    assert.equal(
      harness.logger.lines.some(({ level, error }) =>
        level === "error" && error === BUG
      ),
      true,
    );
  });
});

test("contained() hands what is thrown to the connection, and nothing else", () => {
  const thrown: unknown[] = [];
  const connection = { onFailure: (error: unknown) => void thrown.push(error) };
  const clock = new FakeClock();
  let calls = 0;
  clock.atTurnEnd(contained(connection, () => calls++));
  clock.endTurn();
  assert.deepEqual([calls, thrown], [1, []]);
  clock.atTurnEnd(contained(connection, () => {
    throw BUG;
  }));
  clock.endTurn();
  assert.deepEqual(thrown, [BUG]);
});

test("afterWholeTurn() calls back at the end of the next turn, and contains it", () => {
  const thrown: unknown[] = [];
  const connection = { onFailure: (error: unknown) => void thrown.push(error) };
  const turns: TurnListener[] = [];
  const atTurnEnd = (listener: TurnListener) => void turns.push(listener);
  let calls = 0;
  afterWholeTurn({ atTurnEnd }, connection, () => {
    calls++;
    throw BUG;
  });
  turns.shift()!.onTurnEnd();
  assert.equal(calls, 0);
  const last = turns.shift()!;
  assert.throws(() => last.onTurnEnd(), BUG);
  last.onFailure(BUG);
  assert.deepEqual([calls, thrown, turns.length], [1, [BUG], 0]);
});
