/**
 * PID 1 of a container: leaves a grandchild without its parent, starts children of its own, and tells
 * what became of them all.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { runtime } from "../../../src/runtime/mod.ts";

/** Ids of zombies, as the kernel tells. */
function zombies(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter(
    (pid) => {
      try {
        return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
      } catch {
        return false;
      }
    },
  );
}

function run(script: string): Promise<number | null> {
  const child = spawn("/bin/sh", ["-c", script], { stdio: "ignore" });
  return new Promise((resolve) => child.once("exit", resolve));
}

let isUnable = false;
const stop = runtime.reapOrphans(() => isUnable = true);
const keep = setInterval(() => {}, 1000);
// Its parent is gone before it ends.
const own = [await run("(sleep 0.1; exit 3) & exit 7")];
while (zombies().length === 0) await sleep(10);
while (!isUnable && zombies().length > 0) {
  // Those of the runtime come and go meanwhile, and keep their codes.
  own.push(...await Promise.all([run("exit 7"), run("exit 7")]));
  await sleep(50);
}
stop();
clearInterval(keep);
const codes = [...new Set(own)];
const { pid } = runtime;
runtime.stdout.write(
  `${JSON.stringify({ pid, isUnable, codes, left: zombies().length })}\n`,
);
runtime.exit(0);
