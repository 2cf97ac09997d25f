/**
 * The Dockerfile of this runtime without an engine: its command and its health check run as they
 * stand, in a folder with the package and an application, on another port.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ScratchFolder } from "../_support/certificates.ts";
import { pause } from "../_support/raw_client.ts";
import { recipe } from "../_support/recipes.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";
import { freePort } from "../_support/free_port.ts";

const folder = new ScratchFolder();
after(() => folder.remove());

/** The words of an instruction in its exec form, with this runtime's program and a port. */
function words(instruction: "CMD" | "HEALTHCHECK", port: number): string[] {
  const text = recipe(`docker/${RUNTIME}.Dockerfile`);
  const line = text.split("\n").findLast((each) =>
    each.startsWith(instruction)
  )!;
  const [, ...rest]: string[] = JSON.parse(line.slice(line.indexOf("[")));
  return [process.execPath, ...rest].map((word) =>
    word.replaceAll("8000", `${port}`).replace(
      // The sources are what the registry has.
      /^jsr:@tricorn\/serve$/,
      join(ROOT, "cli.ts"),
    )
  );
}

/** Exit code of the health check. */
function health(port: number): Promise<number | null> {
  const [program, ...args] = words("HEALTHCHECK", port);
  return new Promise((resolve) => {
    const child = spawn(program!, args, { stdio: "ignore", cwd: folder.path });
    child.on("exit", resolve);
  });
}

test("a container becomes healthy, ends in order, and is healthy no more", async () => {
  const app = "export const app = async (scope, _receive, send) => {\n" +
    '  if (scope.type !== "http") return;\n' +
    '  await send({ type: "http.response.start", status: 404 });\n' +
    '  await send({ type: "http.response.body" });\n};\n';
  writeFileSync(join(folder.path, "main.mjs"), app);
  writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }\n');
  if (RUNTIME !== "deno") {
    mkdirSync(join(folder.path, "node_modules"));
    const { status, stderr } = spawnSync("node", [
      join(ROOT, "packaging/npm.mjs"),
      ...["--out", join(folder.path, "node_modules/tricorn")],
    ], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }
  const port = await freePort();
  assert.equal(await health(port), 1);
  const [program, ...args] = words("CMD", port);
  const child = spawn(program!, [...args, "--port", `${port}`], {
    cwd: folder.path,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => said += text);
  const exited = new Promise((resolve) =>
    child.on("exit", (code, signal) => resolve(signal ?? code))
  );
  try {
    for (let tries = 0; await health(port) !== 0; tries++) {
      assert.ok(tries < 100 && child.exitCode === null, said);
      await pause(100);
    }
    // Asked by the engine every few seconds: no line of the log each.
    assert.doesNotMatch(said, /healthz|WARNING|ERROR/);
    process.kill(child.pid!, "SIGTERM");
    const end = await exited;
    assert.ok(end === "SIGTERM" || end === 143, `${end}: ${said}`);
    assert.equal(await health(port), 1);
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
  }
});
