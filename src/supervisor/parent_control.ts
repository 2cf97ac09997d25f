/** What the parent of workers tells its operator. */
import type { Config } from "../config/config.ts";
import { usesTls } from "../config/options/tls.ts";
import type { ServerStatus, WorkerStatus } from "../control/controlled.ts";
import { runtime } from "../runtime/mod.ts";
import {
  type ProcessStatus,
  type ServerPhase,
  tenths,
} from "../server/process_status.ts";
import { urlText } from "../server/ready_line.ts";
import { startTimer } from "../server/timers.ts";
import { VERSION } from "../version.ts";
import type { HeldSockets } from "./held_sockets.ts";
import type { Seat } from "./pool.ts";
import { askWithin } from "./question.ts";
import type { Supervisor } from "./supervisor.ts";
import type { WorkerHandle, WorkerState } from "./worker_handle.ts";

/** For the answers of all workers together, in milliseconds: who is later is blocked. */
export const ANSWER_MS = 1000;

/** What does not come from the processes that serve. */
export type ParentFacts = Pick<
  ServerStatus,
  "addresses" | "application" | "pid" | "runtime" | "version"
>;

/** Tells them. @param sockets `undefined` while none are open. */
export function parentFacts(
  config: Config,
  sockets: Pick<HeldSockets, "bound"> | undefined,
): ParentFacts {
  const scheme = usesTls(config.options) ? "https" : "http";
  const bound = sockets?.bound ?? [];
  return {
    version: VERSION,
    runtime: `${runtime.name} ${runtime.version}`,
    pid: runtime.pid,
    application: String(config.app),
    addresses: bound.map(({ address }) => urlText(address, scheme)),
  };
}

/** What the states of a worker are called. */
export const PHASES: Readonly<Record<WorkerState, ServerPhase>> = {
  starting: "starting",
  ready: "running",
  ending: "stopping",
  ended: "finished",
};

/** Asks all workers, and describes the server. */
export async function parentStatus(
  supervisor: Pick<Supervisor, "phase" | "pool" | "uptimeMs">,
  facts: ParentFacts,
): Promise<ServerStatus> {
  const { seats } = supervisor.pool;
  const workers = await askWithin(ANSWER_MS, startTimer, (late) =>
    Promise.all(
      seats.flatMap((seat) =>
        [seat.current, seat.next].filter((worker) => worker !== undefined)
          .map((worker) => workerStatus(seat, worker, late))
      ),
    ));
  return {
    ...facts,
    phase: supervisor.phase,
    uptimeSeconds: tenths(supervisor.uptimeMs),
    restarts: seats.reduce((sum, { restarts }) => sum + restarts, 0),
    workers,
  };
}

async function workerStatus(
  { index, restarts }: Seat,
  worker: WorkerHandle,
  late: Promise<void>,
): Promise<WorkerStatus> {
  const answer = await worker.askStatus(late);
  return {
    ...answer ?? lastKnown(worker),
    slot: index,
    restarts,
    isResponding: answer !== undefined,
  };
}

/** From what it said before it fell silent. */
function lastKnown(worker: WorkerHandle): ProcessStatus {
  const { vitals } = worker;
  return {
    pid: worker.pid ?? 0,
    phase: PHASES[worker.state],
    uptimeSeconds: tenths(worker.readyMs),
    connections: vitals?.connections ?? 0,
    requestsInProgress: vitals?.requestsInProgress ?? 0,
    totalRequests: vitals?.totalRequests ?? 0,
    memoryBytes: vitals?.memoryBytes ?? 0,
    loopLagMs: Math.round(vitals?.loopLagMs ?? 0),
    inFlight: [],
  };
}
