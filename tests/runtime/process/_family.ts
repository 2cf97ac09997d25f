/** A parent and its child: one program, told apart by the link. Each prints what it hears. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "../../../src/runtime/mod.ts";
import { childCommand } from "../../../src/runtime/process/child_command.ts";
import { spawnChild } from "../../../src/runtime/process/children.ts";
import type {
  Child,
  KillSignal,
  ParentLink,
} from "../../../src/runtime/types.ts";

const say = (line: string): void => runtime.stdout.write(`${line}\n`);

function start(...args: readonly string[]): Promise<Child> {
  return spawnChild({
    args,
    env: { TRICORN_WORKER: "7" },
    descriptors: [],
  }, childCommand(fileURLToPath(import.meta.url)));
}

const PARENTS: Record<string, (...args: string[]) => Promise<void>> = {
  /** Sends before the child can listen, is answered, and hears how it ended. */
  async talk() {
    const child = await start("talk");
    child.send({ kind: "first", text: "ü".repeat(100_000) });
    child.send({ kind: "second" });
    child.onMessage = (message) => say(`child says ${JSON.stringify(message)}`);
    const { code, signal } = await child.exited;
    say(`ended ${code} ${signal}`);
    say(`sent ${child.send({ kind: "late" })}`);
    child.kill("SIGTERM");
    say("done");
  },

  /** Signals a child several times. */
  async signal(...signals) {
    const child = await start("listen");
    let heard = 0;
    child.onMessage = (message) => {
      if (message !== "ready") say(`child heard ${message}`);
      const signal = signals[heard++];
      if (signal !== undefined) child.kill(signal as KillSignal);
    };
    const { code, signal } = await child.exited;
    say(`ended ${code} ${signal}`);
  },

  /** Has a child whose own child has no parent of ours. */
  async grandchild() {
    const child = await start("grandparent");
    await child.exited;
  },

  /** Waits for its end, with a child, and one that keeps the channel of the first one open. */
  async orphan() {
    const child = await start("orphan");
    child.onMessage = (message) => say(`orphan ${message}`);
    await new Promise((resolve) => setTimeout(resolve, 120_000));
  },
};

const CHILDREN: Record<string, (link: ParentLink) => Promise<void> | void> = {
  async talk(link) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const both = new Promise<void>((resolve) => {
      let count = 0;
      link.onMessage = (message) => {
        const { kind, text = "" } = message as { kind: string; text?: string };
        link.send({ kind, length: text.length });
        if (++count === 2) resolve();
      };
    });
    await both;
    link.send({
      worker: runtime.env("TRICORN_WORKER"),
      parent: runtime.env("TRICORN_PARENT") ?? null,
    });
    link.onLost = () => say("lost");
    link.close();
    say(`closed ${link.send({})}`);
    setTimeout(() => process.exit(5), 50);
  },

  listen(link) {
    for (
      const signal of ["SIGQUIT", "SIGUSR2", "SIGTTIN", "SIGWINCH"] as const
    ) {
      runtime.onSignal(signal, () => link.send(signal));
    }
    setTimeout(() => {}, 120_000);
    link.send("ready");
  },

  async grandparent() {
    const { spawn } = await import("node:child_process");
    const { program, args } = childCommand(fileURLToPath(import.meta.url));
    const child = spawn(program, [...args, "nobody"], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    await new Promise((resolve) => child.once("exit", resolve));
    process.exit(0);
  },

  orphan(link) {
    link.onLost = () => {
      say("lost");
      process.exit(0);
    };
    setTimeout(() => {}, 120_000);
    link.send(process.pid);
  },
};

const [scenario, ...rest] = runtime.args;
const link = await runtime.parentLink();
if (scenario === "nobody") {
  say(`link ${link}`);
  process.exit(0);
}
if (link === undefined) {
  await PARENTS[scenario](...rest);
  process.exit(0);
}
await CHILDREN[scenario](link);
