import { RUNTIME } from "./this_runtime.ts";

/** A value of `--loop` that runs here, and its name in those of tests. */
export interface Loop {
  readonly loop: "native" | "node";
  /** Native sockets are marked as those of the runtimes that have them. */
  readonly label: string;
}

const NODE: Loop = { loop: "node", label: "node" };
const NATIVE: Loop = { loop: "native", label: "[deno] [bun] native" };

/** The sockets of this runtime. */
export const LOOPS: readonly Loop[] = RUNTIME === "node"
  ? [NODE]
  : [NATIVE, NODE];
