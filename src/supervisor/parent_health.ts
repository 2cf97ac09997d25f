/** The health of a server with workers, told by their parent: a blocked worker is not waited for. */
import {
  type HealthReport,
  type HealthSource,
  withReadiness,
  type WorkerHealth,
} from "../admin/health_source.ts";
import { tenths } from "../server/process_status.ts";
import type { StartTimer } from "../server/timers.ts";
import { PHASES } from "./parent_control.ts";
import type { Seat } from "./pool.ts";
import { askWithin } from "./question.ts";
import type { WorkerHandle, WorkerState } from "./worker_handle.ts";

/** For the answers of workers, in milliseconds: more than the check of an application may take. */
export const ANSWER_MS = 2500;

/** What the parent knows. */
export interface ParentHealthHost {
  /** Empty until workers are started. */
  readonly seats: readonly Pick<Seat, "index" | "current" | "next">[];
  /** Whether it was told to end. */
  readonly isStopping: boolean;
  /** See the option `timeoutLiveness`; in milliseconds. */
  readonly livenessMs: number;
  readonly startTimer: StartTimer;
}

/** One worker, and where it sits; nobody, if the last one has died. */
interface Seated {
  readonly slot: number;
  readonly handle: WorkerHandle | undefined;
}

/** See {@linkcode HealthSource}. */
export class ParentHealth implements HealthSource {
  readonly #host: ParentHealthHost;

  constructor(host: ParentHealthHost) {
    this.#host = host;
  }

  liveness(): Promise<HealthReport> {
    const { livenessMs } = this.#host;
    const seated = this.#seated();
    const workers = seated.map(healthOf);
    // One that starts may compute for as long as it likes: it is never asked.
    const still = seated.find(({ handle }) => silentMs(handle) >= livenessMs);
    return Promise.resolve(
      still === undefined ? { isOk: true, workers } : {
        isOk: false,
        reason: `the event loop of worker ${still.slot} has stood still for ${
          tenths(silentMs(still.handle))
        } seconds`,
        workers,
      },
    );
  }

  async readiness(isVerbose: boolean): Promise<HealthReport> {
    const seated = this.#seated();
    if (this.#host.isStopping) {
      const reason = "the server is shutting down";
      return { isOk: false, reason, workers: seated.map(healthOf) };
    }
    const { startTimer } = this.#host;
    return summary(
      await askWithin(ANSWER_MS, startTimer, async (late) => {
        const asked = seated.map((one) => askOne(one, late));
        if (isVerbose) return await Promise.all(asked);
        // One worker that is ready is enough for the server to be.
        await Promise.any(asked.map(unlessReady)).catch(() => {});
        return await settledOf(asked);
      }),
    );
  }

  #seated(): readonly Seated[] {
    return this.#host.seats.flatMap((seat): readonly Seated[] => {
      const { index: slot, current, next } = seat;
      const there = [current, next].filter((handle) => handle !== undefined);
      return there.length === 0
        ? [{ slot, handle: undefined }]
        : there.map((handle) => ({ slot, handle }));
    });
  }
}

function summary(workers: readonly WorkerHealth[]): HealthReport {
  if (workers.some(({ isReady }) => isReady)) return { isOk: true, workers };
  // What keeps one from being ready that runs says more than that another one starts.
  const shown = workers.find(({ phase }) => phase === "running") ?? workers[0];
  const reason = `no worker is ready${shown ? `: ${shown.reason}` : " yet"}`;
  return { isOk: false, reason, workers };
}

const WHY_NOT: Readonly<Record<Exclude<WorkerState, "ready">, string>> = {
  starting: "it is starting",
  ending: "it is shutting down",
  ended: "it has died and is to be started again",
};

/** Asks a worker that can answer. */
async function askOne(
  seated: Seated,
  late: Promise<void>,
): Promise<WorkerHealth> {
  const { handle } = seated;
  if (handle?.state !== "ready") {
    const reason = WHY_NOT[handle?.state ?? "ended"];
    return withReadiness(healthOf(seated), { isReady: false, reason });
  }
  const answer = handle.isResponding
    ? await handle.askReadiness(late)
    : undefined;
  return withReadiness(healthOf(seated), answer);
}

/** Rejects if a worker is not ready. */
async function unlessReady(asked: Promise<WorkerHealth>): Promise<void> {
  if (!(await asked).isReady) throw new Error("not ready");
}

/** Those that have answered by now. */
async function settledOf(
  asked: readonly Promise<WorkerHealth>[],
): Promise<readonly WorkerHealth[]> {
  const turn = Promise.resolve(undefined);
  const found = await Promise.all(
    asked.map((each) => Promise.race([each, turn])),
  );
  return found.filter((worker) => worker !== undefined);
}

function healthOf({ slot, handle }: Seated): WorkerHealth {
  return {
    slot,
    pid: handle?.pid ?? 0,
    phase: PHASES[handle?.state ?? "ended"],
    blockedSeconds: tenths(silentMs(handle)),
  };
}

/** One that was told to end, or has not begun, owes nothing. */
function silentMs(handle: WorkerHandle | undefined): number {
  return handle?.state === "ready" ? handle.silentMs : 0;
}
