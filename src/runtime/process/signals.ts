/** Signals: the runtimes differ only in the names they accept. */
import { setTimeout } from "node:timers";
import { deno } from "../_deno_types.ts";
import { host } from "./host.ts";
import { flushCompiled } from "./own_compile_cache.ts";
import { mayRead } from "./permissions.ts";
import { closeSignalInspector } from "./signal_inspector.ts";
import type { SignalName } from "../types.ts";

/** See `Runtime.onSignal`. A signal that this platform lacks is never delivered. */
export function onSignal(signal: SignalName, listener: () => void): () => void {
  // On other platforms Node and Bun accept the name silently, and Deno throws.
  if (signal === "SIGBREAK" && host.platform !== "win32") return () => {};
  // A function of its own, so that a listener added twice can be removed once.
  const heard = () => {
    if (signal === "SIGUSR1") closeSignalInspector();
    listener();
  };
  try {
    host.addSignalListener(signal, heard);
  } catch {
    return () => {};
  }
  return () => host.removeSignalListener(signal, heard);
}

/** Time to wait for the delivery of a signal to its own process, in milliseconds. */
const SELF_SIGNAL_MS = 5_000;

/** See `Runtime.dieBySignal`. */
export function dieBySignal(signal: SignalName): void {
  const code = 128 + numberOf(signal);
  // The kernel does not deliver signals without a handler to PID 1 of a PID namespace, which the
  // command of a container is: Node and Bun go on running, Deno 2.9 dies of SIGSEGV.
  if (host.pid === 1 || mayBeWatched()) process.exit(code);
  flushCompiled();
  process.kill(process.pid, signal);
  // Deno 2.9 dies by a signal that it has listened to from its event loop. On a busy machine an idle
  // process would exit with 0 before that.
  setTimeout(() => process.exit(code), SELF_SIGNAL_MS);
}

/**
 * Whether this may be `deno run --watch`. It calls the listeners of SIGTERM, in this process, when a
 * file has changed; an exit then becomes a restart, but a signal ends the watcher (Deno 2.9,
 * https://github.com/denoland/deno/issues/35942). True if it is unknown.
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
    return true; // not Linux, or Deno demands all permissions for /proc
  }
}

/** What a shell adds to 128 for a process that ended by the signal. */
function numberOf(signal: SignalName): number {
  const { signals } = process.getBuiltinModule("node:os").constants;
  return signals[signal] ?? 0;
}
