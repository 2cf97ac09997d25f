import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import {
  detectInterface,
  INTERFACE_MARK,
  verdictFor,
} from "../../src/application/interface.ts";
import type { InterfaceName } from "../../src/application/verdict.ts";
import * as fixture from "./fixtures/main.ts";

class Hono {
  fetch() {}
}
class StaticFetch {
  static fetch() {}
}

/** What matters of a verdict, in one line. */
function told(value: unknown): string {
  const { interface: name, shape, description, reason, isParameterless } =
    detectInterface(value);
  const extra = isParameterless ? ", perhaps a factory" : "";
  return name === undefined
    ? `refused: ${description}`
    : `${name} (${shape}), because ${reason}${extra}`;
}

describe("detectInterface() tells by its properties", () => {
  const fetchReason = 'fetch (fetch), because it has a method "fetch"';
  for (
    const [name, value, verdict] of [
      ["an object with fetch()", fixture.fetchApp, fetchReason],
      ["an instance of Hono", new Hono(), fetchReason],
      ["a class with a static fetch()", StaticFetch, fetchReason],
      [
        "a function with fetch()",
        Object.assign(() => {}, { fetch() {} }),
        fetchReason,
      ],
      [
        "an Express application, whose length is that of ASGI",
        fixture.express,
        "node (express), because it is a function with the methods " +
        '"handle" and "use", as in Express',
      ],
      [
        "a Fastify instance",
        fixture.fastify,
        'node (fastify), because it has the methods "routing" and "ready", as Fastify has',
      ],
      [
        "a Koa instance",
        fixture.koa,
        'node (koa), because it has a method "callback" and middleware, as Koa has',
      ],
      [
        "a server of node:http that does not listen",
        createServer(),
        "node (server), because it is a server of node:http",
      ],
      ["an object", {}, "refused: an object"],
      ["an instance", fixture.thing, "refused: an object of class Thing"],
      ["an array", [], "refused: an array"],
      ["text", "x", "refused: a string"],
      ["null", null, "refused: null"],
      ["undefined", undefined, "refused: undefined"],
    ] as const
  ) {
    test(name, () => assert.equal(told(value), verdict));
  }

  test("and names the framework", () => {
    assert.equal(
      detectInterface(new Hono()).description,
      'Hono, a fetch-style application (it has a method "fetch")',
    );
  });
});

describe("a mark", () => {
  for (const name of ["asgi3", "asgi2", "wsgi", "fetch", "node"] as const) {
    test(`decides: ${name}`, () => {
      const app = Object.assign(() => {}, { [INTERFACE_MARK]: name });
      assert.equal(told(app), `${name} (function), because it is marked so`);
    });
  }

  test("goes before properties, whose shape it keeps", () => {
    const app = { fetch() {}, [INTERFACE_MARK]: "fetch" };
    assert.equal(told(app), "fetch (fetch), because it is marked so");
  });

  test("that names no interface is refused", () => {
    const app = Object.assign(() => {}, { [INTERFACE_MARK]: "asgi4" });
    assert.match(told(app), /^refused: marked with the interface "asgi4"/);
  });

  test("is registered: a framework can set it without an import", () => {
    assert.equal(INTERFACE_MARK, Symbol.for("serve.interface"));
  });
});

describe("detectInterface() advises", () => {
  for (
    const [name, value, advice] of [
      ["on a class", fixture.Thing, / --factory\.$/],
      ["on an object with a method", fixture.service, /it\.handle\(/],
      ["on an object that inherits one", fixture.derived, /it\.handle\(/],
      ["nothing on an object without one", fixture.thing, /^$/],
      ["nothing on text", "x", /^$/],
      ["nothing on an array of functions", [fixture.app], /^$/],
    ] as const
  ) {
    test(name, () => assert.match(detectInterface(value).advice, advice));
  }
});

describe("verdictFor()", () => {
  const all = ["asgi3", "asgi2", "wsgi", "fetch", "node"] as const;
  for (
    const [what, value, names] of [
      ["a function of 3", fixture.app, all],
      ["a function of 0", fixture.create, all],
      ["a function that auto refuses", (_a: unknown, _b: unknown) => {}, all],
      ["an Express application", fixture.express, all],
      ["an object with fetch()", fixture.fetchApp, ["fetch"]],
      ["a Koa instance", fixture.koa, ["node"]],
      ["a Fastify instance", fixture.fastify, ["node"]],
      ["a server of node:http", createServer(), ["node"]],
      ["a class", fixture.Thing, []],
      ["an object", {}, []],
      ["text", "x", []],
    ] as readonly (readonly [string, unknown, readonly InterfaceName[]])[]
  ) {
    test(`takes ${what} as ${names.join(", ") || "nothing"}`, () => {
      const taken = all.filter((name) =>
        verdictFor(name, value).interface === name
      );
      assert.deepEqual(taken, names);
    });
  }

  test("keeps the shape where the interface has it, and only there", () => {
    assert.equal(verdictFor("node", fixture.express).shape, "express");
    assert.equal(verdictFor("asgi3", fixture.express).shape, "function");
    assert.equal(verdictFor("fetch", fixture.fetchApp).shape, "fetch");
    assert.equal(verdictFor("fetch", fixture.app).shape, "function");
  });
});
