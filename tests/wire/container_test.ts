/** The command as the first process of a container: what it owes to the others. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, test } from "node:test";
import { needsPidNamespace } from "../_support/needs.ts";
import { exchange, pause, request } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

const CONTAINER = [
  "unshare",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
];

/** Node before 26.1 has no way to wait for processes that it has not started. */
const canWait = RUNTIME !== "node" ||
  process.getBuiltinModule("node:ffi" as "node:fs") !== undefined;

/** The first process of the container, as those outside of it call it. */
function firstOf({ pid }: ServerProcess): number {
  return Number(
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim(),
  );
}

/** Children of `parent` that have ended, and that nobody has waited for. */
function zombiesOf(parent: number): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, ppid] = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return state === "Z" && Number(ppid) === parent;
    } catch {
      return false; // gone
    }
  });
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 2400; tries++) {
    if (isSo()) return;
    await pause(25);
  }
  assert.fail(`Waited in vain until ${what}`);
}

describe(
  "the first process of a container",
  { skip: needsPidNamespace() },
  () => {
    for (const workers of [1, 2]) {
      const name = workers === 1 ? "one process" : `${workers} workers`;
      test(`${name}: waits for strangers, drains at SIGTERM`, () =>
        withServer({
          app: "container:app",
          args: workers === 1 ? [] : ["--workers", `${workers}`],
          via: CONTAINER,
        }, async (server) => {
          const leave = async () => {
            const { status } = await exchange(
              server.target,
              request("GET /leave", ["Connection: close"]),
            );
            assert.equal(status, 200);
          };
          await leave();
          const first = firstOf(server);
          const warns = () => server.output.includes("remain as zombies");
          await until(() => zombiesOf(first).length > 0, "there is a zombie");
          await until(
            () => canWait ? zombiesOf(first).length === 0 : warns(),
            "it is waited for, or a warning says that it cannot be",
          );
          assert.equal(warns(), !canWait);
          await leave(); // all goes on
          process.kill(first, "SIGTERM");
          const code = workers === 1 ? 143 : 0;
          assert.deepEqual(await server.end(), { code, signal: null });
          assert.match(server.output, /Finished server process/);
        }));
    }
  },
);
