import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildApplication } from "../../src/application/build.ts";
import { AppLoadError } from "../../src/errors.ts";
import type { InterfaceName } from "../../src/application/verdict.ts";
import * as fixture from "./fixtures/main.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const WANTED =
  "expected an application: async (scope, receive, send) => { … }, an object with fetch(), or one " +
  "of Express, Koa or Fastify.";

async function build(
  app: unknown,
  factory = false,
  name: "auto" | InterfaceName = "auto",
) {
  const warnings: string[] = [];
  const detected: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const built = await buildApplication(app, {
    cwd: fixtures,
    factory,
    interface: name,
    onWarning,
    onDetected: (...all) => void detected.push(all.join(", because ")),
  });
  return { built, warnings, detected };
}

describe("buildApplication()", () => {
  test("leaves an application as it is", async () => {
    const { built, warnings } = await build(fixture.app);
    assert.equal(built, fixture.app);
    assert.deepEqual(warnings, []);
  });

  for (
    const [what, app] of [
      ["a promise", Promise.resolve(fixture.app)],
      ["a factory", fixture.create],
      ["an async factory", fixture.createAsync],
      ["the promise of a factory", Promise.resolve(fixture.create)],
      ["an import string", "main:app"],
      ["the import string of a factory", "main:createAsync"],
    ] as const
  ) {
    test(`takes ${what}`, async () => {
      assert.equal((await build(app)).built, fixture.app);
    });
  }

  for (
    const [what, app, factory, message] of [
      [
        "what it was given",
        {},
        false,
        `Error loading ASGI app. The application is an object; ${WANTED}`,
      ],
      [
        "what a factory returned",
        () => "text",
        true,
        `Error loading ASGI app. What The application returned is a string; ${WANTED}`,
      ],
      [
        "the import string",
        "main:text",
        false,
        `Error loading ASGI app. "main:text" is a string; ${WANTED}`,
      ],
      [
        "what is no factory",
        fixture.app,
        true,
        "Error loading ASGI app factory: The application is a function of 3 parameters, not a " +
        "function without parameters.",
      ],
    ] as const
  ) {
    test(`names ${what}`, async () => {
      await assert.rejects(build(app, factory), (error) => {
        assert.ok(error instanceof AppLoadError);
        assert.equal(error.message, message);
        return true;
      });
    });
  }
});

describe("buildApplication() and the interface", () => {
  test("says which it is, and why (options:O-004)", async () => {
    assert.deepEqual((await build(fixture.app)).detected, [
      "asgi3, because it is a function of 3 parameters",
    ]);
    assert.deepEqual((await build(fixture.create)).detected, [
      "asgi3, because it is a function of 3 parameters",
    ]);
    assert.deepEqual((await build(fixture.app, false, "asgi3")).detected, [
      "asgi3, because it was chosen",
    ]);
  });

  test("adapts ASGI 2, detected or chosen", async () => {
    const seen: unknown[] = [];
    const make = (scope: unknown) => {
      seen.push(scope);
      return async () => {};
    };
    const hidden = (one: unknown) => make(one);
    for (const name of ["auto", "asgi2"] as const) {
      const { built } = await build(
        name === "auto" ? (scope: unknown) => make(scope) : hidden,
        false,
        name,
      );
      const asgi = { version: "3.0", spec_version: "2.0" } as const;
      const scope = {
        type: "lifespan",
        asgi,
        state: {},
        extensions: {},
      } as const;
      await built(scope, undefined as never, undefined as never);
    }
    const versions = { version: "2.0", spec_version: "2.0" };
    const scope = {
      type: "lifespan",
      asgi: versions,
      state: {},
      extensions: {},
    };
    assert.deepEqual(seen, [scope, scope]);
  });

  test("does not guess a factory where a fetch handler was chosen", async () => {
    let calls = 0;
    const handler = () => void calls++;
    await build(handler, false, "fetch");
    assert.equal(calls, 0);
  });

  test("calls a function without parameters once: it may be either", async () => {
    let calls = 0;
    const handler = () => {
      calls++;
      return new Response("hi");
    };
    const { detected, warnings } = await build(handler);
    assert.equal(calls, 1);
    assert.deepEqual(warnings, []);
    assert.deepEqual(detected, [
      "fetch, because it is a function of 0 parameters",
    ]);
  });

  test("names the interface that was chosen in vain", async () => {
    await assert.rejects(build(fixture.koa, false, "asgi3"), {
      name: "AppLoadError",
      message:
        "Error loading ASGI app. The application is a Koa application, which cannot be served " +
        "with --interface asgi3.",
    });
  });
});

test("a promise that is rejected is told from its value", async () => {
  await assert.rejects(build(Promise.reject(new Error("late"))), {
    name: "AppLoadError",
    message: /The application is a promise that was rejected\.$/,
  });
});
