import assert from "node:assert/strict";
import { test } from "node:test";
import { errorText } from "../../src/logging/error_text.ts";

function withStack(stack: string | undefined, message = "boom"): Error {
  const error = new Error(message);
  Object.defineProperty(error, "stack", { value: stack, writable: true });
  return error;
}

test("errorText() is the stack", () => {
  const text = errorText(new TypeError("boom"));
  assert.match(text, /^TypeError: boom\n\s+at .*error_text_test/);
});

test("errorText() says the message if the stack does not", () => {
  assert.equal(errorText(withStack(undefined)), "Error: boom");
  assert.equal(errorText(withStack("", "")), "Error");
  assert.equal(
    errorText(withStack("    at f (/a.ts:1:1)")),
    "Error: boom\n    at f (/a.ts:1:1)",
  );
});

test("errorText() follows causes and collected errors, each once", () => {
  const inner = withStack("TypeError: inner", "inner");
  const outer = withStack("Error: boom");
  outer.cause = inner;
  inner.cause = outer;
  assert.equal(errorText(outer), "Error: boom\nCaused by: TypeError: inner");
  const both = new AggregateError([inner, "two"], "many");
  both.stack = "AggregateError: many";
  both.cause = 3;
  assert.equal(
    errorText(both),
    "AggregateError: many\nCaused by: Thrown value: 3\nCollected: TypeError: inner\n" +
      'Caused by: Error: boom\nCollected: Thrown value: "two"',
  );
});

test("errorText() ends although the causes do not", () => {
  let error = withStack("Error: last", "last");
  for (let i = 0; i < 1000; i++) {
    const next = withStack(`Error: ${i}`, String(i));
    next.cause = error;
    error = next;
  }
  assert.equal(errorText(error).split("\n").length, 8);
});

test("errorText() shows whatever was thrown", () => {
  assert.equal(errorText("text\x1b[31m"), 'Thrown value: "text\\u001b[31m"');
  assert.equal(errorText(undefined), "Thrown value: undefined");
  assert.equal(errorText(null), "Thrown value: null");
  assert.equal(errorText(Symbol("x")), "Thrown value: Symbol(x)");
  assert.equal(errorText({ a: 1 }), 'Thrown value: {"a":1}');
  assert.match(errorText(() => 1), /^Thrown value: \(\)/);
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  assert.equal(
    errorText(circular),
    "Something was thrown that cannot be shown",
  );
});

test("errorText() lets a hostile error neither throw nor speak to the terminal", () => {
  const hostile = {
    message: "x",
    get stack(): string {
      throw new Error("no");
    },
  };
  assert.equal(errorText(hostile), "Something was thrown that cannot be shown");
  assert.equal(
    errorText(withStack("Error: \x1b[2J\n    at f\r", "")),
    "Error: \\x1b[2J\n    at f",
  );
});
