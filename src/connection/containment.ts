/**
 * A bug of ours that one connection runs into ends that connection alone. Each connection catches
 * what its own socket callbacks throw, flush_scheduler.ts what the end of a turn does, deadlines.ts the
 * clock, the cycles what follows a call of the application, and {@linkcode guarded} the rest.
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
