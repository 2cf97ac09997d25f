/** Programs that find sockets of ours among their descriptors: see hand_over.py. */
import { join } from "node:path";
import { needsProgram, PYTHON } from "./needs.ts";
import { ROOT } from "./this_runtime.ts";

/** A socket, or something else, that the program finds as descriptor `at`. */
export interface Given {
  readonly kind: string;
  readonly at: number;
  readonly path?: string;
  readonly listens?: boolean;
}

/** Whether to skip because there is no Python; throws as `needsProgram` does. */
export function needsHandOver(): string | false {
  return needsProgram(PYTHON);
}

/**
 * The beginning of a command line: what is added to it finds the sockets.
 *
 * @param activates Whether LISTEN_FDS tells of them, as systemd does.
 */
export function handOver(
  sockets: readonly Given[],
  activates: boolean = false,
): string[] {
  const script = join(ROOT, "tests/_support/hand_over.py");
  return [PYTHON, script, JSON.stringify({ sockets, activates })];
}
