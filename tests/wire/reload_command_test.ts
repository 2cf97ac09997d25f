/** A server that reloads as a command: signals, variables, programs, and wrong usage. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ROOT } from "../_support/this_runtime.ts";
import { inProject, source } from "./_project.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`--reload ends with its server process after ${signal} (process:P-086)`, () =>
    inProject(async (project) => {
      project.write("main.ts", source('"one"'));
      const server = await project.start();
      await server.line("stderr", /Application startup complete/);
      const pid = Number(
        /Started server process \[(\d+)\]/.exec(server.output)![1],
      );
      server.signal(signal);
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      assert.equal(
        server.stderr.at(-1),
        `INFO:     Stopping reloader process [${server.pid}]`,
      );
      assert.equal(
        server.stderr.includes(`INFO:     Finished server process [${pid}]`),
        true,
      );
      assert.throws(() => process.kill(pid, 0));
    }));
}

test("--reload gives each server process the variables that --env-file has then", () =>
  inProject(async (project) => {
    project.write("main.ts", source("globalThis.process.env.WORD"));
    project.write("settings.env", "WORD=one");
    await project.start([
      "--env-file",
      "settings.env",
      "--reload-include",
      "settings.env",
    ]);
    assert.equal(await project.answer(), "one");
    assert.match(
      await project.restarts(() => project.write("settings.env", "WORD=two")),
      /changes in 'settings\.env'\. /,
    );
    assert.equal(await project.answer(), "two");
  }));

test("SIGHUP restarts the server process without a change", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start();
    await server.line("stderr", /Application startup complete/);
    const from = server.stderr.length;
    server.signal("SIGHUP");
    await server.line("stderr", /Restarting the server process/, from);
    await server.line("stderr", /Application startup complete/, from);
    assert.equal(await project.answer(), "one");
  }));

test("run() reloads an import string, and refuses an application (options:B-001)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    project.write(
      "start.ts",
      `import { run } from ${JSON.stringify(`${ROOT}/mod.ts`)};
const app = process.argv[2] === "object" ? async () => {} : "main:app";
await run(app, { reload: true, port: 0 }).catch((error) => {
  console.error(error.exitCode, error.message);
});
`,
    );
    const command = join(project.folder, "start.ts");
    const { server } = project.launch({ command });
    await server.ready();
    assert.equal(await project.answer(), "one");
    await project.restarts(() => project.write("main.ts", source('"two"')));
    assert.equal(await project.answer(), "two");
    server.signal("SIGTERM");
    assert.deepEqual(await server.end(), { code: 0, signal: null });
    const refused = project.launch({ command, args: ["object"] }).server;
    await refused.end();
    assert.deepEqual(refused.stderr, [
      "3 You must pass the application as an import string to enable 'reload' or 'workers'.",
    ]);
  }));

for (
  const [args, message, code] of [
    [
      ["--reload", "--reload-dir", "none"],
      "Error: Cannot watch 'none' (--reload-dir): it does not exist",
      2,
    ],
    [
      ["--reload", "--reload-include", "[a"],
      "Error: Invalid value for '--reload-include': '[a' has [ without ].",
      2,
    ],
    [
      ["--reload", "--reload-exclude", "{a"],
      "Error: Invalid value for '--reload-exclude': '{a' has { without }.",
      2,
    ],
    [
      ["--reload", "--reload-delay", "-1"],
      /^Error: Invalid value for '--reload-delay': -1 is not in the range/,
      2,
    ],
    [
      ["--reload", "--host", "192.0.2.1"],
      /^ERROR: +Cannot listen on 192\.0\.2\.1:8000/,
      3,
    ],
  ] as const
) {
  test(`${args.join(" ")} is refused in one line`, () =>
    inProject(async (project) => {
      const { server } = project.launch({ args: [...args, "main:app"] });
      assert.deepEqual(await server.end(), { code, signal: null });
      const last = server.stderr.at(-1)!;
      if (typeof message === "string") assert.equal(last, message);
      else assert.match(last, message);
    }));
}

test("options of a reload without --reload are a warning (options:B-003)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const { server } = project.launch({
      args: ["--reload-exclude", "x", "--port", "0", "main:app"],
    });
    await server.ready();
    assert.equal(
      server.stderr[0],
      "WARNING:  Current configuration will not reload as not all conditions are met, please refer to documentation.",
    );
  }));
