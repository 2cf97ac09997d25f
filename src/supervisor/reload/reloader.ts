/** Keeps one server process and replaces it when files change. */
import { type Logger, messageWithField } from "../../logging/logger.ts";
import type { ChildExit } from "../../runtime/types.ts";
import type { StartTimer } from "../../server/timers.ts";

/** For the application's shutdown when files have changed, in milliseconds. */
export const KILL_AFTER_MS = 2_000;

/** One server process. */
export interface ServerChild {
  readonly pid: number;
  /** Resolves once it accepts connections; never, if it does not come to that. */
  readonly ready: Promise<void>;
  /** Resolves once its process is gone. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Lets it load the application and serve. Once; until then it only loads the server itself. */
  begin(): void;
  /**
   * Tells it to finish what is in progress and end.
   *
   * @param timeoutMs Time of requests in progress, of which there are none while it starts: it ends
   * at once then. `undefined`: as its options say.
   */
  drain(timeoutMs: number | undefined): void;
  /** Ends its process now. */
  kill(): void;
}

/** What a reloader is made of. */
export interface ReloaderParts {
  /**
   * Starts a server process, which is to wait for its beginning: while it starts, the one before ends.
   * Rejects if there can be none.
   *
   * @param isFresh Whether one that was started before, and waits, must not be used.
   */
  readonly start: (isFresh: boolean) => Promise<ServerChild>;
  /** See `FileChanges`. */
  readonly changes: {
    next(): Promise<readonly string[] | undefined>;
    close(): void;
  };
  /** How changed paths are shown. */
  readonly describe: (paths: readonly string[]) => string;
  /** What finds changes, for the log. */
  readonly watcher: string;
  readonly logger: Pick<Logger, "info" | "warning" | "error">;
  /** Time of requests in progress when files have changed, in milliseconds. */
  readonly reloadMs: number;
  readonly startTimer: StartTimer;
}

/** Why the server process is replaced; `undefined`: everything ends. */
type Reason = { readonly changed: readonly string[] } | "asked" | undefined;

/** Somebody who waits for a restart. */
interface Waiting {
  /** Number of the first start that counts: earlier ones had begun before it was asked for. */
  readonly from: number;
  readonly resolve: (isReady: boolean) => void;
}

/** Runs from `run()` until `stop()`. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #child: ServerChild | undefined;
  /** The one that was told to end. */
  #ending: ServerChild | undefined;
  #hasForced = false;
  #isStopped = false;
  readonly #stopped = Promise.withResolvers<void>();
  #asked = Promise.withResolvers<void>();
  /** How many server processes were started, or could not be. */
  #starts = 0;
  #waiting: Waiting[] = [];

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /** Resolves when it was stopped and the server process is gone. */
  async run(): Promise<void> {
    const { changes, logger } = this.#parts;
    await this.#begin(this.#start(true));
    let pending = changes.next();
    while (!this.#isStopped) {
      const reason = await Promise.race([
        pending.then((changed): Reason => changed && { changed }),
        this.#asked.promise.then((): Reason => "asked"),
        this.#stopped.promise.then((): Reason => undefined),
      ]);
      if (reason === undefined || this.#isStopped) break;
      if (reason === "asked") {
        this.#asked = Promise.withResolvers();
        logger.info("Restarting the server process.");
      } else {
        logger.warning(this.#changeText(reason.changed));
        // What changes from here on is seen by this look, and leads to one more restart.
        pending = changes.next();
      }
      // Who asks for it may have changed what nobody watches, such as the runtime.
      const next = this.#start(reason === "asked");
      next.catch(() => {}); // told when it is its turn
      await this.#replace();
      await this.#begin(next);
    }
    changes.close();
    await this.#end((child) => child.drain(undefined));
  }

  /**
   * Replaces the server process although nothing has changed.
   *
   * @returns Whether one that was started from now on accepts connections. A change meanwhile replaces
   * it once more, and then the next one counts.
   */
  restart(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ from: this.#starts + 1, resolve });
    if (this.#isStopped) this.#tell(false);
    this.#asked.resolve();
    return promise;
  }

  /** Ends the server process, then `run`. */
  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve();
    this.#tell(false);
  }

  /** As `stop`, without waiting for requests. */
  forceStop(): void {
    this.#hasForced = true;
    this.stop();
    this.#child?.kill();
    this.#ending?.kill();
  }

  #start(isFresh: boolean): Promise<ServerChild> {
    this.#starts++;
    return this.#parts.start(isFresh);
  }

  /** Tells those who wait for start `number`, or an earlier one, what has become of it. */
  #tell(isReady: boolean, number: number = Infinity): void {
    const told = this.#waiting.filter(({ from }) => from <= number);
    this.#waiting = this.#waiting.filter(({ from }) => from > number);
    for (const { resolve } of told) resolve(isReady);
  }

  #changeText(changed: readonly string[]): string {
    const { describe, watcher } = this.#parts;
    return `${watcher} detected changes in ${describe(changed)}. Reloading...`;
  }

  /** Has a process serve, unless everything ends by now. */
  async #begin(next: Promise<ServerChild>): Promise<void> {
    const { logger } = this.#parts;
    const number = this.#starts;
    let child: ServerChild;
    try {
      child = await next;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error(`Cannot start the server process: ${reason}`);
      return this.#tell(false, number);
    }
    if (this.#isStopped) {
      child.kill();
      await child.exited;
      return;
    }
    this.#child = child;
    child.begin();
    void child.ready.then(() => this.#tell(true, number));
    void child.exited.then((exit) => {
      if (this.#child !== child) return; // it was told to
      this.#child = undefined;
      const how = messageWithField(
        "Server process [",
        "pid",
        child.pid,
        `] ended ${exitText(exit)}. Waiting for changes to start it again.`,
      );
      logger.warning(how.message, how);
      this.#tell(false, number);
    });
  }

  /** Ends the server process within a bounded time. */
  async #replace(): Promise<void> {
    const { reloadMs, startTimer } = this.#parts;
    const child = this.#child;
    if (child === undefined) return;
    const limitMs = reloadMs + KILL_AFTER_MS;
    const stopTimer = startTimer(limitMs, () => {
      this.#parts.logger.warning(
        `Server process [${child.pid}] has not ended in time. Killing it.`,
      );
      child.kill();
    });
    await this.#end((child) => child.drain(reloadMs));
    stopTimer();
  }

  /** Ends the server process, if there is one, and resolves when it is gone. */
  async #end(tell: (child: ServerChild) => void): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    this.#ending = child;
    if (this.#hasForced) child.kill();
    else tell(child);
    await child.exited;
    this.#ending = undefined;
  }
}

function exitText({ code, signal }: ChildExit): string {
  return signal === null ? `with code ${code}` : `by ${signal}`;
}
