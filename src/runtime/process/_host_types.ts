/** The contract of host_deno.ts and host_node.ts. */
import type { FileKind, SignalName } from "../types.ts";

/** What every start needs of its process. All of it is synchronous. */
export interface Host {
  /** `linux`, `darwin`, `win32`, … */
  readonly platform: string;
  readonly pid: number;
  /** Arguments after the script. */
  readonly args: readonly string[];
  cwd(): string;
  /** An environment variable, `undefined` if it is unset. The caller checks the permission. */
  env(name: string): string | undefined;
  /** Sets an environment variable. The caller checks the permission. */
  setEnv(name: string, value: string | undefined): void;
  /** The names of all environment variables. The caller checks the permission. */
  envNames(): string[];
  /** Whether `fd`, 0 to 2, is a terminal. */
  isTerminal(fd: number): boolean;
  /** The text of a file. Throws with the system's `code`. */
  readText(path: string): string;
  /** See `fileKind` of mod.ts. */
  fileKind(path: string): FileKind | undefined;
  /** Throws for a signal that does not exist here. */
  addSignalListener(signal: SignalName, listener: () => void): void;
  removeSignalListener(signal: SignalName, listener: () => void): void;
}
