/** What is steered over a control socket: one process that serves, or the parent of workers. */
import type { ProcessStatus, ServerPhase } from "../server/process_status.ts";

/** One process that serves, as its parent knows it. */
export interface WorkerStatus extends ProcessStatus {
  /** Its place among the workers, from 0; stays the same when it is replaced. */
  readonly slot: number;
  /** How often a process in this place was replaced. */
  readonly restarts: number;
  /** Whether it answered just now. If not, its other figures are those it told last. */
  readonly isResponding: boolean;
}

/** A whole server, as of now. Plain data: `tricorn status --json` prints it. */
export interface ServerStatus {
  /** Of Tricorn. */
  readonly version: string;
  /** Name and version, such as `node 24.22.3`. */
  readonly runtime: string;
  /** Of the process that is steered. */
  readonly pid: number;
  /** What is served, as it was named; `(a function)` for a program's own. */
  readonly application: string;
  readonly phase: ServerPhase;
  /** Seconds since it began to serve. */
  readonly uptimeSeconds: number;
  /** URLs, and paths of UNIX sockets. */
  readonly addresses: readonly string[];
  /** How many workers were replaced, for whatever reason. */
  readonly restarts: number;
  /** The processes that serve: without workers the same one, in a list. */
  readonly workers: readonly WorkerStatus[];
}

/** What the control socket calls. */
export interface Controlled {
  status(): Promise<ServerStatus>;
  /** Ends the server, gracefully or at once. Returns at once. */
  stop(isForced: boolean): void;
  /**
   * Does what SIGHUP does. Resolves with what has happened, a sentence without period; rejects with
   * an error whose message says why nothing has changed.
   */
  reload(): Promise<string>;
}
