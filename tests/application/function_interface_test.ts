// deno-lint-ignore-file no-explicit-any
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { interfaceOfFunction } from "../../src/application/function_interface.ts";
import * as fixture from "./fixtures/main.ts";

type Any = any;

// deno-lint-ignore ban-types
function told(value: Function): string {
  const { interface: name, description, isParameterless } = interfaceOfFunction(
    value,
  );
  if (name === undefined) return `refused: ${description}`;
  return isParameterless ? `${name}, or a factory` : name;
}

describe("interfaceOfFunction() takes", () => {
  for (
    const [what, value, verdict] of [
      ["(scope, receive, send)", fixture.app, "asgi3"],
      ["three minified parameters", (_a: Any, _b: Any, _c: Any) => {}, "asgi3"],
      ["three with defaults", fixture.withDefault, "asgi3"],
      ["rest parameters", fixture.withRest, "asgi3"],
      ["a bound function of three", fixture.bound, "asgi3"],
      ["a bound function of rest parameters", fixture.boundRest, "asgi3"],
      ["a function of arguments", fixture.withArguments, "asgi3"],
      ["(scope, ...rest)", (_scope: Any, ..._rest: Any) => {}, "refused"],
      ["(req, res)", fixture.nodeStyle, "node"],
      ["(request, reply)", (_request: Any, _reply: Any) => {}, "node"],
      ["({ url }, response)", ({ url: _ }: Any, _response: Any) => {}, "node"],
      ["(_, res)", (_: Any, _res: Any) => {}, "node"],
      ["(request, info)", (_request: Any, _info: Any) => {}, "fetch"],
      ["({ url }, info)", ({ url: _ }: Any, _info: Any) => {}, "fetch"],
      ["(request)", fixture.requestOnly, "fetch"],
      ["one minified parameter", (_a: Any) => {}, "fetch"],
      ["(scope)", (scope: Any) => scope, "asgi2"],
      ["()", fixture.create, "fetch, or a factory"],
      ["async ()", fixture.createAsync, "fetch, or a factory"],
    ] as const
  ) {
    if (verdict === "refused") continue;
    test(`${what} as ${verdict}`, () => assert.equal(told(value), verdict));
  }

  test("(scope, ...rest) as asgi3", () => {
    assert.equal(told((scope: Any, ...rest: Any[]) => [scope, rest]), "asgi3");
  });
});

describe("interfaceOfFunction() refuses", () => {
  for (
    const [what, value, description, advice] of [
      ["a class", fixture.Thing, "a class", /--factory\.$/],
      [
        "a generator function",
        fixture.generator,
        "a generator function",
        /--interface wsgi\.$/,
      ],
      [
        "middleware",
        fixture.middleware,
        'middleware (its third parameter is "next")',
        /--interface node\.$/,
      ],
      [
        "(request, env, context)",
        (request: Any, _env: Any, _context: Any) => request,
        'a function of 3 parameters whose first is "request"',
        /--interface fetch .* --interface node .* --interface asgi3\.$/,
      ],
      [
        "two minified parameters",
        Function("return (a, b) => a")(),
        "a function of 2 parameters",
        /--interface node .* --interface fetch /,
      ],
      [
        "a bound function of two",
        fixture.nodeStyle.bind(null),
        "a function of 2 parameters",
        /--interface node .* --interface fetch /,
      ],
      [
        "(context, next)",
        (context: Any, _next: Any) => context,
        "a function of 2 parameters",
        /--interface/,
      ],
      [
        "(environ, startResponse)",
        (environ: Any, _startResponse: Any) => environ,
        "a function of 2 parameters",
        /--interface wsgi\.$/,
      ],
      [
        "(scope, receive)",
        (scope: Any, _receive: Any) => scope,
        "a function of 2 parameters, and an ASGI application has 3",
        /--interface asgi3\.$/,
      ],
      ["four parameters", fixture.four, "a function of 4 parameters", /^$/],
    ] as const
  ) {
    test(what, () => {
      const verdict = interfaceOfFunction(value);
      assert.equal(verdict.interface, undefined);
      assert.match(verdict.advice, advice);
      // Bun renames parameters that nothing reads.
      assert.ok(
        verdict.description.startsWith(description.slice(0, 20)),
        verdict.description,
      );
    });
  }
});
