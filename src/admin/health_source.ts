/** What probes are told: plain data, whoever answers. */
import type { Readiness } from "../server/health/readiness.ts";
import type { ServerPhase } from "../server/phase.ts";

/** One process that serves. */
export interface WorkerHealth {
  /** Its place among the workers, from 0. */
  readonly slot: number;
  /** 0 until there is a process. */
  readonly pid: number;
  readonly phase: ServerPhase;
  /** For how long its event loop has owed an answer, in seconds; 0 if it has answered. */
  readonly blockedSeconds: number;
  /** Whether requests are welcome; absent where that was not asked. */
  readonly isReady?: boolean;
  /** Why not, in printable characters. */
  readonly reason?: string;
}

/** The answer to a probe. */
export interface HealthReport {
  /** Whether the probe passes. */
  readonly isOk: boolean;
  /** Why not, in printable characters. */
  readonly reason?: string;
  readonly workers: readonly WorkerHealth[];
}

/** Who knows about the health of a server. */
export interface HealthSource {
  /** Whether it is there and its event loops move. At once. */
  liveness(): Promise<HealthReport>;
  /**
   * Whether it welcomes requests. Takes less than 3 seconds.
   *
   * @param isVerbose Whether all workers are to be asked, and not as many as it takes.
   */
  readiness(isVerbose: boolean): Promise<HealthReport>;
}

/** What a worker is told to be after it has answered; after it has not, if `readiness` is `undefined`. */
export function withReadiness(
  worker: WorkerHealth,
  readiness: Readiness | undefined,
): WorkerHealth {
  return {
    ...worker,
    ...readiness ?? { isReady: false, reason: "it does not answer" },
  };
}

/** The readiness of a server that is one process. */
export function reportOf(
  worker: WorkerHealth,
  readiness: Readiness,
): HealthReport {
  const { isReady, ...why } = readiness;
  return {
    isOk: isReady,
    ...why,
    workers: [withReadiness(worker, readiness)],
  };
}
