/** Where the server processes of a reload come from. */
import type { Config } from "../../config/config.ts";
import { isObserved } from "../../config/options/control.ts";
import type { SslIdentity } from "../../config/options/tls.ts";
import type { Logger } from "../../logging/logger.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Child, CompileCache } from "../../runtime/types.ts";
import { startTimer } from "../../server/timers.ts";
import type { HeldSockets } from "../held_sockets.ts";
import { fromWorker, type StartMessage } from "../messages.ts";
import type { SupervisedRun } from "../run_supervised.ts";
import { startMessage } from "../start_message.ts";
import type { ChildWatcher } from "./child_watcher.ts";
import type { ServerChild } from "./reloader.ts";
import { Spare, type SpareOrder } from "./spare.ts";
import type { WatchedFiles } from "./watched_files.ts";

/** What server processes are started from. */
export interface ChildSourceParts {
  readonly run: SupervisedRun;
  readonly cache: CompileCache;
  readonly sockets: HeldSockets;
  /** What is looked at to see whether a process that was started ahead can still be used. */
  readonly files: Pick<WatchedFiles, "lookAtStart">;
  readonly logger: Logger;
  /** Who follows them. */
  readonly watchers: readonly ChildWatcher[];
  /** Whether one of those counts, whatever the options are by then. */
  readonly isMeasured: boolean;
}

/** Starts server processes, each with the configuration as it is then. */
export class ChildSource {
  readonly #parts: ChildSourceParts;
  readonly #spare: Spare;
  #child: Child | undefined;
  /** The certificate for development: browsers ask about each one only once. */
  #development: SslIdentity | undefined;

  constructor(parts: ChildSourceParts) {
    this.#parts = parts;
    this.#spare = new Spare({
      spawn: (order) => this.#spawn(order),
      look: async () =>
        await runtime.hasPreloads()
          ? undefined
          : await parts.files.lookAtStart(runtime),
      startTimer,
    });
  }

  /**
   * Starts one, which waits for its beginning; or takes the one that was started ahead.
   *
   * @param isFresh Whether it must be started now.
   * @param onSpent Called when it has served as many requests as it may.
   */
  async start(isFresh: boolean, onSpent: () => void): Promise<ServerChild> {
    const { run, cache, sockets, watchers, isMeasured } = this.#parts;
    const { config, env } = this.#child === undefined
      ? run
      : await run.reread();
    if (config.options.sslDev) await this.#certify(config);
    const message = {
      ...startMessage(config, sockets.places, "reload"),
      isObserved: isObserved(config.options),
      isMeasured,
      ...config.options.sslDev ? { development: this.#development } : {},
    };
    const order = {
      args: [message.app],
      env: { ...cache.env, ...env, TRICORN_WORKER: "0" },
    };
    if (isFresh) void this.#spare.discard();
    const spare = isFresh ? undefined : await this.#spare.take(order);
    const child = this.#child = spare ?? await this.#spawn(order);
    const server = new SpawnedServer(child, message, onSpent, watchers);
    void Promise.race([server.ready, server.exited]).then(() => {
      if (this.#child === child) this.#spare.prepare(order);
    });
    return server;
  }

  /** Ends the one that was started ahead. */
  close(): Promise<void> {
    return this.#spare.close();
  }

  #spawn(order: SpareOrder): Promise<Child> {
    const { descriptors } = this.#parts.sockets;
    return runtime.spawnChild({ ...order, descriptors });
  }

  async #certify(config: Config): Promise<void> {
    if (this.#development !== undefined) return;
    const { makeDevelopmentIdentity } = await import(
      "../../server/tls/open_certificates.ts"
    );
    this.#development = makeDevelopmentIdentity(
      config,
      this.#parts.logger,
    );
  }

  reopenLogs(): void {
    this.#child?.send({ kind: "reopenLogs" });
  }
}

/** A server process as the reloader sees it. */
class SpawnedServer implements ServerChild {
  readonly ready: Promise<void>;
  readonly #child: Child;
  readonly #message: StartMessage;
  readonly #watchers: readonly ChildWatcher[];

  constructor(
    child: Child,
    message: StartMessage,
    onSpent: () => void,
    watchers: readonly ChildWatcher[],
  ) {
    this.#child = child;
    this.#message = message;
    this.#watchers = watchers;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    child.onMessage = (data) => {
      const message = fromWorker(data);
      if (message === undefined) return;
      for (const watcher of watchers) watcher.onMessage(child, message);
      if (message.kind === "ready") resolve();
      if (message.kind === "spent") onSpent();
    };
    void child.exited.then(() => {
      for (const watcher of watchers) watcher.onGone(child);
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get exited(): ServerChild["exited"] {
    return this.#child.exited;
  }

  begin(): void {
    for (const watcher of this.#watchers) watcher.onStart(this.#child);
    this.#child.send(this.#message);
  }

  drain(timeoutMs: number | undefined): void {
    const isReplaced = timeoutMs !== undefined;
    for (const watcher of this.#watchers) {
      watcher.onDrain(this.#child, isReplaced);
    }
    this.#child.send(
      timeoutMs === undefined ? { kind: "drain", isReplaced: false } : {
        kind: "drain",
        // The next one waits for its end.
        isReplaced: false,
        delay: 0,
        timeout: timeoutMs / 1000,
        abandonsStart: true,
      },
    );
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
