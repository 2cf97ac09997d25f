/**
 * Startup and shutdown of the application (ASGI Lifespan): one call of it that lasts as long as the
 * server runs.
 */
import type {
  AsgiApp,
  HealthExtension,
  LifespanExtensions,
  LifespanReceiveEvent,
  LifespanScope,
  ReceiveEvent,
  SendEvent,
  State,
  Topics,
} from "../asgi.ts";
import {
  InvalidEventError,
  UnexpectedEventError,
  UnsupportedScopeError,
} from "../errors.ts";
import type { Logger } from "../logging/logger.ts";

/** Lifespan support: detect, require, disable. */
export type LifespanMode = "auto" | "on" | "off";

/** Calls back after `ms` milliseconds unless the returned function is called first. */
export type StartTimer = (ms: number, callback: () => void) => () => void;

/** State of the application's lifespan. */
export type LifespanPhase =
  | "starting"
  | "running"
  | "stopping"
  | "stopped"
  | "failed";

/** Messages of the application that change the phase. */
type LifespanMessage =
  | "lifespan.startup.complete"
  | "lifespan.startup.failed"
  | "lifespan.shutdown.complete"
  | "lifespan.shutdown.failed";

/** Phase after each message; a missing entry is an {@linkcode UnexpectedEventError}. */
export const NEXT_PHASE: Readonly<
  Record<
    LifespanPhase,
    Readonly<Partial<Record<LifespanMessage, LifespanPhase>>>
  >
> = {
  starting: {
    "lifespan.startup.complete": "running",
    "lifespan.startup.failed": "failed",
  },
  running: {},
  stopping: {
    "lifespan.shutdown.complete": "stopped",
    "lifespan.shutdown.failed": "failed",
  },
  stopped: {},
  failed: {},
};

const MESSAGES: ReadonlySet<string> = new Set<LifespanMessage>([
  "lifespan.startup.complete",
  "lifespan.startup.failed",
  "lifespan.shutdown.complete",
  "lifespan.shutdown.failed",
]);

const VERSIONS = Object.freeze(
  { version: "3.0", spec_version: "2.0" } as const,
);

/** Result of startup or shutdown. */
type Outcome = "done" | "failed" | "abandoned";

/** Why a phase failed. */
export interface LifespanFailure {
  /** The application's message, or ours; `undefined` if it gave none. */
  readonly message: string | undefined;
  /** What the application threw, possibly after its `failed` message. */
  cause?: unknown;
}

/** Options of the lifespan. */
export interface LifespanOptions {
  readonly mode: LifespanMode;
  /** Time limit of startup, and of shutdown, in milliseconds. */
  readonly limitMs: number;
  /** Offered to the application; `undefined` for none. Default: none. */
  readonly topics?: Topics;
  /** Offered to the application. Default: none. */
  readonly health?: HealthExtension | undefined;
  readonly startTimer: StartTimer;
}

/** Runs the lifespan call of one application. */
export class Lifespan {
  /**
   * Filled by the application during startup, copied for each request (ASGI Lifespan: Lifespan
   * State).
   */
  readonly state: State = {};
  readonly #app: AsgiApp;
  readonly #options: LifespanOptions;
  readonly #logger: Logger;
  #phase: LifespanPhase = "starting";
  /** Whether the application's call has not ended: only then can it receive the shutdown event. */
  #isRunning = false;
  /** Whether it received the startup event: a failure before that means "lifespan unsupported". */
  #hasHeardStartup = false;
  #failureMessage: string | undefined;
  #failure: LifespanFailure | undefined;
  #events: LifespanReceiveEvent[] = [];
  #receivers: ((event: ReceiveEvent) => void)[] = [];
  #waiting: PromiseWithResolvers<Outcome> | undefined;

  constructor(app: AsgiApp, options: LifespanOptions, logger: Logger) {
    this.#app = app;
    this.#options = options;
    this.#logger = logger;
    const { topics } = options;
    if (topics === undefined) return;
    // Not enumerable: a copy of the state is made for each request, which has its extension.
    Object.defineProperty(this.state, "topics", {
      value: topics,
      writable: true,
      configurable: true,
    });
  }

  /** State of the application's lifespan. */
  get phase(): LifespanPhase {
    return this.#phase;
  }

  /** Why startup or shutdown failed. The `cause` may be set later in the same turn. */
  get failure(): LifespanFailure | undefined {
    return this.#failure;
  }

  /** Starts the application. Resolves to whether the server may accept connections. */
  async startup(): Promise<boolean> {
    if (this.#options.mode === "off") {
      this.#phase = "running";
      return true;
    }
    const logger = this.#logger;
    logger.info("Waiting for application startup.");
    this.#isRunning = true;
    const outcome = this.#await("startup", () => {
      this.#put({ type: "lifespan.startup" });
      void this.#run();
    });
    return this.#judge("startup", await outcome);
  }

  /** Stops the application, if it was started. Resolves to whether shutdown succeeded. */
  async shutdown(): Promise<boolean> {
    // If the application's call has ended, no event can reach it.
    if (this.#phase !== "running" || !this.#isRunning) return true;
    const logger = this.#logger;
    logger.info("Waiting for application shutdown.");
    this.#phase = "stopping";
    const outcome = this.#await(
      "shutdown",
      () => this.#put({ type: "lifespan.shutdown" }),
    );
    return this.#judge("shutdown", await outcome);
  }

  #judge(phase: "startup" | "shutdown", outcome: Outcome): boolean {
    const logger = this.#logger;
    if (outcome === "done") {
      logger.info(`Application ${phase} complete.`);
      return true;
    }
    this.#phase = "failed";
    this.#failure ??= { message: this.#failureMessage };
    if (outcome === "abandoned") {
      logger.warning(`Application ${phase} was not waited for.`);
    } else {
      if (this.#failureMessage) logger.error(this.#failureMessage);
      logger.error(`Application ${phase} failed. Exiting.`);
    }
    return false;
  }

  /** Stops waiting for startup or shutdown, at a forced stop. */
  abandon(): void {
    this.#waiting?.resolve("abandoned");
  }

  #await(phase: "startup" | "shutdown", begin: () => void): Promise<Outcome> {
    const { limitMs, startTimer } = this.#options;
    const waiting = this.#waiting = Promise.withResolvers<Outcome>();
    this.#failureMessage = undefined;
    this.#failure = undefined;
    const stopTimer = startTimer(limitMs, () => {
      this.#failureMessage = `Application ${phase} did not finish within ${
        limitMs / 1000
      } seconds.`;
      waiting.resolve("failed");
    });
    begin();
    return waiting.promise.finally(stopTimer);
  }

  async #run(): Promise<void> {
    const scope: LifespanScope = {
      type: "lifespan",
      asgi: VERSIONS,
      state: this.state,
      extensions: this.#extensions(),
    };
    try {
      await this.#app(
        scope,
        () => this.#receive(),
        (event) => this.#send(event),
      );
      this.#isRunning = false;
      this.#onReturn();
    } catch (error) {
      this.#isRunning = false;
      this.#onThrow(error);
    }
  }

  #extensions(): LifespanExtensions {
    const { topics, health } = this.#options;
    return {
      ...topics === undefined ? {} : { topics },
      ...health === undefined ? {} : { health },
    };
  }

  #onReturn(): void {
    if (this.#phase === "starting") {
      if (this.#options.mode === "on") {
        this.#failureMessage =
          "ASGI callable returned before 'lifespan.startup.complete'.";
        this.#waiting?.resolve("failed");
        return;
      }
      // An application that returns without a receive() ignores lifespan: no reason to warn.
      if (this.#hasHeardStartup) {
        this.#logger.warning(
          "ASGI callable returned before 'lifespan.startup.complete'.",
        );
      } else {
        this.#logger.info("ASGI 'lifespan' protocol appears unsupported.");
      }
      this.#phase = "running";
      this.#waiting?.resolve("done");
    } else if (this.#phase === "stopping") {
      this.#phase = "stopped";
      this.#waiting?.resolve("done");
    }
  }

  #onThrow(error: unknown): void {
    const { mode } = this.#options;
    switch (this.#phase) {
      case "starting":
        if (
          mode === "auto" &&
          (error instanceof UnsupportedScopeError || !this.#hasHeardStartup)
        ) {
          this.#logger.info("ASGI 'lifespan' protocol appears unsupported.");
          this.#phase = "running";
          this.#waiting?.resolve("done");
        } else {
          // It received the event, so it supports lifespan: its startup has failed.
          this.#logger.error("Exception in 'lifespan' protocol", { error });
          this.#fail(error);
        }
        break;
      case "running": // the call ended between startup and shutdown
      case "stopping":
        this.#logger.error("Exception in 'lifespan' protocol", { error });
        this.#fail(error);
        break;
      case "stopped": // thrown after `shutdown.complete`
        this.#logger.error("Exception in 'lifespan' protocol", { error });
        break;
      case "failed": // thrown after a `failed` message: keep it as the cause
        if (this.#failure === undefined) this.#fail(error);
        else if (!("cause" in this.#failure)) this.#failure.cause = error;
        break;
    }
  }

  #fail(error: unknown): void {
    const { message }: { readonly message?: unknown } = Object(error);
    this.#failure = {
      message: this.#failureMessage ??
        (typeof message === "string" && message !== "" ? message : undefined),
      cause: error,
    };
    this.#waiting?.resolve("failed");
  }

  #put(event: LifespanReceiveEvent): void {
    const receiver = this.#receivers.shift();
    if (receiver === undefined) this.#events.push(event);
    else this.#hand(event, receiver);
  }

  /** Resolves to the next event; never, after the shutdown event. */
  #receive(): Promise<ReceiveEvent> {
    return new Promise((resolve) => {
      const event = this.#events.shift();
      if (event === undefined) this.#receivers.push(resolve);
      else this.#hand(event, resolve);
    });
  }

  #hand(
    event: LifespanReceiveEvent,
    receiver: (event: ReceiveEvent) => void,
  ): void {
    if (event.type === "lifespan.startup") this.#hasHeardStartup = true;
    receiver(event);
  }

  #send(event: SendEvent): Promise<void> {
    const { type, message }: { type?: unknown; message?: unknown } = event ??
      {};
    if (typeof type !== "string" || !MESSAGES.has(type)) {
      const shown = typeof type === "string" ? JSON.stringify(type) : "message";
      return invalid(
        `Cannot send ${shown}: the lifespan scope has no such message`,
        type,
      );
    }
    const isFailure = type.endsWith(".failed");
    if (isFailure && message !== undefined && typeof message !== "string") {
      return invalid(
        `Cannot send "${type}": expected "message" to be a string`,
        type,
      );
    }
    const next = NEXT_PHASE[this.#phase][type as LifespanMessage];
    if (next === undefined) {
      return rejected(
        new UnexpectedEventError(
          `Got invalid state transition on lifespan protocol: '${type}' while ${this.#phase}.`,
          type,
          this.#phase,
        ),
      );
    }
    if (isFailure) this.#failureMessage = message as string | undefined;
    this.#phase = next;
    this.#waiting?.resolve(next === "failed" ? "failed" : "done");
    return Promise.resolve();
  }
}

function invalid(problem: string, type: unknown): Promise<void> {
  return rejected(
    new InvalidEventError(problem, typeof type === "string" ? type : null),
  );
}

function rejected(error: Error): Promise<void> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}
