import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Mailbox } from "./mailbox.ts";

const LONG_MS = 60_000;

describe("Mailbox", () => {
  test("until() takes what is there already", async () => {
    assert.equal(await new Mailbox().until(() => "here", LONG_MS), "here");
  });

  test("until() looks again after each notify(), for every waiter", async () => {
    const mailbox = new Mailbox();
    let count = 0;
    const waiters = [1, 2].map((wanted) =>
      mailbox.until(() => count >= wanted ? `${wanted}` : undefined, LONG_MS)
    );
    for (let i = 0; i < 2; i++) {
      count++;
      mailbox.notify();
      assert.equal(await waiters[i], `${i + 1}`);
    }
  });

  test("until() takes any value but undefined", async () => {
    assert.equal(await new Mailbox().until(() => false, LONG_MS), false);
  });

  test("until() resolves to undefined when its time is over", async () => {
    assert.equal(await new Mailbox().until(() => undefined, 1), undefined);
  });

  test("until() rejects with what its look throws, at once or later", async () => {
    const mailbox = new Mailbox();
    let isOver = true;
    const look = () => {
      if (isOver) throw new Error("over");
      return undefined;
    };
    await assert.rejects(mailbox.until(look, LONG_MS), /over/);
    isOver = false;
    const waiting = mailbox.until(look, LONG_MS);
    isOver = true;
    mailbox.notify();
    await assert.rejects(waiting, /over/);
  });
});
