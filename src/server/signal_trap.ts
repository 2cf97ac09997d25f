/** The signals of a process while it serves: what each of them asks for. */
import type { Runtime, SignalName } from "../runtime/types.ts";

/** What signals ask for. */
export interface SignalActions {
  /** The first signal to end: finish what is in progress. */
  readonly drain: () => void;
  /** A second one, whichever it is: end now. */
  readonly force: () => void;
  /** SIGHUP: read files anew. `undefined` leaves SIGHUP to the runtime, which ends the process. */
  readonly reload: (() => void) | undefined;
  /**
   * SIGUSR1: open log files anew, because they were renamed. `undefined` leaves SIGUSR1 to the
   * runtime: Node starts its debugger, the others end.
   */
  readonly reopenLogs: (() => void) | undefined;
  /** SIGUSR2: start a new version. */
  readonly upgrade: () => void;
}

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGBREAK"] as const;

/** Takes signals until it is released. */
export class SignalTrap {
  readonly #actions: SignalActions;
  readonly #restores: (() => void)[];
  readonly #received: SignalName[] = [];

  constructor(
    actions: SignalActions,
    runtime: Pick<Runtime, "onSignal" | "hasTerminal">,
  ) {
    this.#actions = actions;
    this.#restores = ENDING_SIGNALS.map((name) =>
      runtime.onSignal(name, () => this.#end(name))
    );
    const { reload, reopenLogs, upgrade } = actions;
    this.#restores.push(runtime.onSignal("SIGUSR2", upgrade));
    if (reopenLogs !== undefined) {
      this.#restores.push(runtime.onSignal("SIGUSR1", reopenLogs));
    }
    if (reload === undefined) return;
    const hadTerminal = runtime.hasTerminal();
    this.#restores.push(runtime.onSignal("SIGHUP", () => {
      // The system sends the same signal when the terminal is closed.
      if (hadTerminal && !runtime.hasTerminal()) this.#end("SIGHUP");
      else reload();
    }));
  }

  /** Signals that asked for the end, in the order of arrival. */
  get received(): readonly SignalName[] {
    return this.#received;
  }

  /** Whether a second signal forced the end. */
  get hasForced(): boolean {
    return this.#received.length > 1;
  }

  /** Puts back what was there before. */
  release(): void {
    for (const restore of this.#restores.splice(0)) restore();
  }

  #end(name: SignalName): void {
    this.#received.push(name);
    if (this.hasForced) this.#actions.force();
    else this.#actions.drain();
  }
}
