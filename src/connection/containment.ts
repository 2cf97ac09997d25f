/**
 * A bug of ours that one connection runs into ends that connection alone. Socket callbacks are
 * contained by the adapters (runtime/types.ts), the end of a turn by turn_end.ts, the clock by
 * deadlines.ts, the call of the application by the cycles, and everything else that is called back
 * by {@linkcode guarded}.
 */
import type { Logger } from "../logging/logger.ts";

/** What is ended by a failure. */
export interface Contained {
  /** Logs what was thrown and ends the connection; must not throw. */
  onFailure(thrown: unknown): void;
}

/** `callback`, with what it throws ending `connection` alone. */
export function guarded(
  connection: Contained,
  callback: () => void,
): () => void {
  return () => {
    try {
      callback();
    } catch (thrown) {
      connection.onFailure(thrown);
    }
  };
}

/** Logs what went wrong inside of a connection, with its stack. */
export function logFailure(logger: Logger, thrown: unknown): void {
  logger.error("Unexpected error in Tricorn: the connection is closed", {
    error: thrown,
  });
}
