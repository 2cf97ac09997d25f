/** The channel to the process that started this one by `spawnChild`. */
import { clearInterval, setInterval } from "node:timers";
import { deno } from "../_deno_types.ts";
import {
  CHILD_VARIABLE,
  FIRST_DESCRIPTOR,
  readParent,
  receiveDescriptors,
} from "./child_variable.ts";
import type { ParentLink } from "../types.ts";
import { closeOnExec } from "./close_on_exec.ts";
import { loadLibc } from "./libc.ts";

/** What a child sends when it begins to listen. A string: messages of others are objects. */
export const OPEN = "open";

/** Where the channel is: behind the standard streams. */
const CHANNEL = FIRST_DESCRIPTOR - 1;

/** How often the parent is looked for, in milliseconds, in case that its channel stays open. */
const LOOK_EVERY_MS = 250;

/**
 * The link to the parent.
 *
 * @param value Value of the variable that names it.
 * @returns `undefined` if there is no channel: the variable was inherited from a parent further up.
 */
export function openParentLink(value: string): ParentLink | undefined {
  delete process.env[CHILD_VARIABLE];
  if (process.send === undefined) return undefined;
  const { pid, descriptors } = readParent(value);
  receiveDescriptors(descriptors);
  if (deno !== undefined) {
    const libc = loadLibc();
    if (libc !== undefined) closeOnExec([CHANNEL, ...descriptors], libc);
  }
  return new Link(pid);
}

class Link implements ParentLink {
  #onMessage: ((message: unknown) => void) | undefined;
  #onLost: (() => void) | undefined;
  /** What came while nobody listened. */
  #early: unknown[] = [];
  #isLost = false;
  #isClosed = false;
  readonly #looking: NodeJS.Timeout;

  constructor(parent: number) {
    process.on("message", this.#receive);
    process.on("disconnect", this.#lose);
    process.on("error", ignore);
    // Whoever inherited the parent's end of the channel keeps it open.
    this.#looking = setInterval(() => {
      if (process.ppid !== parent) this.#lose();
    }, LOOK_EVERY_MS);
    this.#looking.unref();
    this.send(OPEN);
  }

  get onMessage(): ((message: unknown) => void) | undefined {
    return this.#onMessage;
  }

  set onMessage(listener: ((message: unknown) => void) | undefined) {
    this.#onMessage = listener;
    if (listener === undefined) return;
    const early = this.#early;
    this.#early = [];
    // Not from inside the assignment.
    if (early.length > 0) {
      queueMicrotask(() => early.forEach((message) => this.#receive(message)));
    }
  }

  get onLost(): (() => void) | undefined {
    return this.#onLost;
  }

  set onLost(listener: (() => void) | undefined) {
    this.#onLost = listener;
    if (listener !== undefined && this.#isLost) queueMicrotask(listener);
  }

  send(message: unknown): boolean {
    if (this.#isLost || this.#isClosed || !process.connected) return false;
    try {
      process.send!(message, undefined, undefined, ignore);
      return true;
    } catch {
      return false; // closed in this moment
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop();
    if (process.connected) process.disconnect?.();
  }

  readonly #receive = (message: unknown): void => {
    if (this.#onMessage === undefined) this.#early.push(message);
    else this.#onMessage(message);
  };

  readonly #lose = (): void => {
    if (this.#isLost || this.#isClosed) return;
    this.#isLost = true;
    this.#stop();
    this.#onLost?.();
  };

  #stop(): void {
    clearInterval(this.#looking);
    process.off("message", this.#receive);
    process.off("disconnect", this.#lose);
  }
}

function ignore(): void {}
