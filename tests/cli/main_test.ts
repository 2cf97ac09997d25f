import assert from "node:assert/strict";
import { test } from "node:test";
import { failureText, versionText } from "../../src/cli/main.ts";
import { AppLoadError, ConfigError } from "../../src/errors.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { VERSION } from "../../src/version.ts";

test("versionText() names version, runtime and system", () => {
  assert.match(
    versionText(),
    /^Running tricorn \d+\.\d+\.\d+ with (Deno|Bun|Node) \d+\.\d+\.\d+\S* on \w+\n$/,
  );
  assert.ok(versionText().includes(`tricorn ${VERSION} `));
  assert.ok(
    versionText().toLowerCase().includes(`${runtime.name} ${runtime.version}`),
  );
});

test("failureText() shows the usage above a usage error (options:C-007)", () => {
  assert.deepEqual(failureText(new ConfigError("Missing argument 'APP'.")), {
    text: "Usage: tricorn [OPTIONS] APP\nTry 'tricorn --help' for help.\n\n" +
      "Error: Missing argument 'APP'.\n",
    exitCode: 2,
  });
});

test("failureText() tells a failed start in one line", () => {
  assert.deepEqual(failureText(new ConfigError("Cannot read certificate", 3)), {
    text: "ERROR:    Cannot read certificate\n",
    exitCode: 3,
  });
});

test("failureText() adds the stack of what the application threw", () => {
  const cause = new TypeError("boom");
  cause.stack =
    "TypeError: boom\n    at f (/srv/main.ts:1:2)\n    at node:internal/x:1:1";
  const { text, exitCode } = failureText(
    new AppLoadError("Error loading ASGI app.", { cause }),
  );
  assert.equal(
    text,
    "ERROR:    Error loading ASGI app.\nTypeError: boom\n    at f (/srv/main.ts:1:2)\n",
  );
  assert.equal(exitCode, 3);
});

test("failureText() keeps the whole stack of our own mistakes", () => {
  const { text, exitCode } = failureText(new RangeError("ours"));
  assert.match(
    text,
    /^CRITICAL: Unexpected error in Tricorn .*\nRangeError: ours\n\s+at /,
  );
  assert.equal(exitCode, 1);
});
