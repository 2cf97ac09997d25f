/** The side of a worker: serves on the sockets of its parent, and does what the parent tells. */
import { ConfigError } from "../../errors.ts";
import { runtime } from "../../runtime/mod.ts";
import type { ParentLink } from "../../runtime/types.ts";
import type { Ending } from "../../server/ending.ts";
import { LoopLag } from "../../server/loop_lag.ts";
import { Server, type StopOptions } from "../../server/server.ts";
import { TopicsLink } from "../../topics/link.ts";
import { UncaughtErrors } from "../../server/uncaught_errors.ts";
import {
  type DrainMessage,
  type FromWorker,
  type StartMessage,
  toWorker,
  type Vitals,
} from "../messages.ts";
import { isKind, type TakeOverMessage } from "../takeover.ts";
import { configOf, targetsOf } from "../start_message.ts";
import { WorkerMetrics } from "./worker_metrics.ts";

/** The signals that the parent acts on. Those of a terminal come to the workers as well. */
const OF_PARENT = [
  "SIGINT",
  "SIGQUIT",
  "SIGHUP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGUSR2",
  "SIGWINCH",
] as const;

/**
 * Serves as the parent says, until it says that this is over, or is gone.
 *
 * @param link The channel to the parent; its first message is the start.
 * @returns How it ended; or, if this is to become a new parent, with what it begins: then `link` stays
 * open.
 */
export async function runWorker(
  link: ParentLink,
): Promise<Ending | TakeOverMessage> {
  runtime.shareOutput();
  const restores = OF_PARENT.map((name) => runtime.onSignal(name, () => {}));
  let first: StartMessage | TakeOverMessage | undefined;
  try {
    first = await firstMessage(link);
    if (first?.kind === "takeOver") return first;
    return first === undefined ? { exitCode: 0 } : await serve(link, first);
  } finally {
    if (first?.kind !== "takeOver") link.close();
    for (const restore of restores) restore();
  }
}

/** What to start; `undefined` if the parent is gone before it said so. */
function firstMessage(
  link: ParentLink,
): Promise<StartMessage | TakeOverMessage | undefined> {
  return new Promise((resolve) => {
    link.onLost = () => resolve(undefined);
    link.onMessage = (data) => {
      const message = isKind(data, "takeOver")
        ? data as TakeOverMessage
        : toWorker(data);
      if (message?.kind !== "start" && message?.kind !== "takeOver") return;
      link.onMessage = undefined; // what follows waits for who serves
      resolve(message);
    };
  });
}

async function serve(link: ParentLink, start: StartMessage): Promise<Ending> {
  const config = configOf(start);
  const tell = (message: FromWorker): boolean => link.send(message);
  const topicsLink = start.hostId === undefined
    ? undefined
    : new TopicsLink(start.hostId, tell);
  const server = new Server(config, {
    isObserved: start.isObserved === true,
    isMeasured: start.isMeasured === true,
    ...topicsLink === undefined ? {} : { topicsLink },
    worker: {
      targets: targetsOf(start),
      development: start.development,
      onRequestLimit: (requests) => void tell({ kind: "spent", requests }),
    },
  });
  const measuring = await server.measuring;
  const metrics = measuring && new WorkerMetrics(measuring, server, tell);
  const lag = measuring?.lag ?? new LoopLag(runtime);
  const logger = server.logging.server;
  const errors = new UncaughtErrors(server, runtime);
  let isLeaving = false;
  const drain = (options: StopOptions): void => {
    isLeaving = true;
    void server.stop(options);
  };
  link.onLost = () => {
    metrics?.onKept();
    logger.warning("The parent process is gone: ending as well");
    drain({ delay: 0 });
  };
  link.onMessage = (data) => {
    const message = toWorker(data);
    switch (message?.kind) {
      case "ping":
        tell({ kind: "pong", id: message.id, vitals: vitalsOf(server, lag) });
        metrics?.tellIfChanged();
        break;
      case "metrics":
        void metrics?.answer(message.id);
        break;
      case "metricsKept":
        metrics?.onKept();
        break;
      case "probe":
        void server.probe(message.path).then((status) =>
          tell({ kind: "probed", status })
        );
        break;
      case "status":
        tell({
          kind: "status",
          id: message.id,
          status: server.status(lag.lagMs),
        });
        break;
      case "readiness":
        void server.readiness().then((readiness) =>
          tell({ kind: "readiness", id: message.id, readiness })
        );
        break;
      case "topic":
        topicsLink?.receive(message);
        break;
      case "drain":
        tell({ kind: "draining" });
        if (message.abandonsStart && server.phase === "starting") {
          server.forceStop();
        } else drain(stopOptions(message));
        break;
      case "stop":
        server.forceStop();
        break;
      case "reopenLogs":
        server.logging.reopen();
    }
  };
  const restores = [
    runtime.onSignal("SIGTERM", () => {
      if (isLeaving) server.forceStop();
      else drain({});
    }),
    runtime.onSignal("SIGUSR1", () => server.logging.reopen()),
  ];
  lag.start();
  void server.listening.then(() => tell({ kind: "ready" }), () => {});
  try {
    await server.serve({ quitsOnCtrlC: true });
    await new Promise<void>((resolve) => runtime.afterTurn(resolve));
  } catch (error) {
    return { exitCode: error instanceof ConfigError ? error.exitCode : 3 };
  } finally {
    await metrics?.tellLast();
    server.logging.flush();
    lag.stop();
    errors.release();
    for (const restore of restores) restore();
  }
  return { exitCode: errors.hasBroken || server.shutdownFailed ? 1 : 0 };
}

function stopOptions(
  { isReplaced, delay, timeout }: DrainMessage,
): StopOptions {
  return {
    isReplaced,
    ...isReplaced ? { delay: 0 } : {},
    ...delay === undefined ? {} : { delay },
    ...timeout === undefined ? {} : { timeout },
  };
}

function vitalsOf(server: Server, lag: LoopLag): Vitals {
  return {
    ...server.stats,
    memoryBytes: runtime.memoryBytes(),
    loopLagMs: lag.lagMs,
  };
}
