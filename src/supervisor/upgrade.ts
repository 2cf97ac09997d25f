/** The old side of an upgrade: starts a new parent, and waits until it is ready to take over. */
import type { Logger } from "../logging/logger.ts";
import type { Child, Runtime } from "../runtime/types.ts";
import type { HeldSockets } from "./held_sockets.ts";
import {
  type HandedSocket,
  isKind,
  type TakeOverMessage,
  type UpgradedMessage,
} from "./takeover.ts";

/** What a new parent is started with. */
export interface Successor {
  /** Arguments of the command, as this one was given them. */
  readonly args: readonly string[];
  readonly sockets: Pick<HeldSockets, "bound" | "descriptors" | "places">;
  /** For it to become ready, in milliseconds. */
  readonly limitMs: number;
}

/** A new parent that is ready to serve. */
export interface StartedSuccessor {
  readonly child: Child;
  /** Whether it goes on counting where this one is. */
  readonly goesOnCounting: boolean;
}

/** What is used of the process. */
export interface UpgradeHost {
  readonly spawnChild: Runtime["spawnChild"];
  readonly env: Runtime["env"];
  readonly startTimer: (ms: number, callback: () => void) => () => void;
}

/**
 * Starts a new parent: the same command, as it lies on the disk by now.
 *
 * @returns It, once it is ready to serve; `undefined` if it failed, and the log says why.
 */
export async function startSuccessor(
  { args, sockets, limitMs }: Successor,
  logger: Logger,
  host: UpgradeHost,
): Promise<StartedSuccessor | undefined> {
  const handed = handedSockets(sockets);
  if (handed === undefined) {
    logger.error(
      "Cannot upgrade: this runtime cannot hand its listening sockets over here. Keeping this process.",
    );
    return undefined;
  }
  let child: Child;
  try {
    child = await host.spawnChild({
      args: withInherited(args, handed, host),
      // They name this process: the new one is told of its sockets, and feeds the watchdog itself.
      env: { LISTEN_FDS: "", LISTEN_PID: "", WATCHDOG_PID: "" },
      descriptors: sockets.descriptors,
    });
  } catch (error) {
    logger.error(
      `Cannot upgrade: ${(error as Error).message}. Keeping this process.`,
    );
    return undefined;
  }
  logger.info(`Started new parent process [${child.pid}]`);
  const answer = Promise.withResolvers<string | UpgradedMessage>();
  child.onMessage = (data) => {
    if (isKind(data, "upgraded")) answer.resolve(data);
  };
  void child.exited.then(({ code, signal }) =>
    answer.resolve(
      signal === null
        ? `it ended with exit code ${code}`
        : `it died by ${signal}`,
    )
  );
  const stopTimer = host.startTimer(limitMs, () => {
    answer.resolve(`it was not ready in ${limitMs / 1000} seconds`);
  });
  child.send({ kind: "takeOver", sockets: handed } satisfies TakeOverMessage);
  const answered = await answer.promise;
  stopTimer();
  if (typeof answered !== "string") {
    return { child, goesOnCounting: answered.goesOnCounting === true };
  }
  child.kill("SIGTERM");
  logger.error(
    `New parent process [${child.pid}] did not take over: ${answered}. Keeping this process.`,
  );
  return undefined;
}

/** What can be handed over; `undefined` if one of the sockets cannot. */
function handedSockets(
  { bound, places }: Successor["sockets"],
): HandedSocket[] | undefined {
  const handed: HandedSocket[] = [];
  for (const [at, { target, address }] of bound.entries()) {
    const { fd } = places[at]!;
    if (fd === null || target.kind === "server") return undefined;
    handed.push({ target, address, fd });
  }
  return handed;
}

/** Sockets of systemd are in no argument: the variables that tell of them hold for one process. */
function withInherited(
  args: readonly string[],
  handed: readonly HandedSocket[],
  { env }: UpgradeHost,
): readonly string[] {
  if (!env("LISTEN_FDS")) return args;
  return [
    ...args,
    ...handed.flatMap(({ target }) =>
      target.kind === "fd" && target.option === "--bind"
        ? ["--bind", `fd://${target.fd}`]
        : []
    ),
  ];
}
