/** One worker as its parent sees it: from the start of its process to the end. */
import type { Child, ChildExit } from "../runtime/types.ts";
import type { Readiness } from "../server/health/readiness.ts";
import type { ProcessStatus } from "../server/process_status.ts";
import type { TopicLinkMessage } from "../topics/link.ts";
import {
  fromWorker,
  type MetricsMessage,
  type StartMessage,
  type Vitals,
} from "./messages.ts";
import { Question } from "./question.ts";

/** How far a worker has come. It only moves forward. */
export type WorkerState =
  /** Its process starts, loads the application and listens. */
  | "starting"
  /** It accepts connections. */
  | "ready"
  /** It was told to end. */
  | "ending"
  /** Its process is gone, or could not be started. */
  | "ended";

/** What is expected of a worker, in milliseconds. */
export interface WorkerRules {
  /** To answer a ping. */
  readonly healthMs: number;
  /** From the start to readiness. */
  readonly readyMs: number;
  /** To end, once it was told to: then it is killed. */
  readonly endMs: number;
  /** It is replaced at this age; `Infinity` for never. */
  readonly maxAgeMs: number;
  /** Up to so much is added to that, at random. */
  readonly maxAgeJitterMs: number;
  /** It is replaced when it holds more bytes; `Infinity` for never. */
  readonly maxMemoryBytes: number;
}

/** What a worker is started with. */
export interface WorkerStart {
  /** Its index, from 0. */
  readonly index: number;
  readonly message: StartMessage;
  readonly rules: WorkerRules;
  /** Between 0 and 1, for what is drawn by lot. */
  readonly lot: number;
}

/** Why a worker was killed. */
export type KillReason = "blocked" | "notReady" | "notEnding";

/** Who is told about a worker. All calls are synchronous, in the order of events. */
export interface WorkerEvents {
  onReady(worker: WorkerHandle): void;
  /** It has served as many requests as it may. */
  onSpent(worker: WorkerHandle, requests: number): void;
  /** It has published a message for all others. */
  onTopic(worker: WorkerHandle, message: TopicLinkMessage): void;
  /** It tells what it has counted. */
  onMetrics(worker: WorkerHandle, message: MetricsMessage): void;
  /** It is about to be killed. */
  onKill(worker: WorkerHandle, reason: KillReason): void;
  /** The last call, exactly once. */
  onEnd(worker: WorkerHandle): void;
}

/** Milliseconds between looks at a worker. A late one counts as two at most. */
export const LOOK_MS = 250;
/** Milliseconds from an answer to the next ping. */
const PING_EVERY_MS = 1000;
/** Samples of memory in a row, one a ping, that are too large by then. */
const LARGE_SAMPLES = 5;
/** For a worker that was told to end at once, in milliseconds. */
const STOP_MS = 1000;

/** One worker. */
export class WorkerHandle {
  /** Its index, from 0. */
  readonly index: number;
  /** Resolves once it is ready, or will never be. */
  readonly settled: Promise<void>;
  /** Resolves once its process is gone. */
  readonly ended: Promise<void>;
  readonly #settled = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #rules: WorkerRules;
  readonly #maxAgeMs: number;
  readonly #events: WorkerEvents;
  #state: WorkerState = "starting";
  #child: Child | undefined;
  #exit: ChildExit | undefined;
  #startError: unknown;
  /** Time in the present state, in milliseconds: time in which the parent stood still is left out. */
  #stateMs = 0;
  #readyMs = 0;
  #isReady = false;
  #pingId = 0;
  #isAsked = false;
  /** Since the last ping, or the last answer. */
  #waitedMs = 0;
  #endMs: number;
  #isKilled = false;
  #isDraining = false;
  #vitals: Vitals | undefined;
  #largeSamples = 0;
  #onProbed: ((status: number) => void) | undefined;
  readonly #status = new Question<ProcessStatus>((id) =>
    this.send({ kind: "status", id })
  );
  readonly #readiness = new Question<Readiness>((id) =>
    this.send({ kind: "readiness", id })
  );
  readonly #metrics = new Question<true>((id) =>
    this.send({ kind: "metrics", id })
  );

  /** @param spawn Starts the process. */
  constructor(
    { index, message, rules, lot }: WorkerStart,
    spawn: () => Promise<Child>,
    events: WorkerEvents,
  ) {
    this.index = index;
    this.settled = this.#settled.promise;
    this.ended = this.#ended.promise;
    this.#rules = rules;
    this.#endMs = rules.endMs;
    this.#maxAgeMs = rules.maxAgeMs + lot * rules.maxAgeJitterMs;
    this.#events = events;
    spawn().then(
      (child) => this.#onStarted(child, message),
      (error: unknown) => {
        this.#startError = error;
        this.#end({ code: null, signal: null });
      },
    );
  }

  /** See {@linkcode WorkerState}. */
  get state(): WorkerState {
    return this.#state;
  }

  /** Process id; `undefined` until there is a process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it has ever been ready. */
  get hasBeenReady(): boolean {
    return this.#isReady;
  }

  /** For how long it has been ready, in milliseconds. */
  get readyMs(): number {
    return this.#readyMs;
  }

  /** What it told last; `undefined` before its first answer. */
  get vitals(): Vitals | undefined {
    return this.#vitals;
  }

  /** For how long it has owed an answer, in milliseconds. */
  get silentMs(): number {
    return this.#isAsked ? this.#waitedMs : 0;
  }

  /** Whether it answers: false once a ping has waited for more than two seconds. */
  get isResponding(): boolean {
    return this.silentMs <= 2 * PING_EVERY_MS;
  }

  /** Whether it was killed by this parent. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /**
   * Whether it ended in another way than it was told to: it failed to drain, or was killed for it. One
   * that was dead before it could hear of a drain has not failed: the kernel may tell of a signal to the
   * parent before it tells of a death that came first.
   */
  get hasFailedToEnd(): boolean {
    return this.#isReady && this.#exit?.code !== 0 &&
      (this.#isDraining || this.#isKilled);
  }

  /** How its process ended; `undefined` before. */
  get exit(): ChildExit | undefined {
    return this.#exit;
  }

  /** Why its process could not be started; `undefined` if it could. */
  get startError(): unknown {
    return this.#startError;
  }

  /** Why it is to be replaced; `undefined` if it may stay. */
  get wornOut(): "age" | "memory" | undefined {
    if (this.#state !== "ready") return undefined;
    if (this.#readyMs >= this.#maxAgeMs) return "age";
    return this.#largeSamples >= LARGE_SAMPLES ? "memory" : undefined;
  }

  /** Sends a message; false if it cannot get there. */
  send(message: object): boolean {
    return this.#child !== undefined && this.#state !== "ended" &&
      this.#child.send(message);
  }

  /**
   * Asks what it does. All who ask while a question is open get its answer.
   *
   * @param late Resolves when it is not waited for any longer.
   * @returns `undefined` if it does not answer.
   */
  askStatus(late: Promise<void>): Promise<ProcessStatus | undefined> {
    return this.#status.ask(late);
  }

  /** The same for its readiness. */
  askReadiness(late: Promise<void>): Promise<Readiness | undefined> {
    return this.#readiness.ask(late);
  }

  /** Asks it to tell its metrics, as an event. @returns Whether it has. */
  async askMetrics(late: Promise<void>): Promise<boolean> {
    // One that starts may compute for as long as it likes, and one that hangs need not be waited for.
    if (!this.#isReady || !this.isResponding) return false;
    return await this.#metrics.ask(late) === true;
  }

  /** Asks how its application answers. @returns The status; never, if it does not answer. */
  probe(path: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#onProbed = resolve;
    this.send({ kind: "probe", path });
    return promise;
  }

  /**
   * Tells it to finish what is in progress and end. Once.
   *
   * @param isReplaced Whether another one serves in its place: then it need not wait for load
   * balancers to learn of it.
   */
  drain(isReplaced: boolean): void {
    if (this.#state === "ending" || this.#state === "ended") return;
    this.#enter("ending");
    // Without a process yet, nothing is in progress: `#onStarted` ends it.
    this.send({ kind: "drain", isReplaced });
  }

  /** Tells it to end now; a second later it is killed. */
  stop(): void {
    if (this.#state === "ended") return;
    this.#enter("ending");
    this.#stateMs = 0;
    this.#endMs = STOP_MS;
    this.send({ kind: "stop" });
  }

  /** Ends its process now. */
  kill(): void {
    this.#isKilled = true;
    this.#child?.kill("SIGKILL");
  }

  /** Looks whether it does what is expected. @param elapsedMs Since the last look. */
  look(elapsedMs: number): void {
    if (this.#state === "ended" || this.#isKilled) return;
    // The parent may have been stopped, or the machine asleep: that is not the worker's fault.
    const ms = Math.min(elapsedMs, 2 * LOOK_MS);
    this.#stateMs += ms;
    if (this.#state === "ready") this.#readyMs += ms;
    const { readyMs } = this.#rules;
    if (this.#state === "starting" && this.#stateMs >= readyMs) {
      return this.#killFor("notReady");
    }
    if (this.#state === "ending" && this.#stateMs >= this.#endMs) {
      return this.#killFor("notEnding");
    }
    // While it loads, it may compute for as long as it likes.
    if (this.#isReady) this.#ping(ms);
  }

  #ping(elapsedMs: number): void {
    this.#waitedMs += elapsedMs;
    if (this.#isAsked) {
      if (this.#waitedMs >= this.#rules.healthMs) this.#killFor("blocked");
      return;
    }
    if (this.#waitedMs < PING_EVERY_MS) return;
    this.#isAsked = true;
    this.#waitedMs = 0;
    this.send({ kind: "ping", id: ++this.#pingId });
  }

  #killFor(reason: KillReason): void {
    this.#events.onKill(this, reason);
    this.kill();
  }

  #onStarted(child: Child, message: StartMessage): void {
    this.#child = child;
    child.onMessage = (data) => this.#onMessage(data);
    void child.exited.then((exit) => this.#end(exit));
    if (this.#state === "starting") child.send(message);
    else this.kill(); // it was told to end before it was there, and has begun nothing
  }

  #onMessage(data: unknown): void {
    const message = fromWorker(data);
    if (message === undefined || this.#state === "ended") return;
    switch (message.kind) {
      case "ready":
        this.#isReady = true;
        if (this.#state !== "starting") return;
        this.#enter("ready");
        this.#events.onReady(this);
        this.#settled.resolve();
        return;
      case "draining":
        this.#isDraining = true;
        return;
      case "pong":
        if (message.id !== this.#pingId) return;
        this.#isAsked = false;
        this.#waitedMs = 0;
        this.#onVitals(message.vitals);
        return;
      case "probed":
        this.#onProbed?.(message.status);
        return;
      case "topic":
        this.#events.onTopic(this, message);
        return;
      case "metrics":
        this.#events.onMetrics(this, message);
        if (message.isLast === true) this.send({ kind: "metricsKept" });
        if (message.id !== undefined) this.#metrics.answer(message.id, true);
        return;
      case "status":
        this.#status.answer(message.id, message.status);
        return;
      case "readiness":
        this.#readiness.answer(message.id, message.readiness);
        return;
      case "spent":
        this.#events.onSpent(this, message.requests);
    }
  }

  #onVitals(vitals: Vitals): void {
    this.#vitals = vitals;
    const isLarge = vitals.memoryBytes > this.#rules.maxMemoryBytes;
    this.#largeSamples = isLarge ? this.#largeSamples + 1 : 0;
  }

  #enter(state: WorkerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#stateMs = 0;
  }

  #end(exit: ChildExit): void {
    if (this.#state === "ended") return;
    this.#exit = exit;
    this.#enter("ended");
    this.#events.onEnd(this);
    this.#metrics.giveUp();
    this.#settled.resolve();
    this.#ended.resolve();
  }
}
