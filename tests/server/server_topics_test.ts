import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ServerTopics } from "../../src/server/server_topics.ts";
import { type TopicLinkMessage, TopicsLink } from "../../src/topics/link.ts";
import { FakeLogger } from "../_support/harness.ts";

async function firstOf(iterable: AsyncIterable<unknown>): Promise<unknown> {
  for await (const message of iterable) return message;
  return "(end)";
}

describe("ServerTopics", () => {
  test("delivers between subscribers of one server", async () => {
    const { topics } = new ServerTopics(new FakeLogger());
    const subscription = await topics.subscribe("x");
    topics.publish("x", "1");
    assert.equal(await firstOf(subscription), "1");
  });

  test("keeps the order of what is published while it is loaded and after", async () => {
    const sent: TopicLinkMessage[] = [];
    const own = new ServerTopics(new FakeLogger());
    own.attach(new TopicsLink("h", (message) => void sent.push(message)));
    for (let i = 0; i < 50; i++) {
      own.topics.publish("x", `${i}`);
      if (i > 10) await Promise.resolve();
    }
    await own.topics.subscribe("x");
    own.topics.publish("x", "50");
    assert.deepEqual(
      sent.map(({ data }) => data),
      Array.from({ length: 51 }, (_, at) => `${at}`),
    );
  });

  test("hears other workers once somebody subscribes", async () => {
    const own = new ServerTopics(new FakeLogger());
    const link = new TopicsLink("h", () => {});
    own.attach(link);
    const message = { kind: "topic", topic: "x", isBinary: false } as const;
    link.receive({ ...message, data: "early" });
    const subscription = await own.topics.subscribe("x");
    link.receive({ ...message, data: "late" });
    assert.equal(await firstOf(subscription), "late");
  });

  test("refuses at once what cannot be published, and rejects a wrong topic", async () => {
    const { topics } = new ServerTopics(new FakeLogger());
    assert.throws(() => topics.publish("", "x"), RangeError);
    assert.throws(() => topics.publish("x", 7 as never), TypeError);
    await assert.rejects(topics.subscribe(7 as never), TypeError);
  });

  test("ends subscriptions with the server, later ones too", async () => {
    const own = new ServerTopics(new FakeLogger());
    const subscription = await own.topics.subscribe("x");
    const first = firstOf(subscription);
    await own.close();
    await own.close();
    assert.equal(await first, "(end)");
    own.topics.publish("x", "1");
    assert.equal(await firstOf(await own.topics.subscribe("x")), "(end)");
  });
});
