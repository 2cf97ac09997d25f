/** The signals of a parent: what each of them asks for. */
import type { Runtime, SignalName } from "../runtime/types.ts";

/** What signals ask for. */
export interface ParentActions {
  /** SIGINT, SIGTERM or, on Windows, SIGBREAK: finish what is in progress, then end. */
  end(signal: SignalName): void;
  /** The second of them, and every further one: end now. */
  endNow(signal: SignalName): void;
  /** SIGHUP: read everything anew and replace all workers. */
  restart(): void;
  /** SIGTTIN: one more worker. */
  grow(): void;
  /** SIGTTOU: one worker less. */
  shrink(): void;
  /** SIGUSR1: open log files anew. */
  reopenLogs(): void;
  /** SIGUSR2: hand over to a new parent. */
  upgrade(): void;
}

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGBREAK"] as const;

/**
 * Takes the signals of this process.
 *
 * @returns A function that puts back what was there before.
 */
export function takeParentSignals(
  actions: ParentActions,
  runtime: Pick<Runtime, "onSignal" | "hasTerminal">,
): () => void {
  let isEnding = false;
  const end = (signal: SignalName): void => {
    if (isEnding) return actions.endNow(signal);
    isEnding = true;
    actions.end(signal);
  };
  const endNow = (): void => {
    isEnding = true;
    actions.endNow("SIGQUIT");
  };
  const hadTerminal = runtime.hasTerminal();
  const hangUp = (): void => {
    // The system sends the same signal when the terminal is closed.
    if (hadTerminal && !runtime.hasTerminal()) end("SIGHUP");
    else actions.restart();
  };
  const restores = [
    ...ENDING_SIGNALS.map((name) => runtime.onSignal(name, () => end(name))),
    runtime.onSignal("SIGQUIT", endNow),
    runtime.onSignal("SIGHUP", hangUp),
    runtime.onSignal("SIGTTIN", () => actions.grow()),
    runtime.onSignal("SIGTTOU", () => actions.shrink()),
    runtime.onSignal("SIGUSR1", () => actions.reopenLogs()),
    runtime.onSignal("SIGUSR2", () => actions.upgrade()),
    // A window that changes its size is nothing to us.
    runtime.onSignal("SIGWINCH", () => {}),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}
