/** How a program ends. */
import type { SignalName } from "../runtime/types.ts";

/** How the program should end. */
export interface Ending {
  /** 0 after an orderly end, 1 after a failed one, 2 for wrong usage, 3 for a failed start. */
  readonly exitCode: number;
  /** The signal to end by, so that a process manager sees that its SIGTERM was handled. */
  readonly signal?: SignalName;
}
