import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { userError, userStack } from "../../src/application/user_stack.ts";

const OWN = "file:///opt/tricorn/src/";

function withStack(stack: string, message = "boom"): Error {
  const error = new Error(message);
  error.stack = stack;
  return error;
}

for (
  const [frame, isKept] of [
    ["    at handler (file:///srv/main.ts:3:9)", true],
    ["    at file:///srv/main.ts:3:9", true],
    ["    at handler (/srv/main.ts:3:9)", true],
    ["    at async handler (C:\\srv\\main.ts:3:9)", true],
    ["    at connect (file:///srv/node_modules/pg/index.js:1:1)", true],
    ["    at load (https://example.com/mod.ts:1:1)", true],
    [
      "    at ModuleJob.run (node:internal/modules/esm/module_job:561:25)",
      false,
    ],
    ["    at node:internal/process/task_queues:95:5", false],
    ["    at Object.runMicrotasks (ext:core/01_core.js:1:1)", false],
    ["    at loadAndEvaluateModule (bun:main/x:1:1)", false],
    ["    at moduleEvaluation (native:1:11)", false],
    ["    at Array.map (<anonymous>)", false],
    ["    at new Promise (<anonymous>)", false],
    ["    at loadApp (file:///opt/tricorn/src/config/load_app.ts:1:1)", false],
    ["    at loadApp (/opt/tricorn/src/config/load_app.ts:1:1)", false],
  ] as const
) {
  test(`userStack() ${isKept ? "keeps" : "cuts"} "${frame.trim()}"`, () => {
    const text = userStack(withStack(`Error: boom\n${frame}`), OWN);
    assert.equal(text, isKept ? `Error: boom\n${frame}` : "Error: boom");
  });
}

test("userStack() keeps the source line that some runtimes put in front", () => {
  const stack =
    "file:///srv/main.ts:2\nconst x = = 3;\n          ^\n\nSyntaxError: boom\n" +
    "    at parse (node:internal/x:1:1)";
  assert.equal(
    userStack(withStack(stack), OWN),
    "file:///srv/main.ts:2\nconst x = = 3;\n          ^\n\nSyntaxError: boom",
  );
});

test("userStack() calls a syntax error a syntax error", () => {
  const stack =
    "TypeError: SyntaxError: Expression expected\n    at file:///srv/main.ts:2:11";
  const error = withStack(stack, "SyntaxError: Expression expected");
  assert.equal(
    userStack(error, OWN),
    "SyntaxError: Expression expected\n    at file:///srv/main.ts:2:11",
  );
});

test("userStack() writes the place where a runtime gives it apart", () => {
  const error = {
    name: "BuildMessage",
    message: "Unexpected =",
    position: {
      file: "/srv/main.ts",
      line: 2,
      column: 11,
      lineText: "  const x = = 3;",
    },
  };
  assert.equal(
    userStack(error, OWN),
    "SyntaxError: Unexpected =\n    const x = = 3;\n    at /srv/main.ts:2:11",
  );
});

test("userStack() says the message if the stack does not", () => {
  assert.equal(userStack(withStack("", "boom"), OWN), "Error: boom");
  assert.equal(
    userStack(withStack("    at f (/srv/a.ts:1:1)", "boom"), OWN),
    "Error: boom\n    at f (/srv/a.ts:1:1)",
  );
});

test("userStack() follows causes and collected errors, each once", () => {
  const cause = withStack("TypeError: inner", "inner");
  const error = withStack("Error: boom");
  error.cause = cause;
  cause.cause = error;
  assert.equal(
    userStack(error, OWN),
    "Error: boom\nCaused by: TypeError: inner",
  );
  const both = new AggregateError(
    [withStack("Error: one", "one"), "two"],
    "boom",
  );
  both.stack = "AggregateError: boom";
  assert.equal(
    userStack(both, OWN),
    'AggregateError: boom\nCollected: Error: one\nCollected: Thrown value: "two"',
  );
});

test("userStack() lets no escape sequence through", () => {
  const text = userStack(
    withStack("Error: \x1b[31mred\x1b[0m\x07\n    at f (/srv/a.ts:1:1)", ""),
    OWN,
  );
  assert.equal(text, "Error: red\\x07\n    at f (/srv/a.ts:1:1)");
});

test("userStack() survives anything thrown", () => {
  assert.equal(userStack(undefined, OWN), "Thrown value: undefined");
  assert.equal(userStack(Symbol("x"), OWN), "Thrown value: Symbol(x)");
  const hostile = {
    message: "",
    get stack(): string {
      throw new Error("no");
    },
  };
  assert.equal(
    userStack(hostile, OWN),
    "Something was thrown that cannot be shown",
  );
  assert.equal(
    userStack(Object.create(null), OWN),
    "Something was thrown that cannot be shown",
  );
});

describe("userError()", () => {
  const ownRoot = "file:///server/src/";

  test("is for logs: the name and message of what was thrown, and its stack without frames of ours", () => {
    const thrown = new RangeError("no such port");
    thrown.stack = "RangeError: no such port\n" +
      "    at load (file:///server/src/load.ts:1:1)\n" +
      "    at file:///app/main.ts:3:7";
    const { name, message, stack } = userError(thrown, ownRoot);
    assert.equal(name, "RangeError");
    assert.equal(message, "no such port");
    assert.equal(stack, userStack(thrown, ownRoot));
    assert.doesNotMatch(String(stack), /load\.ts/);
  });

  test("says what there is to say of a value that is no error", () => {
    assert.equal(userError("boom").stack, 'Thrown value: "boom"');
    assert.equal(userError(undefined).stack, "Thrown value: undefined");
  });

  test("has no colours in its message", () => {
    const { message } = userError(
      new SyntaxError("Expected \x1b[33m;\x1b[39m here"),
      ownRoot,
    );
    assert.equal(message, "Expected ; here");
  });
});
