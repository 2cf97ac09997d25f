/** Signals, alike on all three runtimes but for the names they accept. */
import { setTimeout } from "node:timers";
import { host } from "./host.ts";
import type { SignalName } from "./types.ts";

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

/** Longest time that a signal takes to its own process, in milliseconds. */
const SELF_SIGNAL_MS = 5_000;

/** See `Runtime.dieBySignal`. */
export function dieBySignal(signal: SignalName): void {
  process.kill(process.pid, signal);
  // Deno 2.9, once it has listened to a signal, dies by it from its event loop, and on a busy
  // machine a process with nothing else to do would end in good order before that.
  setTimeout(() => process.exit(1), SELF_SIGNAL_MS);
}
