import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adviceFor,
  detectInterface,
  isSurelyFactory,
  whyNoFactory,
} from "../../src/application/interface.ts";
import * as fixture from "./fixtures/main.ts";

class Hono {
  fetch() {}
}

describe("detectInterface()", () => {
  for (
    const [name, value, kind, description] of [
      ["an application", fixture.app, "asgi", "an ASGI application"],
      ["rest parameters", fixture.withRest, "asgi", "an ASGI application"],
      ["a bound function", fixture.bound, "asgi", "an ASGI application"],
      [
        "a fetch handler",
        fixture.fetchApp,
        "fetch",
        'a fetch-style application (it has a method "fetch")',
      ],
      [
        "an instance of Hono",
        new Hono(),
        "fetch",
        'Hono, a fetch-style application (it has a method "fetch")',
      ],
      [
        "an Express application",
        fixture.express,
        "express",
        "an Express-style application",
      ],
      [
        "a Fastify application",
        fixture.fastify,
        "fastify",
        "a Fastify application",
      ],
      ["a Koa application", fixture.koa, "koa", "a Koa application"],
      [
        "middleware",
        fixture.middleware,
        "middleware",
        'middleware (its third parameter is "next")',
      ],
      ["a class", fixture.Thing, "class", "a class"],
      [
        "a function of two",
        fixture.nodeStyle,
        "function",
        "a function of 2 parameters",
      ],
      ["a factory", fixture.create, "function", "a function of 0 parameters"],
      [
        "a generator",
        fixture.generator,
        "function",
        "a generator function",
      ],
      ["an object", {}, "unknown", "an object"],
      ["an instance", fixture.thing, "unknown", "an object of class Thing"],
      ["an array", [], "unknown", "an array"],
      ["text", "x", "unknown", "a string"],
      ["null", null, "unknown", "null"],
      ["undefined", undefined, "unknown", "undefined"],
    ] as const
  ) {
    test(`knows ${name}`, () => {
      assert.deepEqual(detectInterface(value), { kind, description });
    });
  }
});

describe("adviceFor()", () => {
  for (
    const [name, value, advice] of [
      ["a class", fixture.Thing, / --factory\.$/],
      ["a function of one", fixture.requestOnly, / --factory\.$/],
      ["an object with a method", fixture.service, /it\.handle\(/],
      ["an object without one", fixture.thing, /^$/],
      ["a fetch handler", fixture.fetchApp, /^$/],
      ["a Koa application", fixture.koa, /^$/],
      ["text", "x", /^$/],
      ["null", null, /^$/],
    ] as const
  ) {
    test(`${advice.source === "^$" ? "has none for" : "helps with"} ${name}`, () => {
      assert.match(adviceFor(value), advice);
    });
  }
});

test("whyNoFactory() describes what cannot be called without arguments", () => {
  assert.equal(whyNoFactory(fixture.create), undefined);
  assert.equal(whyNoFactory(fixture.app), "a function of 3 parameters");
  assert.equal(whyNoFactory(fixture.Thing), "a class");
  assert.equal(whyNoFactory(fixture.koa), "a Koa application");
});

test("isSurelyFactory() believes only parameters that it can count", () => {
  assert.ok(isSurelyFactory(fixture.create));
  assert.ok(!isSurelyFactory(fixture.withRest));
  assert.ok(!isSurelyFactory(fixture.Thing));
  assert.ok(!isSurelyFactory("x"));
});
