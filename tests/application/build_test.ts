import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildApplication } from "../../src/application/build.ts";
import { AppLoadError } from "../../src/errors.ts";
import * as fixture from "./fixtures/main.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const WANTED =
  "only ASGI applications, async (scope, receive, send) => { … }, can be served.";

async function build(app: unknown, factory = false) {
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const built = await buildApplication(app, {
    cwd: fixtures,
    factory,
    onWarning,
  });
  return { built, warnings };
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
