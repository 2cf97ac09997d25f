/** `--env-file` with the real command: what the application sees, and how it ends without a file. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-env-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

file(
  "reads.mjs",
  `const seen = JSON.stringify({ a: process.env.A, b: process.env.B, c: process.env.C });
export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: seen });
};
`,
);

describe("--env-file", () => {
  test("sets variables before the application is imported (options:O-007)", async () => {
    const first = file("first.env", "A=file\nB=file\n");
    const second = file("second.env", "B=second\nC='${A}' # literal\n");
    await withServer({
      cwd: folder,
      args: ["reads:app", "--env-file", first, `--env-file=${second}`],
      env: { A: "process" },
    }, async (server) => {
      const { body } = await exchange(server.target, request("GET /"));
      assert.deepEqual(JSON.parse(body), {
        a: "process",
        b: "file",
        c: "${A}",
      });
      assert.deepEqual(server.stderr.slice(0, 2), [
        `INFO:     Loading environment from '${first}'`,
        `INFO:     Loading environment from '${second}'`,
      ]);
    });
  });

  test("sets options of the command, below flags (options:E-010)", async () => {
    const path = file(
      "options.env",
      "TRICORN_APP=reads:app\nTRICORN_HEADER=x-from:file\nTRICORN_PORT=1\n",
    );
    await withServer({
      cwd: folder,
      args: [],
      env: { TRICORN_ENV_FILE: path },
    }, async (server) => {
      const response = await exchange(server.target, request("GET /"));
      assert.equal(response.header("x-from"), "file");
    });
  });

  test("that does not exist is wrong usage, code 2, and nothing listens", async () => {
    // Not by flag: Node looks at that by itself, and ends with code 9.
    const server = new ServerProcess({
      cwd: folder,
      args: ["reads:app"],
      env: { TRICORN_ENV_FILE: "none.env" },
    });
    assert.equal((await server.end()).code, 2);
    assert.equal(
      server.stderr.at(-1),
      "Error: Cannot read environment file 'none.env' of TRICORN_ENV_FILE: it does not exist",
    );
  });

  test("of a program is read before the application", async () => {
    const path = file("program.env", "A=program");
    const program = file(
      "program.mjs",
      `import { serve } from ${
        JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
      };
const server = serve("reads:app", { envFile: ${
        JSON.stringify(path)
      }, port: 0, accessLog: false });
await server.listening;
console.log(await (await fetch(server.url)).text());
await server.stop();
const missing = serve("reads:app", { envFile: "none.env", port: 0, logLevel: "critical" });
await missing.listening.catch((error) => console.log(error.message));
`,
    );
    const server = new ServerProcess({ cwd: folder, command: program });
    assert.equal((await server.end()).code, 0, server.output);
    assert.deepEqual(server.stdout, [
      '{"a":"program"}',
      `Cannot read environment file 'none.env' of "envFile": it does not exist`,
    ]);
  });
});
