import assert from "node:assert/strict";
import { test } from "node:test";
import {
  invalidEvent,
  rejected,
  shown,
  unknownEvent,
} from "../../../src/connection/exchange/event_errors.ts";

async function errorOf(
  promise: Promise<void>,
): Promise<Error & { code?: string; event_type?: string | null }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not reject");
}

test("rejected() rejects with the error itself", async () => {
  const error = new Error("so");
  assert.equal(await errorOf(rejected(error)), error);
});

test("rejected() raises no alarm if nobody waits (asgi:A-022)", async () => {
  void rejected(new Error("unheard"));
  // A rejection that nobody handles ends the process, or fails the test, in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 1));
});

test("invalidEvent() names the message and what is wrong with it (asgi:A-209)", async () => {
  const error = await errorOf(
    invalidEvent({ type: "websocket.close" }, '"code" is 1, no'),
  );
  assert.equal(error.message, 'Cannot send "websocket.close": "code" is 1, no');
  assert.equal(error.code, "ERR_TRICORN_INVALID_EVENT");
  assert.equal(error.event_type, "websocket.close");
  assert.ok(error instanceof TypeError);
});

test("unknownEvent() names the message", async () => {
  const error = await errorOf(unknownEvent({ type: "http.shout" }));
  assert.equal(
    error.message,
    'Cannot send "http.shout": no such message, or its extension is not offered on this request',
  );
  assert.equal(error.event_type, "http.shout");
});

for (
  const [event, got] of [
    [undefined, "undefined"],
    [null, "null"],
    [5, "5"],
    ["text", '"text"'],
    [{}, 'a value of type "object"'],
    [{ type: 5 }, 'a value of type "object"'],
  ] as const
) {
  test(`unknownEvent() says what stood there in place of a message: ${got}`, async () => {
    const error = await errorOf(unknownEvent(event));
    assert.equal(
      error.message,
      `Cannot send message: expected an object with a string "type", got ${got}`,
    );
    assert.equal(error.event_type, null);
  });
}

for (
  const [value, text] of [
    [0, "0"],
    [NaN, "NaN"],
    [true, "true"],
    [null, "null"],
    [undefined, "undefined"],
    ['a"b\n', '"a\\"b\\n"'],
    ["x".repeat(65), `"${"x".repeat(64)}"`],
    [1n, 'a value of type "bigint"'],
    [Symbol("s"), 'a value of type "symbol"'],
    [() => {}, 'a value of type "function"'],
    [[1], 'a value of type "object"'],
  ] as const
) {
  test(`shown() shows ${text.slice(0, 20)} and never more than that`, () => {
    assert.equal(shown(value), text);
  });
}
