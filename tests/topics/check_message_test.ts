import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkTopic,
  keptMessage,
  MAX_MESSAGE,
  MAX_TOPIC,
} from "../../src/topics/check_message.ts";

test("a topic has 1 to 256 characters", () => {
  checkTopic("a");
  checkTopic("x".repeat(MAX_TOPIC));
  assert.throws(() => checkTopic(""), RangeError);
  assert.throws(() => checkTopic("x".repeat(MAX_TOPIC + 1)), {
    name: "RangeError",
    message: `Cannot use topic "${
      "x".repeat(40)
    }" of 257 characters: expected 1 to 256`,
  });
  assert.throws(() => checkTopic(7), {
    name: "TypeError",
    message: 'Cannot use a topic of type "number": expected a string',
  });
});

test("a message is text, or octets that are copied", () => {
  assert.equal(keptMessage("t", "a"), "a");
  const octets = Uint8Array.of(1, 2);
  const kept = keptMessage("t", octets);
  octets[0] = 9;
  assert.deepEqual(kept, Uint8Array.of(1, 2));
  for (const wrong of [undefined, null, 7, {}, [1], new ArrayBuffer(1)]) {
    assert.throws(() => keptMessage("t", wrong), TypeError);
  }
});

test("a message has a size limit", () => {
  keptMessage("t", "x".repeat(MAX_MESSAGE));
  assert.throws(() => keptMessage("t", "x".repeat(MAX_MESSAGE + 1)), {
    name: "RangeError",
    message:
      'Cannot publish to topic "t": the message has 524289 bytes, expected at most 524288',
  });
});
