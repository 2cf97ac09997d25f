/** A server that hands over to new parents: who is it now, and what ends it? */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { pause } from "./raw_client.ts";
import {
  type ServerProcess,
  type ServerStart,
  spawnServer,
} from "./spawn_server.ts";

/** The id in a pid file; 0 while there is none. */
export function pidIn(path: string): number {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}

/** Waits until `isSo`. */
export async function until(
  isSo: () => boolean,
  what: string | (() => string),
  server: ServerProcess,
): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    if (i > 6000) {
      const awaited = typeof what === "string" ? what : what();
      throw new Error(`Waited for ${awaited}:\n${server.output}`);
    }
    await pause(10);
  }
}

/** What the kernel says of the process `pid` and its signals. */
function signalsOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const lines = status.match(/^(State|Threads|(Sig|Shd)\w+):.*$/gm) ?? [];
    return `${pid} has ${lines.join(", ").replaceAll("\t", " ")}`;
  } catch {
    return `${pid} is gone`;
  }
}

/** Sends SIGUSR2 to the server of now, and waits until another one has its pid file. */
export async function upgrade(
  server: ServerProcess,
  pidFile: string,
): Promise<number> {
  let before = 0;
  // A signal to 0 would reach this process.
  await until(() => (before = pidIn(pidFile)) > 0, "the pid file", server);
  process.kill(before, "SIGUSR2");
  let after = 0;
  const isOther = () => ![0, before].includes(after = pidIn(pidFile));
  await until(
    isOther,
    () =>
      `a new parent: the pid file has ${pidIn(pidFile)}, ${
        [...new Set([before, ...parentsOf(pidFile)])].map(signalsOf).join("; ")
      }`,
    server,
  );
  return after;
}

/** Runs `use` with a server, and ends whoever it has become. */
export async function withUpgrades(
  start: ServerStart,
  pidFile: string,
  use: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  const server = await spawnServer({
    ...start,
    args: [...start.args ?? [], "--workers", "2", "--pid-file", pidFile],
  });
  try {
    await until(() => pidIn(pidFile) > 0, "the pid file", server);
    await use(server);
  } finally {
    // Those that it has become: one that is starting is not in the pid file yet. Workers end by
    // themselves when their parent is gone.
    for (const pid of parentsOf(pidFile)) killIfRunning(pid);
    // Its streams are theirs, too.
    await server.end();
  }
}

function killIfRunning(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** The processes whose arguments name `pidFile`. */
function parentsOf(pidFile: string): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter(
    (id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0")
          .includes(pidFile);
      } catch {
        return false; // It has ended.
      }
    },
  ).map(Number);
}
