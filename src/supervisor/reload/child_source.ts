/** Where the server processes of a reload come from. */
import type { Config } from "../../config/config.ts";
import { isObserved } from "../../config/options/control.ts";
import type { SslIdentity } from "../../config/options/tls.ts";
import type { Logger } from "../../logging/logger.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Child, CompileCache } from "../../runtime/types.ts";
import type { HeldSockets } from "../held_sockets.ts";
import { fromWorker, type StartMessage } from "../messages.ts";
import type { SupervisedRun } from "../run_supervised.ts";
import { startMessage } from "../start_message.ts";
import type { ChildWatcher } from "./child_watcher.ts";
import type { ServerChild } from "./reloader.ts";

/** What server processes are started from. */
export interface ChildSourceParts {
  readonly run: SupervisedRun;
  readonly cache: CompileCache;
  readonly sockets: HeldSockets;
  readonly logger: Logger;
  /** Who follows them. */
  readonly watchers: readonly ChildWatcher[];
  /** Whether one of those counts, whatever the options are by then. */
  readonly isMeasured: boolean;
}

/** Starts server processes, each with the configuration as it is then. */
export class ChildSource {
  readonly #parts: ChildSourceParts;
  #child: Child | undefined;
  /** The certificate for development: browsers ask about each one only once. */
  #development: SslIdentity | undefined;

  constructor(parts: ChildSourceParts) {
    this.#parts = parts;
  }

  /**
   * Starts one, which waits for its beginning.
   *
   * @param onSpent Called when it has served as many requests as it may.
   */
  async start(onSpent: () => void): Promise<ServerChild> {
    const { run, cache, sockets, watchers, isMeasured } = this.#parts;
    const { config, env } = this.#child === undefined
      ? run
      : await run.reread();
    const { places, descriptors } = sockets;
    if (config.options.sslDev) await this.#certify(config);
    const message = {
      ...startMessage(config, places, "reload"),
      isObserved: isObserved(config.options),
      isMeasured,
      ...config.options.sslDev ? { development: this.#development } : {},
    };
    const child = this.#child = await runtime.spawnChild({
      args: [message.app],
      env: { ...cache.env, ...env, TRICORN_WORKER: "0" },
      descriptors,
    });
    return new SpawnedServer(child, message, onSpent, watchers);
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
