/** Work of one request that goes on after its response: what `waitUntil()` was given. */
import type { Logger } from "../../../logging/logger.ts";

/** Promises of one request. Its call lasts until they settle, so a shutdown waits for them. */
export class RequestWork {
  readonly #logger: Logger;
  #pending: Promise<unknown>[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Takes a promise; anything else is done already. A rejection is logged. */
  add(work: unknown): void {
    this.#pending.push(
      Promise.resolve(work).catch((error: unknown) => {
        this.#logger.error("Exception in work given to waitUntil()", { error });
      }),
    );
  }

  /** Resolves when all is done, what was added meanwhile included. Never rejects. */
  async settled(): Promise<void> {
    while (this.#pending.length > 0) {
      const pending = this.#pending;
      this.#pending = [];
      await Promise.all(pending);
    }
  }
}
