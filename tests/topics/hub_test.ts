import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TopicMessage, TopicSubscription } from "../../src/asgi.ts";
import { TopicHub } from "../../src/topics/hub.ts";
import { MAX_QUEUED } from "../../src/topics/subscription.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeLogger } from "../_support/harness.ts";

/** Collects what a subscription gets. */
function listen(subscription: TopicSubscription): TopicMessage[] {
  const heard: TopicMessage[] = [];
  void (async () => {
    for await (const message of subscription) heard.push(message);
    heard.push("(end)");
  })();
  return heard;
}

describe("TopicHub", () => {
  test("hands a message to all subscribers of its topic, and to no others", async () => {
    const hub = new TopicHub(new FakeLogger());
    const [a, b, c] = [
      listen(hub.subscribe("x")),
      listen(hub.subscribe("x")),
      listen(hub.subscribe("y")),
    ];
    hub.publish("x", "1");
    hub.publish("z", "2");
    await settle();
    assert.deepEqual([a, b, c], [["1"], ["1"], []]);
  });

  test("leaves out the subscription that publishes", async () => {
    const hub = new TopicHub(new FakeLogger());
    const mine = hub.subscribe("x");
    const [a, b] = [listen(mine), listen(hub.subscribe("x"))];
    mine.publish("1");
    await settle();
    assert.deepEqual([a, b], [[], ["1"]]);
  });

  test("takes to other processes what is published here, and not what comes from there", async () => {
    const hub = new TopicHub(new FakeLogger());
    const carried: string[] = [];
    hub.addCarrier({
      carry: (topic, message) => carried.push(`${topic}=${message}`),
    });
    const mine = hub.subscribe("x");
    const heard = listen(mine);
    hub.publish("x", "1");
    mine.publish("2");
    hub.deliver("x", "3");
    await settle();
    assert.deepEqual(carried, ["x=1", "x=2"]);
    assert.deepEqual(heard, ["1", "3"]);
  });

  test("forgets subscriptions that are closed, and ends all at its own end", async () => {
    const hub = new TopicHub(new FakeLogger());
    const first = hub.subscribe("x");
    const heard = listen(hub.subscribe("x"));
    assert.equal(hub.size, 2);
    first.close();
    assert.equal(hub.size, 1);
    hub.close();
    assert.equal(hub.size, 0);
    hub.publish("x", "1");
    await settle();
    assert.deepEqual(heard, ["(end)"]);
    assert.deepEqual(await drain(hub.subscribe("x")), []);
  });

  test("says which topic loses messages, at the first and at the end", () => {
    const logger = new FakeLogger();
    const hub = new TopicHub(logger);
    const slow = hub.subscribe("a\nb");
    for (let i = 0; i < MAX_QUEUED + 3; i++) hub.publish("a\nb", "x");
    slow.close();
    assert.deepEqual(logger.at("warning"), [
      'A subscriber of topic "a\\nb" does not keep up: its oldest messages are dropped',
      'A subscriber of topic "a\\nb" has lost 3 messages',
    ]);
  });

  test("delivers to others although one subscriber leaves meanwhile", async () => {
    const hub = new TopicHub(new FakeLogger());
    const leaving = hub.subscribe("x");
    void (async () => {
      for await (const _ of leaving) break;
    })();
    const heard = listen(hub.subscribe("x"));
    await settle();
    hub.publish("x", "1");
    hub.publish("x", "2");
    await settle();
    assert.deepEqual(heard, ["1", "2"]);
    assert.equal(hub.size, 1);
  });
});

async function drain(subscription: TopicSubscription): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const message of subscription) all.push(message);
  return all;
}
