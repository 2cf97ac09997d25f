/** Uncaught errors. Without a listener, every runtime ends the process for one. */
import { deno } from "../_deno_types.ts";
import type { UncaughtKind } from "../types.ts";

/** See `Runtime.onUncaught`. */
export function onUncaught(
  listener: (error: unknown, kind: UncaughtKind) => void,
): () => void {
  return deno === undefined ? onProcess(listener) : onGlobal(listener);
}

/**
 * Node and Bun. Both report the rejection of an `async` listener of an EventTarget as an exception:
 * they rethrow it from a callback of their own.
 */
function onProcess(
  listener: (error: unknown, kind: UncaughtKind) => void,
): () => void {
  const onRejection = (reason: unknown): void => listener(reason, "rejection");
  const onException = (error: unknown): void => listener(error, "exception");
  process.on("unhandledRejection", onRejection);
  process.on("uncaughtException", onException);
  return () => {
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}

/** Deno, with the events of the web platform: those of node:process would load that module. */
function onGlobal(
  listener: (error: unknown, kind: UncaughtKind) => void,
): () => void {
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    listener(event.reason, "rejection");
  };
  const onError = (event: ErrorEvent): void => {
    event.preventDefault();
    listener(event.error, "exception");
  };
  addEventListener("unhandledrejection", onRejection);
  addEventListener("error", onError);
  return () => {
    removeEventListener("unhandledrejection", onRejection);
    removeEventListener("error", onError);
  };
}
