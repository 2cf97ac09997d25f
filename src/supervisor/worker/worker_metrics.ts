/** What a worker tells its parent of its metrics: each second if there is something new, and at its end. */
import type { Measuring } from "../../server/measuring.ts";
import type { Server } from "../../server/server.ts";
import { startTimer } from "../../server/timers.ts";
import type { FromWorker } from "../messages.ts";

/** For the parent to say that it has the last ones, in milliseconds. */
const LAST_MS = 1000;

/** One worker's. */
export class WorkerMetrics {
  readonly #measuring: Measuring;
  readonly #server: Pick<Server, "stats">;
  readonly #tell: (message: FromWorker) => boolean;
  readonly #kept = Promise.withResolvers<void>();
  /** How much had happened when it told last. */
  #told = -1;

  constructor(
    measuring: Measuring,
    server: Pick<Server, "stats">,
    tell: (message: FromWorker) => boolean,
  ) {
    this.#measuring = measuring;
    this.#server = server;
    this.#tell = tell;
  }

  /** Grows with all that counts. */
  #happened(): number {
    const { totalRequests, totalConnections, connections } = this.#server.stats;
    return totalRequests + 2 * totalConnections - connections +
      this.#measuring.messages;
  }

  /** Tells what was counted, if that has changed: the parent keeps it, should this process be killed. */
  tellIfChanged(): void {
    const happened = this.#happened();
    if (happened === this.#told) return;
    this.#told = happened;
    this.#tell({ kind: "metrics", snapshot: this.#measuring.snapshot() });
  }

  /** Answers a question of the parent's. */
  async answer(id: number): Promise<void> {
    this.#told = this.#happened();
    this.#tell({ kind: "metrics", id, ...await this.#measuring.tell() });
  }

  /** Tells everything for the last time, and waits until the parent has it. Never rejects. */
  async tellLast(): Promise<void> {
    const told = await this.#measuring.tell();
    if (!this.#tell({ kind: "metrics", isLast: true, ...told })) return;
    const stopTimer = startTimer(LAST_MS, this.#kept.resolve);
    await this.#kept.promise;
    stopTimer();
  }

  /** The parent has the last ones, or is gone. */
  onKept(): void {
    this.#kept.resolve();
  }
}
