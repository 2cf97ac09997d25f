/** What has been asked of a server that is to end, and the waits that it ends. */
import type { StartTimer } from "./timers.ts";

/** How to stop. */
export interface StopOptions {
  /**
   * Seconds that requests in progress get before they are cut off; default: the option
   * `timeoutGracefulShutdown`.
   */
  readonly timeout?: number;
  /**
   * Seconds to go on as before, for load balancers that have to learn of it first; default: the
   * option `shutdownDelay`.
   */
  readonly delay?: number;
  /**
   * @internal Whether another process serves in its place, so that nobody waits for this end. Default:
   * `false`.
   */
  readonly isReplaced?: boolean;
}

/** Made once, and changed by every later call: times get shorter, and it can be forced. */
export class StopRequest {
  /** For requests in progress, in milliseconds. */
  timeoutMs: number;
  /** Before anything changes, in milliseconds. */
  delayMs: number;
  readonly #requested = Promise.withResolvers<void>();
  readonly #forced = Promise.withResolvers<void>();
  readonly #timedOut = Promise.withResolvers<void>();
  readonly #delayEnded = Promise.withResolvers<void>();
  readonly #startTimer: StartTimer;
  readonly #stopTimers: (() => void)[] = [];
  #isRequested = false;
  #isForced = false;
  #isReplaced = false;
  #hasBegun = false;

  /** @param defaults In milliseconds, for when `stop()` gives none. */
  constructor(
    defaults: { readonly timeoutMs: number; readonly delayMs: number },
    startTimer: StartTimer,
  ) {
    this.timeoutMs = defaults.timeoutMs;
    this.delayMs = defaults.delayMs;
    this.#startTimer = startTimer;
  }

  /** Resolves when the server is to end. */
  get requested(): Promise<void> {
    return this.#requested.promise;
  }

  /** Resolves when nothing is to be waited for any more. */
  get forced(): Promise<void> {
    return this.#forced.promise;
  }

  /** Resolves when a timeout runs out that was given during the shutdown. */
  get timedOut(): Promise<void> {
    return this.#timedOut.promise;
  }

  /** Resolves when a delay runs out that was given during the shutdown. */
  get delayEnded(): Promise<void> {
    return this.#delayEnded.promise;
  }

  /** Whether the server is to end. */
  get isRequested(): boolean {
    return this.#isRequested;
  }

  /** Whether another process serves in its place. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** Whether it is to end now. */
  get isForced(): boolean {
    return this.#isForced;
  }

  /** Asks the server to end, or changes how long that may take. */
  request(options: StopOptions = {}): void {
    const { timeout, delay, isReplaced } = options;
    this.#isReplaced = isReplaced ?? this.#isReplaced;
    if (timeout !== undefined) {
      this.timeoutMs = timeout * 1000;
      this.#countAnew(this.timeoutMs, this.#timedOut.resolve);
    }
    if (delay !== undefined) {
      this.delayMs = delay * 1000;
      this.#countAnew(this.delayMs, this.#delayEnded.resolve);
    }
    this.#isRequested = true;
    this.#requested.resolve();
  }

  /** Asks the server to end now. */
  force(): void {
    this.#isForced = true;
    this.request();
    this.#forced.resolve();
  }

  /** The shutdown begins: times that are given from now on count from when they are given. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** The server has ended. */
  end(): void {
    this.#hasBegun = false;
    for (const stop of this.#stopTimers.splice(0)) stop();
  }

  #countAnew(ms: number, callback: () => void): void {
    if (!this.#hasBegun) return; // it is counted when the shutdown gets there
    this.#stopTimers.push(this.#startTimer(ms, callback));
  }
}
