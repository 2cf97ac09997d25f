/**
 * The inspector that Deno opens on SIGUSR1, whether or not somebody listens to the signal (Deno 2.9.2,
 * https://github.com/denoland/deno/pull/35738): a port on which everybody on the machine may run code in
 * the process. Node leaves the signal to who listens to it; Bun opens nothing.
 */
import { clearInterval, setInterval } from "node:timers";
import { deno } from "../_deno_types.ts";
import { mayInspect } from "./permissions.ts";

/** For Deno to open it, after the listener was called. */
const OPENS_WITHIN_MS = 5_000;
const LOOK_MS = 10;

/** When to stop looking; `undefined` while nobody looks. */
let end: number | undefined;

/**
 * To be called by who has heard SIGUSR1: closes the inspector that the signal opens. One that was open
 * before is the operator's and stays; so does all without `--allow-sys`.
 */
export function closeSignalInspector(): void {
  if (deno === undefined || !mayInspect()) return;
  const inspector = process.getBuiltinModule("node:inspector");
  const isLooking = end !== undefined;
  if (!isLooking && inspector.url() !== undefined) return;
  end = performance.now() + OPENS_WITHIN_MS;
  if (isLooking) return;
  const look = setInterval(() => {
    if (inspector.url() !== undefined) inspector.close();
    if (performance.now() < end!) return;
    end = undefined;
    clearInterval(look);
  }, LOOK_MS);
  look.unref(); // the process does not live on for it
}
