/** The server process that a reload has started ahead: when it is used, and when not. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pause } from "../_support/raw_client.ts";
import type { ServerProcess } from "../_support/spawn_server.ts";
import { inProject, source } from "./_project.ts";
import { isAlive, startedPids, until } from "./_workers.ts";

const options = {
  skip: existsSync("/proc/self/stat") ? false : "needs /proc",
};

/** Process ids of its children. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(ppid) === parent && state !== "Z";
    } catch {
      return false; // it has just ended
    }
  });
}

/** Resolves to the process that waits, once there is one beside the one that serves. */
async function waiting(server: ServerProcess): Promise<number> {
  let found: number[] = [];
  const serving = startedPids(server).at(-1)!;
  await until(
    () => {
      found = childrenOf(server.pid).filter((pid) => pid !== serving);
      return found.length === 1 && isAlive(serving);
    },
    "a process that waits",
    server,
  );
  return found[0]!;
}

test(
  "--reload uses the process that it has started ahead, and starts another",
  options,
  () =>
    inProject(async (project) => {
      project.write("main.ts", source('"one"'));
      const server = await project.start();
      await server.line("stderr", /Application startup complete/);
      for (const text of ["two", "three"]) {
        const spare = await waiting(server);
        await project.restarts(() =>
          project.save("main.ts", source(JSON.stringify(text)))
        );
        assert.equal(startedPids(server).at(-1), spare);
        assert.equal(await project.answer(), text);
      }
      const spare = await waiting(server);
      server.signal("SIGTERM");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      assert.equal(isAlive(spare), false);
    }),
);

test(
  "--reload starts a process anew after SIGHUP, and where the runtime's configuration has changed",
  options,
  () =>
    inProject(async (project) => {
      project.write("main.ts", source('"one"'));
      const server = await project.start();
      await server.line("stderr", /Application startup complete/);
      const first = await waiting(server);
      const from = server.stderr.length;
      server.signal("SIGHUP");
      await server.line("stderr", /Application startup complete/, from);
      assert.notEqual(startedPids(server).at(-1), first);
      const second = await waiting(server);
      assert.notEqual(second, first);
      project.write("package.json", '{ "type": "module" }');
      await project.restarts(() => project.write("main.ts", source('"two"')));
      assert.notEqual(startedPids(server).at(-1), second);
      assert.equal(await project.answer(), "two");
      await until(() => !isAlive(second), "the end of the process", server);
    }),
);

test(
  "--reload starts a process anew where variables have changed",
  options,
  () =>
    inProject(async (project) => {
      project.write("main.ts", source("globalThis.process.env.WORD"));
      project.write("word.txt", "WORD=one");
      const server = await project.start(["--env-file", "word.txt"]);
      assert.equal(await project.answer(), "one");
      const spare = await waiting(server);
      project.write("word.txt", "WORD=two");
      await project.restarts(() =>
        project.write("main.ts", source("globalThis.process.env.WORD", "// x"))
      );
      assert.notEqual(startedPids(server).at(-1), spare);
      assert.equal(await project.answer(), "two");
    }),
);

test(
  "--reload leaves no process behind when it is killed",
  options,
  () =>
    inProject(async (project) => {
      project.write("main.ts", source('"one"'));
      const server = await project.start();
      await server.line("stderr", /Application startup complete/);
      const spare = await waiting(server);
      await pause(500); // until it listens for its parent
      const [serving] = startedPids(server);
      server.signal("SIGKILL");
      await until(
        () => !isAlive(spare) && !isAlive(serving!),
        "the end of both",
        server,
      );
    }),
);
