/** What the parent of a server that reloads tells its operator. */
import type { ServerStatus, WorkerStatus } from "../../control/controlled.ts";
import {
  type ProcessStatus,
  type ServerPhase,
  tenths,
} from "../../server/process_status.ts";
import type { StartTimer } from "../../server/timers.ts";
import type { FromWorker } from "../messages.ts";
import { ANSWER_MS, type ParentFacts } from "../parent_control.ts";
import { askWithin, Question } from "../question.ts";
import type { ChildWatcher, WatchedChild } from "./child_watcher.ts";

/** What it needs of the place it runs in. */
export interface ChildStatusHost {
  readonly monotonicMs: () => number;
  readonly startTimer: StartTimer;
  /** Whether everything was told to end. */
  readonly isStopping: () => boolean;
}

/** The figures of a process that has said nothing yet. */
const SILENT = {
  uptimeSeconds: 0,
  connections: 0,
  requestsInProgress: 0,
  totalRequests: 0,
  memoryBytes: 0,
  loopLagMs: 0,
};

/** Follows the server process, and asks it when it is asked itself. */
export class ChildStatus implements ChildWatcher {
  readonly #host: ChildStatusHost;
  readonly #begunMs: number;
  #child: WatchedChild | undefined;
  #phase: ServerPhase = "starting";
  #starts = 0;
  /** What the process said last. */
  #told: ProcessStatus | undefined;
  readonly #question = new Question<ProcessStatus>((id) =>
    this.#child?.send({ kind: "status", id }) ?? false
  );

  constructor(host: ChildStatusHost) {
    this.#host = host;
    this.#begunMs = host.monotonicMs();
  }

  /** See {@linkcode ChildWatcher}. */
  onStart(child: WatchedChild): void {
    this.#child = child;
    this.#phase = "starting";
    this.#told = undefined;
    this.#starts++;
  }

  /** See {@linkcode ChildWatcher}. */
  onMessage(child: WatchedChild, message: FromWorker): void {
    if (child !== this.#child) return;
    if (message.kind === "ready" && this.#phase === "starting") {
      this.#phase = "running";
    }
    if (message.kind === "status") {
      this.#told = message.status;
      this.#question.answer(message.id, message.status);
    }
  }

  /** See {@linkcode ChildWatcher}. */
  onDrain(child: WatchedChild): void {
    if (child === this.#child) this.#phase = "stopping";
  }

  /** See {@linkcode ChildWatcher}. */
  onGone(child: WatchedChild): void {
    if (child !== this.#child) return;
    this.#phase = "stopping";
    this.#child = undefined;
  }

  /** The whole server: with no process in it while none runs. */
  async status(facts: ParentFacts): Promise<ServerStatus> {
    const { monotonicMs, startTimer, isStopping } = this.#host;
    const answer = await askWithin(
      ANSWER_MS,
      startTimer,
      (late) => this.#question.ask(late),
    );
    return {
      ...facts,
      phase: isStopping()
        ? "stopping"
        : this.#phase === "running"
        ? "running"
        : "starting",
      uptimeSeconds: tenths(monotonicMs() - this.#begunMs),
      restarts: this.#restarts,
      workers: this.#child === undefined
        ? []
        : [this.#worker(this.#child.pid, answer)],
    };
  }

  get #restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  #worker(pid: number, answer: ProcessStatus | undefined): WorkerStatus {
    const told = answer ?? { ...SILENT, ...this.#told, inFlight: [] };
    return {
      ...told,
      pid,
      phase: answer?.phase ?? this.#phase,
      slot: 0,
      restarts: this.#restarts,
      isResponding: answer !== undefined,
    };
  }
}
