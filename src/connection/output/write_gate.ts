/** Water marks: when a connection stops reading, and when `send()` must wait. */

/**
 * Undelivered request body bytes at which the socket stops reading. One socket read
 * may overshoot it, so a connection holds at most this and one read.
 */
export const READ_HIGH_WATER: number = 64 * 1024;

/** Bytes the kernel has not taken at which `send()` waits. */
export const WRITE_HIGH_WATER: number = 64 * 1024;

/**
 * Bytes a response may hand over without leaving the turn. A kernel that takes everything would
 * otherwise let one endless response keep every other connection, timer and signal waiting.
 */
export const WRITES_PER_TURN: number = 256 * 1024;

/** One resolved promise for every `send()` that has nothing to wait for. */
export const RESOLVED: Promise<void> = Promise.resolve();

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Senders that wait until the transport can take more. */
export class WriteGate {
  #waiters: Waiter[] | undefined;

  /** Resolves at the next {@linkcode open}, rejects at the next {@linkcode fail}. */
  wait(): Promise<void> {
    const promise = new Promise<void>((resolve, reject) =>
      (this.#waiters ??= []).push({ resolve, reject })
    );
    promise.catch(ignore); // an application need not await its send()
    return promise;
  }

  /** Lets everybody who waits go on. */
  open(): void {
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    this.#waiters = undefined;
    for (const waiter of waiters) waiter.resolve();
  }

  /** Fails everybody who waits: nobody hangs when the peer leaves. */
  fail(error: Error): void {
    const waiters = this.#waiters ?? [];
    this.#waiters = undefined;
    for (const waiter of waiters) waiter.reject(error);
  }
}

function ignore(): void {}
