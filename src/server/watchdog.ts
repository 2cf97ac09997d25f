/** The option `watchdog`: an event loop that stands still is named, with what it was doing. */
import type { AsgiApp } from "../asgi.ts";
import type { Logger } from "../logging/logger.ts";
import type { LoopReport, LoopWatch, Runtime } from "../runtime/types.ts";

/** What is watched, and who says so. */
export interface WatchdogParts {
  /** For which the event loop may stand still, in milliseconds. */
  readonly limitMs: number;
  readonly isJson: boolean;
  readonly logger: Logger;
}

/** Watches the event loop of the process, and knows the requests of one server. */
export class Watchdog {
  readonly #watch: LoopWatch;

  private constructor(watch: LoopWatch) {
    this.#watch = watch;
  }

  /** Begins. */
  static async start(
    { limitMs, isJson, logger }: WatchdogParts,
    runtime: Pick<Runtime, "watchLoop">,
  ): Promise<Watchdog> {
    const onMoved = (report: LoopReport) => logger.warning(movedText(report));
    const watch = await runtime.watchLoop({ limitMs, isJson, onMoved });
    return new Watchdog(watch);
  }

  /** `app`, whose calls are known while they run. */
  wrap(app: AsgiApp): AsgiApp {
    const watch = this.#watch;
    return async (scope, receive, send) => {
      if (scope.type === "lifespan") return await app(scope, receive, send);
      const method = scope.type === "http" ? scope.method : "WEBSOCKET";
      const number = watch.begin(`${method} ${scope.raw_path}`);
      try {
        return await app(scope, receive, send);
      } finally {
        watch.end(number);
      }
    };
  }

  /** Ends. */
  close(): void {
    this.#watch.close();
  }
}

function movedText({ seconds, work, stack }: LoopReport): string {
  return `The event loop moves again, after ${
    seconds.toFixed(1)
  } seconds. Running were: ${work}${stack}`;
}
