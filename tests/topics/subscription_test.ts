import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TopicMessage } from "../../src/asgi.ts";
import {
  MAX_QUEUED,
  MAX_QUEUED_BYTES,
  Subscription,
} from "../../src/topics/subscription.ts";

function scene() {
  const events: string[] = [];
  const subscription = new Subscription("t", {
    publishFrom: (_, message) => events.push(`publish ${message}`),
    onOverflow: ({ dropped }) => events.push(`overflow ${dropped}`),
    onClose: ({ dropped }) => events.push(`close ${dropped}`),
  });
  return { subscription, events };
}

/** Takes what waits, and nothing that comes later. */
async function taken(subscription: Subscription): Promise<TopicMessage[]> {
  const all: TopicMessage[] = [];
  subscription.close = () => {};
  const iterator = subscription[Symbol.asyncIterator]();
  for (;;) {
    const result = await Promise.race([
      iterator.next(),
      new Promise<undefined>((resolve) => setTimeout(resolve, 0)),
    ]);
    if (result === undefined || result.done) return all;
    all.push(result.value);
  }
}

describe("Subscription", () => {
  test("hands messages out in their order, before and after they are waited for", async () => {
    const { subscription } = scene();
    subscription.deliver("a");
    subscription.deliver("b");
    const iterator = subscription[Symbol.asyncIterator]();
    assert.deepEqual(await iterator.next(), { done: false, value: "a" });
    assert.deepEqual(await iterator.next(), { done: false, value: "b" });
    const [third, fourth] = [iterator.next(), iterator.next()];
    subscription.deliver("c");
    subscription.deliver("d");
    assert.deepEqual((await third).value, "c");
    assert.deepEqual((await fourth).value, "d");
  });

  test("loses its oldest messages when there are too many, and counts them", async () => {
    const { subscription, events } = scene();
    for (let i = 0; i < MAX_QUEUED; i++) subscription.deliver(`${i}`);
    assert.deepEqual(events, []);
    subscription.deliver("last");
    subscription.deliver("very last");
    assert.equal(subscription.dropped, 2);
    assert.deepEqual(events, ["overflow 1"]);
    const messages = await taken(subscription);
    assert.equal(messages.length, MAX_QUEUED);
    assert.equal(messages[0], "2");
    assert.equal(messages.at(-1), "very last");
  });

  test("loses its oldest messages when they are too large, but keeps one", async () => {
    const { subscription } = scene();
    const half = "x".repeat(MAX_QUEUED_BYTES / 2);
    subscription.deliver(half);
    subscription.deliver(half);
    assert.equal(subscription.dropped, 0);
    subscription.deliver("y");
    assert.equal(subscription.dropped, 1);
    subscription.deliver("z".repeat(MAX_QUEUED_BYTES + 1));
    assert.equal(subscription.dropped, 3);
    const messages = await taken(subscription);
    assert.deepEqual(messages.map((message) => message[0]), ["z"]);
  });

  test("ends those who wait when it is closed, once", async () => {
    const { subscription, events } = scene();
    const iterator = subscription[Symbol.asyncIterator]();
    const waiting = iterator.next();
    subscription.close();
    subscription.close();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    subscription.deliver("late");
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    assert.deepEqual(events, ["close 0"]);
  });

  test("is closed by whoever leaves its loop", async () => {
    const { subscription, events } = scene();
    subscription.deliver("a");
    for await (const message of subscription) {
      assert.equal(message, "a");
      break;
    }
    assert.deepEqual(events, ["close 0"]);
  });

  test("is closed at the end of a block that uses it", () => {
    const { subscription, events } = scene();
    subscription[Symbol.dispose]();
    assert.deepEqual(events, ["close 0"]);
  });

  test("publishes what may be published", () => {
    const { subscription, events } = scene();
    subscription.publish("a");
    assert.deepEqual(events, ["publish a"]);
    assert.throws(() => subscription.publish(7 as never), TypeError);
  });
});
