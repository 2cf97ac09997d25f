/** One file that needs nothing installed: what `bun build --compile` makes of the server. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess } from "../_support/spawn_server.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";

const BUN = RUNTIME === "bun"
  ? process.execPath
  : join(ROOT, "node_modules/bun/bin/bun.exe");
const folder = mkdtempSync(join(tmpdir(), "tricorn-binary-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const APP = `async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "from one file" });
}`;

/** Compiles a program. @returns Its path. */
function compiled(name: string, source: string): string {
  const program = join(folder, name);
  writeFileSync(`${program}.mjs`, source);
  const args = ["build", "--compile", `${program}.mjs`, "--outfile", program];
  execFileSync(BUN, args, { cwd: folder, stdio: "pipe" });
  return program;
}

/** Runs a compiled program as the server under test. */
class Compiled extends ServerProcess {
  constructor(program: string, args: readonly string[]) {
    // What the harness adds is for the command of the sources: "sh" drops it.
    super({
      via: ["sh", "-c", `exec "${program}" ${args.join(" ")}`],
      cwd: folder,
    });
  }
}

async function answers(server: ServerProcess): Promise<void> {
  try {
    await server.ready();
    const get = request("GET /", ["Connection: close"]);
    const { body } = await exchange(server.target, get);
    assert.equal(body, "from one file");
    server.signal("SIGTERM");
    const { code, signal } = await server.end();
    // A program of one's own ends by itself, with the code that stands for the signal.
    assert.ok(code === 143 || signal === "SIGTERM", `${code}, ${signal}`);
  } finally {
    await server.kill();
  }
}

describe("bun build --compile", () => {
  test("makes one file of a program that imports the server", async () => {
    const program = compiled(
      "program",
      `import { run } from "${ROOT}/mod.ts";
await run(${APP}, { port: 0 });`,
    );
    await answers(new Compiled(program, []));
  });

  test("makes one file of the command, which loads applications from the disk", async () => {
    const program = compiled(
      "command",
      `import { run } from "${ROOT}/cli.ts";
await run();`,
    );
    writeFileSync(join(folder, "main.mjs"), `export const app = ${APP};`);
    await answers(new Compiled(program, ["main:app", "--port", "0"]));
    const server = new Compiled(program, ["main:app", "--workers", "2"]);
    assert.equal((await server.end()).code, 3);
    assert.match(server.output, /run an installed package, not a bundle or a/);
  });
});
