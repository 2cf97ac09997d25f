/** Signals, alike on all three runtimes but for the names they accept. */
import { setTimeout } from "node:timers";
import { deno } from "../_deno_types.ts";
import { host } from "./host.ts";
import { mayRead } from "./permissions.ts";
import type { SignalName } from "../types.ts";

/** See `Runtime.onSignal`. A signal that this platform does not have never comes. */
export function onSignal(signal: SignalName, listener: () => void): () => void {
  // Elsewhere Node and Bun accept any name in silence, and Deno throws.
  if (signal === "SIGBREAK" && host.platform !== "win32") return () => {};
  // Its own function, so that the same listener given twice can be taken off once.
  const heard = () => listener();
  try {
    host.addSignalListener(signal, heard);
  } catch {
    return () => {};
  }
  return () => host.removeSignalListener(signal, heard);
}

/** What a shell adds to 128 for a process that ended by the signal. */
const SIGNAL_NUMBERS: Readonly<Record<SignalName, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/** Longest time that a signal takes to its own process, in milliseconds. */
const SELF_SIGNAL_MS = 5_000;

/** See `Runtime.dieBySignal`. */
export function dieBySignal(signal: SignalName): void {
  const code = 128 + SIGNAL_NUMBERS[signal];
  // The kernel keeps signals without a handler from the first process of a PID namespace, which is
  // what a container's command is: Node and Bun live on, Deno 2.9 dies of SIGSEGV.
  if (host.pid === 1 || mayBeWatched()) process.exit(code);
  process.kill(process.pid, signal);
  // Deno 2.9, once it has listened to a signal, dies by it from its event loop, and on a busy
  // machine a process with nothing else to do would end in good order before that.
  setTimeout(() => process.exit(code), SELF_SIGNAL_MS);
}

/**
 * Whether this may be `deno run --watch`. It calls the listeners of SIGTERM, in this process, when a
 * file has changed; an exit then becomes a restart, but a signal ends the watcher (Deno 2.9,
 * https://github.com/denoland/deno/issues/35942). True where it cannot be known.
 */
function mayBeWatched(): boolean {
  if (deno === undefined) return false;
  const path = "/proc/self/cmdline";
  try {
    if (!mayRead(path)) return true;
    const words = host.readText(path).split("\0");
    const own = words.slice(1, words.length - 1 - host.args.length);
    return own.some((word) => word.startsWith("--watch"));
  } catch {
    return true; // no Linux, or Deno wants more than permission to read
  }
}
