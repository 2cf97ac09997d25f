/**
 * What is open and in progress on one server, and who is told when that changes: the limit on
 * concurrency, a shutdown, the access log and `server.stats` read it here.
 */
import type { RequestRecord } from "../../logging/access/request_record.ts";
import { type Indexed, IndexedList } from "./indexed_list.ts";
import { Observers } from "./observers.ts";
import { OpenConnections } from "./open_connections.ts";
import type { ServerObserver } from "./server_observer.ts";

/**
 * How long a connection that was just in use is left open when draining begins, in milliseconds:
 * its next request may have been sent already, and closing would lose it. On the coarse clock this
 * is up to twice as long.
 */
export const LAST_CALL_MS = 250;

/** What the server does with an application's call. */
export interface TrackedCall extends Indexed {
  /** Stops waiting for it. @param reason What its signal tells. */
  cancel(reason: Error): void;
}

/** A request that waits until it may be counted as a call. */
export interface WaitingRequest {
  /** A slot is handed to it: it uses it, or gives it back by `releaseConcurrency`. */
  onSlot(): void;
}

/** What a tracker counts, and for whom. */
export interface TrackerOptions {
  /** Whether the connections of each client are counted. Default: `false`. */
  readonly countsClients?: boolean;
  /** Are told what happens, in this order. Default: none. More of them: `observe`. */
  readonly observers?: readonly ServerObserver[];
  /** Whether it is kept when each request began, for those who look. Default: `false`. */
  readonly keepsStartTimes?: boolean;
}

/** One for each server. */
export class Tracker {
  /** Open connections. */
  readonly connections: OpenConnections;
  /** Calls that have not returned though their connection has gone on or is gone. */
  readonly detachedCalls: IndexedList<TrackedCall> = new IndexedList();
  /** Who is told what happens. */
  readonly observers: Observers = new Observers();
  /** Whether {@linkcode endRequest} is to be given a record. */
  wantsRecords = false;
  /** Whether it is to be noted when a request begins, for records or for who looks. */
  keepsStartTimes: boolean;
  /** In the order of arrival. */
  readonly #waiting: Set<WaitingRequest> = new Set();
  #progressObservers: readonly (() => void)[] = [];
  #isDraining = false;
  #lastCallMs = LAST_CALL_MS;
  #runningCalls = 0;
  #concurrentCalls = 0;
  #totalRequests = 0;
  #lastConnectionId = 0;

  constructor(options: TrackerOptions = {}) {
    this.connections = new OpenConnections(options.countsClients);
    this.keepsStartTimes = options.keepsStartTimes === true;
    for (const observer of options.observers ?? []) this.observe(observer);
  }

  /** Tells `observer` what happens from now on. To be called before connections are accepted. */
  observe(observer: ServerObserver): void {
    this.observers.add(observer);
    if (!this.observers.observesRequests) return;
    this.wantsRecords = this.keepsStartTimes = true;
  }

  /** Whether the server is shutting down: responses close their connection. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** While draining: how long a connection that was just in use is left open, in milliseconds. */
  get lastCallMs(): number {
    return this.#lastCallMs;
  }

  /** Application calls that have not returned. */
  get runningCalls(): number {
    return this.#runningCalls;
  }

  /**
   * Those among them that count against the concurrency limit: all but the ones whose response is
   * complete. A call whose client has left counts until it returns.
   */
  get concurrentCalls(): number {
    return this.#concurrentCalls;
  }

  /** Requests that wait until they may be counted as calls. */
  get waitingRequests(): number {
    return this.#waiting.size;
  }

  /** Responses completed or cut off, refusals included. */
  get totalRequests(): number {
    return this.#totalRequests;
  }

  /** How many connections there have been. */
  get lastConnectionId(): number {
    return this.#lastConnectionId;
  }

  /** The number of a connection that has opened. */
  nextConnectionId(): number {
    return ++this.#lastConnectionId;
  }

  /**
   * From now on responses close their connection.
   *
   * @param lastCallMs See {@linkcode Tracker.lastCallMs}.
   */
  startDraining(lastCallMs: number = LAST_CALL_MS): void {
    this.#isDraining = true;
    this.#lastCallMs = lastCallMs;
  }

  /** The application is called. */
  startCall(): void {
    this.#runningCalls++;
    this.#concurrentCalls++;
  }

  /** The same for a call that does not count against the concurrency limit. */
  startUncountedCall(): void {
    this.#runningCalls++;
  }

  /**
   * The response of a call is complete, which counts against the limit no longer. At most once. A
   * request that waits takes its place, and the count stays as it is.
   */
  releaseConcurrency(): void {
    if (this.#waiting.size === 0) this.#concurrentCalls--;
    else this.#handOver();
  }

  #handOver(): void {
    const [first] = this.#waiting;
    this.#waiting.delete(first!);
    first!.onSlot();
  }

  /** Hands `request` the next slot, after those that wait already. */
  waitForSlot(request: WaitingRequest): void {
    this.#waiting.add(request);
  }

  /** `request` waits no longer. */
  stopWaiting(request: WaitingRequest): void {
    this.#waiting.delete(request);
  }

  /** A slot that was handed over is free, for a call that starts right now. */
  returnSlot(): void {
    this.#concurrentCalls--;
  }

  /** A call has returned, after {@linkcode releaseConcurrency}. */
  endCall(call: TrackedCall): void {
    this.#runningCalls--;
    this.detachedCalls.delete(call);
    this.onProgress();
  }

  /**
   * A response is complete or was cut off.
   *
   * @param record Needed if `wantsRecords`.
   * @param started What `observers.onRequestStart` returned, if the application was called.
   */
  endRequest(
    record: RequestRecord | undefined,
    started?: readonly unknown[],
  ): void {
    this.#totalRequests++;
    if (record !== undefined) this.observers.onRequestEnd(record, started);
    this.onProgress();
  }

  /** Something has ended: a connection, a call or a request. Tells those who wait for that. */
  onProgress(): void {
    for (const observer of this.#progressObservers) observer();
  }

  /**
   * Calls `observer` whenever something has ended.
   *
   * @returns A function that stops it.
   */
  observeProgress(observer: () => void): () => void {
    // A new array for each change: an observer may stop while all are being told.
    this.#progressObservers = [...this.#progressObservers, observer];
    return () => {
      this.#progressObservers = this.#progressObservers.filter((other) =>
        other !== observer
      );
    };
  }
}
