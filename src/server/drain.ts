/** The phases of a graceful shutdown between the last accept and the application's own end. */
import type { Tracker } from "../connection/tracking/tracker.ts";
import type { Logger } from "../logging/logger.ts";
import type { StartTimer } from "./timers.ts";

/** Time that connections get to close after their requests were cut off, in milliseconds. */
const LAST_WORDS_MS = 500;

/**
 * Time that passes before it is worth a line that connections are waited for, in milliseconds: this
 * beyond what a connection that was just in use is left open, twice on the coarse clock.
 */
const WAITING_LINE_MS = 300;

/**
 * Time without a sign of any client after which nothing is on its way from this machine, in
 * milliseconds: what is written here is here at once, so that only a client that was kept from
 * running could still have meant to write. That happens on a machine that is short of processors, so
 * it holds only where somebody waits for the end of this process: see docs/decisions.md.
 */
const LOCAL_SILENCE_MS = 50;
/** How often it is looked for such signs, in milliseconds. Each look is a turn that reads. */
const LOOK_MS = 10;

/** What a drain is told while it waits. */
export interface DrainInterrupts {
  /** Resolves when nobody is to be waited for any more. */
  readonly forced: Promise<void>;
  /** Resolves when a later, shorter limit runs out. */
  readonly timedOut: Promise<void>;
  /** TLS handshakes that have not ended: their connections are not there yet. */
  readonly handshakes: () => number;
  /** Whether `forced` has resolved. */
  readonly isForced: () => boolean;
  /** Whether another process serves in its place. */
  readonly isReplaced: boolean;
  /** How long a connection that was just in use is left open, in milliseconds. */
  readonly lastCallMs: number;
  /** How to force it, such as ` (CTRL+C to force quit)`; or `""`. */
  readonly forceHint: string;
}

/** Lets the connections of one server come to an end. */
export class Drain {
  readonly #tracker: Tracker;
  readonly #logger: Logger;
  readonly #startTimer: StartTimer;
  readonly #interrupts: DrainInterrupts;
  /** Requests and WebSockets that were cut off. */
  #cutOffs = 0;

  constructor(
    tracker: Tracker,
    logger: Logger,
    startTimer: StartTimer,
    interrupts: DrainInterrupts,
  ) {
    this.#tracker = tracker;
    this.#logger = logger;
    this.#startTimer = startTimer;
    this.#interrupts = interrupts;
  }

  /** Whether a request or WebSocket was cut off. */
  get wasCutOff(): boolean {
    return this.#cutOffs > 0;
  }

  /** Ends all connections: at once if they are idle, after their response, or after `limitMs`. */
  async run(limitMs: number): Promise<void> {
    const tracker = this.#tracker;
    const { forced, timedOut, isReplaced, lastCallMs } = this.#interrupts;
    const isQuiet = () => this.#isQuiet();
    const hadWork = !isQuiet();
    const finished = tracker.totalRequests;
    if (hadWork) this.#logger.info(`Draining ${describeLoad(tracker)}`);
    tracker.connections.each((connection) => connection.drain());
    // Most connections close at once: only those that do not are worth a line.
    const stopTelling = this.#startTimer(
      2 * lastCallMs + WAITING_LINE_MS,
      () => this.#tellWaiting(),
    );
    const stopLooking = isReplaced ? undefined : this.#closeSilent();
    const isDone = await this.#until(
      isQuiet,
      limitMs,
      Promise.race([forced, timedOut]),
    );
    stopLooking?.();
    stopTelling();
    const answered = tracker.totalRequests - finished;
    if (!isDone) await this.#cutOff();
    if (!hadWork) return;
    this.#logger.info(
      `Drained: ${
        counted(answered, "request")
      } ended, ${this.#cutOffs} cut off`,
    );
  }

  /**
   * Waits until `isMet`, for `ms` at most, or until `broken`.
   *
   * @returns Whether it is met.
   */
  async #until(
    isMet: () => boolean,
    ms: number,
    broken?: Promise<void>,
  ): Promise<boolean> {
    if (isMet()) return true;
    const met = Promise.withResolvers<void>();
    const stopObserving = this.#tracker.observeProgress(() => {
      if (isMet()) met.resolve();
    });
    const stopTimer = this.#startTimer(ms, met.resolve);
    await (broken === undefined
      ? met.promise
      : Promise.race([met.promise, broken]));
    stopTimer();
    stopObserving();
    return isMet();
  }

  #isQuiet(): boolean {
    const { connections, runningCalls } = this.#tracker;
    return connections.size === 0 && runningCalls === 0 &&
      this.#interrupts.handshakes() === 0;
  }

  /**
   * Closes idle connections from this machine in a silence. Others stay for as long as a request
   * may take through a network.
   *
   * @returns A function that stops looking for one.
   */
  #closeSilent(): () => void {
    const tracker = this.#tracker;
    const signs = (): string =>
      `${tracker.lastConnectionId} ${tracker.totalRequests} ${tracker.runningCalls}`;
    let seen = signs();
    let silentMs = 0;
    const look = (): void => {
      stop = this.#startTimer(LOOK_MS, look);
      const now = signs();
      silentMs = now === seen ? silentMs + LOOK_MS : 0;
      seen = now;
      if (silentMs < LOCAL_SILENCE_MS) return;
      tracker.connections.each((connection) => {
        if (isLocal(connection.clientHost)) connection.closeIdle?.();
      });
    };
    let stop = this.#startTimer(LOOK_MS, look);
    return () => stop();
  }

  #tellWaiting(): void {
    const what = this.#tracker.connections.size > 0
      ? "Waiting for connections to close."
      : "Waiting for background tasks to complete.";
    this.#logger.info(
      `${what}${this.#interrupts.forceHint} Left: ${
        describeLoad(this.#tracker)
      }`,
    );
  }

  /** Stops waiting: applications are told by their abort signal, connections are closed. */
  async #cutOff(): Promise<void> {
    const tracker = this.#tracker;
    const running = tracker.runningCalls;
    let busy = 0;
    for (const connection of tracker.connections) if (connection.isBusy) busy++;
    // A call belongs to a busy connection, or runs on after it.
    this.#cutOffs = Math.max(running, busy);
    const isForced = this.#interrupts.isForced();
    if (isForced) {
      this.#logger.warning(
        `Forced to stop, cutting off ${describeLoad(tracker)}`,
      );
    } else {
      this.#logger.info(
        `Cut off by the shutdown: ${
          describeLoad(tracker)
        }. (timeout graceful shutdown exceeded)`,
      );
    }
    const reason = isForced
      ? new DOMException("The server was stopped by force", "AbortError")
      : new DOMException(
        "Task cancelled, timeout graceful shutdown exceeded",
        "TimeoutError",
      );
    tracker.connections.each((connection) => connection.abort(reason));
    for (const call of [...tracker.detachedCalls]) call.cancel(reason);
    if (!isForced) {
      await this.#until(
        () => this.#isQuiet(),
        LAST_WORDS_MS,
        this.#interrupts.forced,
      );
    }
    tracker.connections.each((connection) => connection.destroy());
    // They are told of their end in a later turn.
    await this.#until(() => tracker.connections.size === 0, LAST_WORDS_MS);
  }
}

/** Whether a client is on this machine: it has no address behind a UNIX socket. */
function isLocal(host: string | undefined): boolean {
  return host === undefined || host === "::1" || host.startsWith("127.");
}

/** What there is, for the log, such as `3 connections (1 WebSocket, 1 idle) and 2 running tasks`. */
function describeLoad(tracker: Tracker): string {
  let webSockets = 0;
  let idle = 0;
  for (const connection of tracker.connections) {
    if (connection.isWebSocket) webSockets++;
    else if (!connection.isBusy) idle++;
  }
  return `${counted(tracker.connections.size, "connection")} (${
    counted(webSockets, "WebSocket")
  }, ${idle} idle) and ${counted(tracker.runningCalls, "running task")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
