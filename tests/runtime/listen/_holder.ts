/**
 * Holds a socket on 127.0.0.1, starts a child that listens on it and does not accept, and tells what it
 * sees as one JSON line a step. The next step comes with each line of standard input.
 */
import { createInterface } from "node:readline";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "../../../src/runtime/mod.ts";
import { childCommand } from "../../../src/runtime/process/child_command.ts";
import { spawnChild } from "../../../src/runtime/process/children.ts";
import type { Child, ListenTarget } from "../../../src/runtime/types.ts";

const OPTIONS = { backlog: 8 };
const SHARER = fileURLToPath(new URL("_sharer.ts", import.meta.url));

const held = await runtime.holdSocket(
  { kind: "tcp", host: "127.0.0.1", port: 0 },
  OPTIONS,
);
const { address, descriptor = null } = held;

/** Whether the address can be bound: `free`, or the error's code. */
function again(): Promise<string> {
  return runtime.transports.node.bind(address as ListenTarget, OPTIONS)
    .then((listener) => listener.close())
    .then(() => "free", (error) => String(error.code));
}

let child: Child | undefined;

const STEPS: readonly (() => Promise<unknown>)[] = [
  async () => ({ pid: runtime.pid, descriptor, again: await again() }),
  async () => {
    if (descriptor === null) return "none";
    child = await spawnChild(
      { args: [], env: {}, descriptors: [descriptor] },
      childCommand(SHARER),
    );
    child.send({ kind: "bind", address, transport: "node" });
    return await new Promise((resolve) => child!.onMessage = resolve);
  },
  async () => {
    child?.kill("SIGKILL");
    await child?.exited;
    await held.close();
    return again();
  },
];

let at = 0;
for await (const _line of createInterface({ input: process.stdin })) {
  const told = await STEPS[at++]!();
  runtime.stdout.write(`${JSON.stringify(told)}\n`);
  if (at === STEPS.length) break;
}
runtime.exit(0);
