/** The option `uncaughtErrors`: what is done about an error of the application that nobody caught. */
import type { Options } from "../config/options/mod.ts";
import type { Runtime, UncaughtKind } from "../runtime/types.ts";
import type { Server } from "./server.ts";

/** By the kind of the error and the option. */
const REACTIONS = {
  auto: { rejection: "continue", exception: "drain" },
  continue: { rejection: "continue", exception: "continue" },
  drain: { rejection: "drain", exception: "drain" },
  exit: { rejection: "exit", exception: "exit" },
} as const satisfies Record<
  Options["uncaughtErrors"],
  Record<UncaughtKind, "continue" | "drain" | "exit">
>;

const UNCAUGHT: Readonly<Record<UncaughtKind, string>> = {
  rejection: "Unhandled promise rejection in the application.",
  exception: "Uncaught exception in the application.",
};

/** Catches them for one server until it is released. */
export class UncaughtErrors {
  /** Puts back what was there before. */
  readonly release: () => void;
  readonly #server: Server;
  readonly #runtime: Pick<Runtime, "exit">;
  #hasBroken = false;

  constructor(server: Server, runtime: Pick<Runtime, "onUncaught" | "exit">) {
    this.#server = server;
    this.#runtime = runtime;
    this.release = runtime.onUncaught((error, kind) => this.#on(error, kind));
  }

  /** Whether one of them ended the server. */
  get hasBroken(): boolean {
    return this.#hasBroken;
  }

  #on(error: unknown, kind: UncaughtKind): void {
    const server = this.#server;
    const logger = server.logging.server;
    const reaction = REACTIONS[server.config.options.uncaughtErrors][kind];
    const text = UNCAUGHT[kind];
    if (reaction === "continue" || (this.#hasBroken && reaction === "drain")) {
      return logger.error(text, { error });
    }
    this.#hasBroken = true;
    if (reaction === "exit") {
      logger.critical(`${text} Exiting.`, { error });
      return this.#runtime.exit(1);
    }
    logger.critical(`${text} Draining, then exiting.`, { error });
    // Nobody is served yet, and the start may wait for what has just failed.
    if (server.phase === "starting") server.forceStop();
    else void server.stop();
  }
}
