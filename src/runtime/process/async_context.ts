/** The asynchronous context, which `AsyncLocalStorage` of `node:async_hooks` keeps its stores in. */
import type { RunInContext } from "../types.ts";

let load: () => void;
/**
 * A callback of a promise runs in the context in which it was added: here that of the import, which
 * no store surrounds. Taking the snapshot now would load node:async_hooks at every start.
 */
const outermost = new Promise<void>((resolve) => load = resolve).then(() =>
  process.getBuiltinModule("node:async_hooks").AsyncLocalStorage
    .snapshot() as RunInContext
);

/** Resolves to a function that calls others outside of all stores. */
export function outsideOfContext(): Promise<RunInContext> {
  load();
  return outermost;
}
