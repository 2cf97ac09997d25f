/** Options of several processes: the workers that `run()` and the command start. */
import {
  MAX_INT,
  MAX_SECONDS,
  type OptionTable,
  SOME_SECONDS,
} from "./definition.ts";

/** Several processes: checked and complete. */
export interface ProcessOptions {
  /**
   * Number of processes that serve, 0 to 1024; 0 counts as 1. `"auto"` is the least of the cores,
   * the CPU quota and the memory limit over `workerMemory` of this machine or container. One
   * process needs no other to watch it, unless it is `"auto"`, or `workerMaxAge` or
   * `workerMaxMemory` is given. Default: 1.
   */
  readonly workers: number | "auto";
  /** MiB of memory that `workers: "auto"` plans for each, at least 1. Default: 256. */
  readonly workerMemory: number;
  /**
   * Seconds without an answer of a worker's event loop, after which it is killed and replaced; at
   * least 0.1. Default: 5.
   */
  readonly timeoutWorkerHealthcheck: number;
  /**
   * Seconds from the start of a worker until it accepts connections, after which it is killed; at
   * least 0.1. Default: 120.
   */
  readonly timeoutWorkerReady: number;
  /**
   * Seconds after which a worker is replaced, at least 1; the new one is ready before the old one
   * stops. Default: `undefined`, no limit.
   */
  readonly workerMaxAge: number | undefined;
  /**
   * Largest random addition to `workerMaxAge`, in seconds, drawn for each worker; 0 adds nothing.
   * Default: 0.
   */
  readonly workerMaxAgeJitter: number;
  /**
   * MiB of memory (resident set), at least 1: a worker that holds more in five samples in a row, one
   * each second, is replaced as for `workerMaxAge`. Default: `undefined`, no limit.
   */
  readonly workerMaxMemory: number | undefined;
}

/** See {@linkcode ProcessOptions}. */
export const PROCESS_OPTIONS: OptionTable<ProcessOptions> = {
  workers: {
    group: "Processes",
    flag: "--workers",
    type: { kind: "integer", min: 0, max: 1024, orWord: "auto" },
    default: 1,
    fallbackVariables: ["WEB_CONCURRENCY"],
    help:
      "Number of processes that serve. auto is the least of cores, CPU quota, and memory limit " +
      "over --worker-memory.",
  },
  workerMemory: {
    group: "Processes",
    flag: "--worker-memory",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "MiB" },
    default: 256,
    help: "Memory that --workers auto plans for each process.",
  },
  timeoutWorkerHealthcheck: {
    group: "Processes",
    flag: "--timeout-worker-healthcheck",
    type: SOME_SECONDS,
    default: 5,
    help:
      "Time without an answer of a worker's event loop, after which it is killed and replaced.",
  },
  timeoutWorkerReady: {
    group: "Processes",
    flag: "--timeout-worker-ready",
    type: SOME_SECONDS,
    default: 120,
    help:
      "Time from the start of a worker until it accepts connections, after which it is killed.",
  },
  workerMaxAge: {
    group: "Processes",
    flag: "--worker-max-age",
    type: { kind: "number", min: 1, max: MAX_SECONDS, unit: "seconds" },
    default: undefined,
    defaultText: "none",
    help:
      "Replace a worker after this time; the new one is ready before the old one stops.",
  },
  workerMaxAgeJitter: {
    group: "Processes",
    flag: "--worker-max-age-jitter",
    type: { kind: "number", min: 0, max: MAX_SECONDS, unit: "seconds" },
    default: 0,
    help: "Add up to this time, at random, to --worker-max-age.",
  },
  workerMaxMemory: {
    group: "Processes",
    flag: "--worker-max-memory",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "MiB" },
    default: undefined,
    defaultText: "none",
    help:
      "Replace a worker whose memory is larger in five samples in a row, one each second.",
  },
};

/** Whether a process of its own watches over those that serve. */
export function isSupervised(options: ProcessOptions): boolean {
  const { workers, workerMaxAge, workerMaxMemory } = options;
  return workers === "auto" || workers > 1 || workerMaxAge !== undefined ||
    workerMaxMemory !== undefined;
}
