import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, test } from "node:test";
import { ServerProcess } from "../../_support/spawn_server.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";

/** Where users have caches: a folder that only they may write to. */
let cache = "";

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "tricorn-own-cache-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** Files that are kept after a server was started, and ended by `signal`. */
async function keptBy(env: Record<string, string> = {}): Promise<number> {
  const server = new ServerProcess({
    args: ["examples/hello.ts:app", "--port", "0"],
    // Whatever the tests themselves were told.
    env: {
      NODE_COMPILE_CACHE: undefined,
      NODE_DISABLE_COMPILE_CACHE: undefined,
      NODE_V8_COVERAGE: undefined,
      XDG_CACHE_HOME: cache,
      ...env,
    },
  });
  await server.ready();
  server.signal("SIGTERM");
  await server.end();
  const folder = join(cache, "tricorn");
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).length;
}

const skip = process.platform === "win32" && "it has no user ids";

test(
  "what Node has compiled is kept in the user's cache folder",
  { skip },
  async () => {
    assert.equal(await keptBy() > 0, RUNTIME === "node");
  },
);

test("nothing is kept where others may write", { skip }, async () => {
  chmodSync(cache, 0o777);
  assert.equal(await keptBy(), 0);
});

test("nothing is kept if the operator says so", { skip }, async () => {
  assert.equal(await keptBy({ NODE_DISABLE_COMPILE_CACHE: "1" }), 0);
});
