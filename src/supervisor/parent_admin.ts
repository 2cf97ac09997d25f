/** The admin listener of a parent: from its start, or from when it takes over, to its end. */
import { AdminListener } from "../admin/admin_listener.ts";
import type { AdminSources } from "../admin/admin_app.ts";
import { ListenError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import type { StartTimer } from "../server/timers.ts";

/** Between two tries to have the address of the parent before, in milliseconds. */
const RETRY_MS = 1000;

/** One listener, if it can be had. */
export class ParentAdmin {
  readonly #address: string;
  readonly #sources: AdminSources;
  readonly #logger: Logger;
  readonly #startTimer: StartTimer;
  #listener: AdminListener | undefined;
  #isClosed = false;
  #stopRetrying: () => void = () => {};

  constructor(
    address: string,
    sources: AdminSources,
    logger: Logger,
    startTimer: StartTimer,
  ) {
    this.#address = address;
    this.#sources = sources;
    this.#logger = logger;
    this.#startTimer = startTimer;
  }

  /**
   * Listens.
   *
   * @param takesOver Whether the address may be that of a parent which hands over later: then it is
   * left to {@linkcode ParentAdmin.takeOver}.
   * @throws ListenError if the address cannot be had.
   */
  async open(takesOver: boolean): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      const { code } = error as Partial<ListenError>;
      if (!takesOver || code !== "EADDRINUSE") throw error;
    }
  }

  /** Listens now that the parent of before does not any more; tries again until it can. */
  async takeOver(): Promise<void> {
    try {
      if (this.#listener === undefined && !this.#isClosed) await this.#listen();
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      this.#logger.error(
        `${error.message}. Trying again every ${RETRY_MS / 1000} second.`,
      );
      this.#retryLater();
    }
  }

  /** Ends it. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopRetrying();
    await this.#listener?.close();
  }

  async #listen(): Promise<void> {
    const listener = await AdminListener.open(
      this.#address,
      this.#sources,
      this.#logger,
    );
    if (this.#isClosed) await listener.close();
    else this.#listener = listener;
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    this.#stopRetrying = this.#startTimer(RETRY_MS, () => {
      // What is wrong is in the log already.
      void this.#listen().catch(() => this.#retryLater());
    });
  }
}
