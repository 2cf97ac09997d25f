import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Question } from "../../src/supervisor/question.ts";
import { settle } from "../_support/fake_clock.ts";

const NEVER = new Promise<void>(() => {});

function setUp(isSent = true) {
  const sent: number[] = [];
  const question = new Question<string>((id) => {
    sent.push(id);
    return isSent;
  });
  return { question, sent };
}

describe("Question", () => {
  test("is asked once for all who ask while it is open", async () => {
    const { question, sent } = setUp();
    const answers = [question.ask(NEVER), question.ask(NEVER)];
    question.answer(1, "yes");
    assert.deepEqual(await Promise.all(answers), ["yes", "yes"]);
    assert.deepEqual(sent, [1]);
  });

  test("is asked anew once it was answered, and takes no answer to an earlier one", async () => {
    const { question, sent } = setUp();
    const first = question.ask(NEVER);
    question.answer(1, "one");
    await first;
    const second = question.ask(NEVER);
    question.answer(1, "late");
    question.answer(2, "two");
    assert.equal(await second, "two");
    assert.deepEqual(sent, [1, 2]);
  });

  test("has no answer once it is late, or if it cannot be sent", async () => {
    const late = Promise.withResolvers<void>();
    const { question } = setUp();
    const answer = question.ask(late.promise);
    late.resolve();
    assert.equal(await answer, undefined);
    question.answer(1, "too late");
    await settle();
    assert.equal(await setUp(false).question.ask(NEVER), undefined);
  });

  test("has no answer once it is given up", async () => {
    const { question } = setUp();
    question.giveUp(); // nobody has asked
    const answer = question.ask(NEVER);
    question.giveUp();
    assert.equal(await answer, undefined);
  });
});
