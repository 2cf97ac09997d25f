/** The control of a server that is one process. */
import { runtime } from "../runtime/mod.ts";
import { LoopLag } from "../server/loop_lag.ts";
import { urlText } from "../server/ready_line.ts";
import type { Server } from "../server/server.ts";
import { usesTls } from "../config/options/tls.ts";
import { VERSION } from "../version.ts";
import { Control } from "./control.ts";
import type { ServerStatus } from "./controlled.ts";

/** What the control of a server needs. */
export interface ControlledServer {
  readonly server: Server;
  /** See `Controlled.reload`. */
  readonly reload: () => Promise<string>;
}

/** A server with a pid file or a control socket. */
export class ServerControl {
  readonly #lag: LoopLag;
  #control: Control | undefined;
  #failure: unknown;

  private constructor(lag: LoopLag) {
    this.#lag = lag;
  }

  /** Why the server was stopped, if its pid file could not be written. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Opens what the options of the server ask for, before it is started.
   *
   * @throws ConfigError, with exit code 3, which is in the log.
   */
  static async open(controlled: ControlledServer): Promise<ServerControl> {
    const { server } = controlled;
    const logger = server.logging.server;
    const lag = (await server.measuring)?.lag ?? new LoopLag(runtime);
    const control = new ServerControl(lag);
    const { options } = server.config;
    try {
      control.#control = await Control.open(options, {
        status: () => Promise.resolve(control.#status(server)),
        stop: (isForced) => isForced ? server.forceStop() : void server.stop(),
        reload: controlled.reload,
      }, logger);
    } catch (error) {
      logger.error((error as Error).message);
      throw error;
    }
    control.#lag.start();
    void server.stopping.then(() => control.#control!.stopping());
    server.listening.then(() => control.#announce(server), () => {});
    return control;
  }

  /** See `Control.reload`. */
  reload(): Promise<string> {
    return this.#control!.reload();
  }

  #announce(server: Server): void {
    try {
      this.#control!.announce();
    } catch (error) {
      this.#failure = error;
      server.logging.server.error((error as Error).message);
      void server.stop();
    }
  }

  #status(server: Server): ServerStatus {
    const { app, options } = server.config;
    const scheme = usesTls(options) ? "https" : "http";
    const process = server.status(this.#lag.lagMs);
    return {
      version: VERSION,
      runtime: `${runtime.name} ${runtime.version}`,
      pid: process.pid,
      application: typeof app === "string" ? app : "(a function)",
      phase: process.phase,
      uptimeSeconds: process.uptimeSeconds,
      addresses: server.addresses.map((one) => urlText(one, scheme)),
      restarts: 0,
      workers: [{ ...process, slot: 0, restarts: 0, isResponding: true }],
    };
  }

  /** Removes pid file and socket. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#lag.stop();
    await this.#control?.close();
  }
}
