/** The health of a server that is started anew when its sources change, told by its parent. */
import {
  type HealthReport,
  type HealthSource,
  reportOf,
  type WorkerHealth,
} from "../../admin/health_source.ts";
import type { Readiness } from "../../server/health/readiness.ts";
import { tenths } from "../../server/process_status.ts";
import type { StartTimer } from "../../server/timers.ts";
import type { FromWorker } from "../messages.ts";
import { ANSWER_MS } from "../parent_health.ts";
import { askWithin, Question } from "../question.ts";
import type { ChildWatcher, WatchedChild } from "./child_watcher.ts";

/** For a sign of life when a probe asks for one, in milliseconds. */
const PING_MS = 1000;

/** What it needs of the place it runs in. */
export interface ChildHealthHost {
  /** See the option `timeoutLiveness`; in milliseconds. */
  readonly livenessMs: number;
  readonly monotonicMs: () => number;
  readonly startTimer: StartTimer;
}

/** See {@linkcode HealthSource}. Asks the process when it is asked itself. */
export class ChildHealth implements ChildWatcher, HealthSource {
  readonly #host: ChildHealthHost;
  #child: WatchedChild | undefined;
  /** Whether the process has been ready, and was not told to end. */
  #isServing = false;
  /** Since when it owes a sign of life; `Infinity` if it owes none. */
  #silentSinceMs = Infinity;
  readonly #ping = new Question<true>((id) =>
    this.#child?.send({ kind: "ping", id }) ?? false
  );
  readonly #readiness = new Question<Readiness>((id) =>
    this.#child?.send({ kind: "readiness", id }) ?? false
  );

  constructor(host: ChildHealthHost) {
    this.#host = host;
  }

  onStart(child: WatchedChild): void {
    this.#child = child;
    this.#isServing = false;
    this.#silentSinceMs = Infinity;
  }

  onMessage(child: WatchedChild, message: FromWorker): void {
    if (child !== this.#child) return;
    switch (message.kind) {
      case "ready":
        this.#isServing = true;
        break;
      case "pong":
        this.#silentSinceMs = Infinity;
        this.#ping.answer(message.id, true);
        break;
      case "readiness":
        this.#readiness.answer(message.id, message.readiness);
    }
  }

  onDrain(child: WatchedChild): void {
    if (child === this.#child) this.#isServing = false;
  }

  onGone(child: WatchedChild): void {
    if (child !== this.#child) return;
    this.#isServing = false;
    this.#child = undefined;
  }

  async liveness(): Promise<HealthReport> {
    if (this.#isServing) {
      const { monotonicMs, startTimer } = this.#host;
      this.#silentSinceMs = Math.min(this.#silentSinceMs, monotonicMs());
      await askWithin(PING_MS, startTimer, (late) => this.#ping.ask(late));
    }
    const worker = this.#worker();
    const { blockedSeconds } = worker;
    const workers = [worker];
    return blockedSeconds * 1000 < this.#host.livenessMs
      ? { isOk: true, workers }
      : {
        isOk: false,
        reason: `the event loop has stood still for ${blockedSeconds} seconds`,
        workers,
      };
  }

  async readiness(): Promise<HealthReport> {
    const readiness = this.#isServing
      ? await askWithin(
        ANSWER_MS,
        this.#host.startTimer,
        (late) => this.#readiness.ask(late),
      ) ??
        { isReady: false, reason: "the server process does not answer" }
      : { isReady: false, reason: "the server process does not serve" };
    return reportOf(this.#worker(), readiness);
  }

  #worker(): WorkerHealth {
    const silentMs = Math.max(
      0,
      this.#host.monotonicMs() - this.#silentSinceMs,
    );
    return {
      slot: 0,
      pid: this.#child?.pid ?? 0,
      phase: this.#isServing
        ? "running"
        : this.#child === undefined
        ? "finished"
        : "starting",
      blockedSeconds: tenths(silentMs),
    };
  }
}
