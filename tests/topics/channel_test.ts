import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  ChannelDriver,
  ChannelMessage,
} from "../../src/config/options/topics.ts";
import { ConfigError } from "../../src/errors.ts";
import { openChannel } from "../../src/topics/channel.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeLogger } from "../_support/harness.ts";

function host() {
  const heard: unknown[] = [];
  const logger = new FakeLogger();
  return {
    heard,
    logger,
    id: "me",
    folder: "/nonexistent",
    deliver: (topic: string, data: unknown) => void heard.push([topic, data]),
  };
}

describe("openChannel() with a driver of a program", () => {
  test("gives it our id, publishes in our namespace and delivers from it alone", async () => {
    const here = host();
    const ids: string[] = [];
    const sent: ChannelMessage[] = [];
    let deliver: (message: ChannelMessage) => void = () => {};
    let closed = 0;
    const driver: ChannelDriver = ({ id }) => {
      ids.push(id);
      return {
        subscribe: (given) => void (deliver = given),
        publish: (message) => void sent.push(message),
        close: () => void closed++,
      };
    };
    const channel = await openChannel(driver, here);
    channel.carry("t", "x");
    await settle();
    assert.deepEqual(ids, ["me"]);
    assert.deepEqual(sent, [{ namespace: "tricorn", topic: "t", data: "x" }]);
    deliver({ namespace: "tricorn", topic: "t", data: "y" });
    deliver({ namespace: "/chat", topic: "t", data: "z" });
    assert.deepEqual(here.heard, [["t", "y"]]);
    await channel.close();
    assert.equal(closed, 1);
  });

  test("says once that messages are dropped, and then how many", async () => {
    const here = host();
    let isBroken = true;
    const channel = await openChannel(() => ({
      subscribe: () => {},
      publish: () => {
        if (isBroken) throw new Error("down\n");
      },
      close: () => Promise.reject(new Error("too")),
    }), here);
    for (let i = 0; i < 3; i++) channel.carry("t", "x");
    await settle();
    isBroken = false;
    channel.carry("t", "x");
    await settle();
    channel.carry("t", "x");
    await settle();
    assert.deepEqual(here.logger.at("warning"), [
      "Messages to other hosts are dropped: down\\n",
      "3 messages to other hosts could not be sent",
    ]);
    await channel.close();
  });

  test("drops what a channel does not take in time", async () => {
    const here = host();
    let count = 0;
    const channel = await openChannel(() => ({
      subscribe: () => {},
      publish: () => {
        count++;
        return new Promise<void>(() => {});
      },
    }), here);
    for (let i = 0; i < 1010; i++) channel.carry("t", "x");
    await settle();
    assert.equal(count, 1000);
    assert.deepEqual(here.logger.at("warning"), [
      "Messages to other hosts are dropped: the channel does not keep up",
    ]);
  });

  test("ends the start if it throws", async () => {
    await assert.rejects(
      openChannel(() => {
        throw new Error("no such database");
      }, host()),
      (error: ConfigError) =>
        error instanceof ConfigError && error.exitCode === 3 &&
        error.message === 'Cannot use "channels": no such database',
    );
  });
});
