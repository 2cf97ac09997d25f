import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChannelMessage } from "../../src/config/options/topics.ts";
import { writeEnvelope } from "../../src/topics/envelope.ts";
import {
  type ConnectionEvents,
  reconnecting,
} from "../../src/topics/reconnecting.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeLogger } from "../_support/harness.ts";

const MESSAGE: ChannelMessage = { namespace: "n", topic: "t", data: "d" };

/** An adapter whose other end is the test. */
function scene() {
  const logger = new FakeLogger();
  const timers: { readonly ms: number; readonly fire: () => void }[] = [];
  const connections: ConnectionEvents[] = [];
  const published: string[] = [];
  let closed = 0;
  let failure: Error | undefined;
  const adapter = reconnecting((events) => {
    if (failure !== undefined) return Promise.reject(failure);
    connections.push(events);
    return Promise.resolve({
      publish: (text) => Promise.resolve(published.push(text)),
      close: () => Promise.resolve(closed++),
    });
  }, {
    name: "redis://h:1",
    logger,
    random: () => 0,
    startTimer: (ms, fire) => {
      timers.push({ ms, fire });
      return () => timers.pop();
    },
  })({ id: "me" });
  return {
    adapter,
    logger,
    timers,
    connections,
    published,
    get closed() {
      return closed;
    },
    fail(error: Error | undefined) {
      failure = error;
    },
    async pass() {
      timers.shift()!.fire();
      await settle();
    },
  };
}

describe("reconnecting()", () => {
  test("delivers what others publish, and not what was published with its own id", async () => {
    const it = scene();
    const heard: ChannelMessage[] = [];
    await it.adapter.subscribe((message) => void heard.push(message));
    const [connection] = it.connections;
    connection!.onMessage(writeEnvelope("other", MESSAGE));
    connection!.onMessage(writeEnvelope("me", MESSAGE));
    connection!.onMessage("garbage");
    assert.deepEqual(heard, [MESSAGE]);
    await it.adapter.publish(MESSAGE);
    assert.deepEqual(it.published, [writeEnvelope("me", MESSAGE)]);
    assert.deepEqual(it.logger.at("info"), [
      "Topics reach other hosts over redis://h:1",
    ]);
  });

  test("connects anew when the connection is lost, and says both once", async () => {
    const it = scene();
    const heard: ChannelMessage[] = [];
    await it.adapter.subscribe((message) => void heard.push(message));
    it.connections[0]!.onLost("broken\npipe");
    it.connections[0]!.onLost("again");
    await settle();
    assert.equal(it.closed, 1);
    await assert.rejects(
      async () => await it.adapter.publish(MESSAGE),
      /redis:\/\/h:1 is not connected/,
    );
    it.fail(new Error("refused"));
    await it.pass();
    await it.pass();
    it.fail(undefined);
    await it.pass();
    assert.equal(it.timers.length, 0);
    it.connections[1]!.onMessage(writeEnvelope("other", MESSAGE));
    assert.deepEqual(heard, [MESSAGE]);
    assert.deepEqual(it.logger.lines.map(({ message }) => message), [
      "Topics reach other hosts over redis://h:1",
      "Topics do not reach other hosts: redis://h:1: broken. Trying again.",
      "Connected to redis://h:1 again",
    ]);
  });

  test("starts although nothing answers yet", async () => {
    const it = scene();
    it.fail(new Error("refused"));
    await it.adapter.subscribe(() => {});
    it.fail(undefined);
    await it.pass();
    assert.deepEqual(it.logger.lines.map(({ message }) => message), [
      "Topics do not reach other hosts: redis://h:1: refused. Trying again.",
      "Topics reach other hosts over redis://h:1",
    ]);
  });

  test("waits longer after each try, up to 10 seconds, and begins anew after a success", async () => {
    const it = scene();
    it.fail(new Error("refused"));
    await it.adapter.subscribe(() => {});
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      pauses.push(it.timers[0]!.ms);
      await it.pass();
    }
    assert.deepEqual(pauses, [
      100,
      200,
      400,
      800,
      1600,
      3200,
      6400,
      10000,
      10000,
    ]);
    it.fail(undefined);
    await it.pass();
    it.connections[0]!.onLost("");
    assert.equal(it.timers[0]!.ms, 100);
  });

  test("neither tries nor tells after its end", async () => {
    const it = scene();
    await it.adapter.subscribe(() => {});
    await it.adapter.close!();
    it.connections[0]!.onLost("closed");
    assert.equal(it.timers.length, 0);
    assert.equal(it.closed, 1);
    const late = scene();
    late.fail(new Error("refused"));
    await late.adapter.subscribe(() => {});
    await late.adapter.close!();
    assert.equal(late.timers.length, 0);
  });
});
