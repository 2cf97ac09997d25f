/** A server with workers, as its clients and its operator see it. */
import assert from "node:assert/strict";
import process from "node:process";
import { exchange, pause, request } from "../_support/raw_client.ts";
import {
  type ServerProcess,
  type ServerStart,
  withServer,
} from "../_support/spawn_server.ts";

/** What a worker says of itself. */
export interface Who {
  readonly worker: string;
  readonly pid: number;
  readonly parent: number;
  readonly mode: string | null;
  readonly argv: readonly string[];
}

/** What {@linkcode ready} reads is logged at this level. */
export const DEBUG: readonly string[] = ["--log-level", "debug"];

/** Runs `use` with a parent whose workers are all ready. */
export function withWorkers(
  count: number,
  use: (server: ServerProcess) => Promise<void>,
  start: ServerStart = {},
): Promise<void> {
  return withServer({
    app: "workers:app",
    ...start,
    args: [...DEBUG, "--workers", `${count}`, ...start.args ?? []],
  }, async (server) => {
    await ready(server, count);
    await use(server);
  });
}

/** Resolves once so many workers have been ready in all. */
export async function ready(
  server: ServerProcess,
  count: number,
): Promise<void> {
  await until(
    () => count <= linesWith(server, /Child process \[\d+\] is ready$/).length,
    `${count} workers that are ready`,
    server,
  );
}

/** Resolves when `isSo` returns true, and fails after a minute. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  server: ServerProcess,
): Promise<void> {
  for (let tries = 0; tries < 2400; tries++) {
    if (await isSo()) return;
    await pause(25);
  }
  assert.fail(`Waited for ${what} in vain:\n${server.output}`);
}

/** Lines of the log that match. */
export function linesWith(server: ServerProcess, pattern: RegExp): string[] {
  return server.stderr.filter((line) => pattern.test(line));
}

/** Asks for `path` on a new connection. */
export async function ask(server: ServerProcess, path = "/"): Promise<Who> {
  const { status, body } = await exchange(
    server.target,
    request(`GET ${path}`, ["Connection: close"]),
  );
  assert.equal(status, 200);
  return JSON.parse(body);
}

/** Process ids of the workers that have started, in order. */
export function startedPids(server: ServerProcess): number[] {
  return linesWith(server, /Started server process/).map((line) =>
    Number(/\[(\d+)\]/.exec(line)![1])
  );
}

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
