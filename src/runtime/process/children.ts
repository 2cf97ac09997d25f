/**
 * Processes of the same program, and the channel to them: the IPC channel of `node:child_process`, as
 * descriptor 3, which works alike on all runtimes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  type ChildCommand,
  childCommand,
  demandEnvironment,
} from "./child_command.ts";
import { CHILD_VARIABLE, writeParent } from "./child_variable.ts";
import { OPEN } from "./parent_link.ts";
import { passDescriptors } from "./passed_descriptors.ts";
import type { Child, ChildExit, KillSignal, SpawnOptions } from "../types.ts";

/**
 * See `Runtime.spawnChild`.
 *
 * @param command What to start. Default: this program's command.
 */
export async function spawnChild(
  options: SpawnOptions,
  command: ChildCommand = childCommand(),
): Promise<Child> {
  const { program, args } = command;
  const environment = demandEnvironment();
  const passing = passDescriptors(options.descriptors);
  const { stdio, numbers = [] } = passing;
  const env = {
    ...environment,
    ...options.env,
    [CHILD_VARIABLE]: writeParent(process.pid, numbers),
  };
  return await new Promise((resolve, reject) => {
    let raw: ChildProcess;
    try {
      raw = spawn(program, [...args, ...options.args], {
        stdio: ["inherit", "inherit", "inherit", "ipc", ...stdio],
        env,
      });
    } finally {
      passing.done();
    }
    raw.once("error", reject);
    if (raw.pid === undefined) return; // "error" comes
    // Nothing listens in the child yet, so none of its messages can come before this.
    raw.off("error", reject);
    resolve(new SpawnedChild(raw, raw.pid));
  });
}

class SpawnedChild implements Child {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  onMessage: ((message: unknown) => void) | undefined;
  readonly #raw: ChildProcess;
  #hasEnded = false;
  /** What was sent before the child has begun to listen; `undefined` since. */
  #early: unknown[] | undefined = [];

  constructor(raw: ChildProcess, pid: number) {
    this.#raw = raw;
    this.pid = pid;
    // Failures to send or to signal: the end of the process tells them, too.
    raw.on("error", () => {});
    raw.on("message", (message) => this.#receive(message));
    this.exited = new Promise((resolve) => {
      raw.once("exit", (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
  }

  send(message: unknown): boolean {
    if (this.#early === undefined) return this.#sendNow(message);
    if (this.#hasEnded || !this.#raw.connected) return false;
    this.#early.push(message);
    return true;
  }

  kill(signal: KillSignal): void {
    if (this.#hasEnded) return;
    try {
      // ChildProcess.kill works only once on Deno 2.9, and closes the channel. No upstream issue is
      // known. Until "exit", the number is that of the child.
      process.kill(this.pid, signal);
    } catch {
      // It has ended, and "exit" comes; or Deno demands all of --allow-run, not that for one program.
      if (signal === "SIGKILL") this.#raw.kill(signal);
    }
  }

  #receive(message: unknown): void {
    if (message !== OPEN) return this.onMessage?.(message);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const one of early) this.#sendNow(one);
  }

  #sendNow(message: unknown): boolean {
    if (!this.#raw.connected) return false;
    try {
      this.#raw.send(message as object, () => {});
      return true;
    } catch {
      return false; // closed in this moment
    }
  }
}
