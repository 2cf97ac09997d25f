/**
 * A bug of ours that one connection runs into ends that connection alone. Each connection catches
 * what its own socket callbacks throw, the end of a turn (runtime/process/turns.ts) what its listeners
 * do, deadlines.ts the clock, the cycles what follows a call of the application, and
 * {@linkcode contained} what waits for the end of one.
 */
import type { Logger } from "../logging/logger.ts";
import type { TurnListener } from "../runtime/types.ts";

/** What is ended by a failure. */
export interface Contained {
  /** Logs what was thrown and ends the connection; must not throw. */
  onFailure(thrown: unknown): void;
}

/** `callback` for the end of a turn, with what it throws ending `connection` alone. */
export function contained(
  connection: Contained,
  callback: () => void,
): TurnListener {
  return {
    onTurnEnd: callback,
    onFailure: (thrown) => connection.onFailure(thrown),
  };
}

/**
 * Calls back when the turn after this one is over, so that what is in the kernel already has been
 * read by then. What `callback` throws ends `connection` alone.
 */
export function afterWholeTurn(
  { atTurnEnd }: { readonly atTurnEnd: (listener: TurnListener) => void },
  connection: Contained,
  callback: () => void,
): void {
  const last = contained(connection, callback);
  atTurnEnd(contained(connection, () => atTurnEnd(last)));
}

/** Logs what went wrong inside of a connection, with its stack. */
export function logFailure(logger: Logger, thrown: unknown): void {
  logger.error("Unexpected error in Tricorn: the connection is closed", {
    error: thrown,
  });
}
