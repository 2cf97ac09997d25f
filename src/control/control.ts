/** The pid file and the control socket of one server, from its start to its end. */
import { ConfigError, ListenError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import { runtime, selectTransport } from "../runtime/mod.ts";
import type { Listener, Socket, SocketHandler } from "../runtime/types.ts";
import { startTimer } from "../server/timers.ts";
import { printable } from "../text/printable.ts";
import {
  ControlConnection,
  type ControlConnectionOwner,
} from "./control_connection.ts";
import type { Controlled } from "./controlled.ts";
import { PidFile } from "./pid_file.ts";
import type { ControlAnswer, ControlRequest } from "./protocol.ts";
import { SystemdNotices } from "./systemd.ts";
import { controlSocketPath, type SocketPlace } from "./socket_path.ts";

/** Only the same user may steer the server. */
const SOCKET_MODE = 0o600;
/** Clients at a time: an operator and some scripts. */
const MAX_CLIENTS = 16;
/** More than may be served, so that the others are told: the kernel turns them away without a word. */
const BACKLOG = 64;
/** For answers to leave at the end, in milliseconds. */
const LAST_ANSWERS_MS = 250;

/** How a server can be found and steered. */
export class Control implements ControlConnectionOwner {
  readonly #controlled: Controlled;
  readonly #logger: Logger;
  readonly #pidFile: PidFile | undefined;
  readonly #systemd: SystemdNotices | undefined;
  readonly #clients = new Set<ControlConnection>();
  #listener: Listener | undefined;
  #onEmpty: (() => void) | undefined;

  private constructor(
    controlled: Controlled,
    logger: Logger,
    pidFile: PidFile | undefined,
  ) {
    this.#controlled = controlled;
    this.#logger = logger;
    this.#pidFile = pidFile;
    this.#systemd = SystemdNotices.for(runtime, logger);
  }

  /**
   * Opens the control socket, and looks whether the pid file can be had. To be called before the
   * application is started: a server that runs already is found here.
   *
   * @param takesOver Whether the pid file is another server's, which hands it over.
   * @throws ConfigError, with exit code 3, if there is such a server, or a path cannot be used.
   */
  static async open(
    options: SocketPlace,
    controlled: Controlled,
    logger: Logger,
    takesOver: boolean = false,
  ): Promise<Control> {
    const { pidFile } = options;
    const control = new Control(
      controlled,
      logger,
      pidFile === undefined ? undefined : new PidFile(pidFile),
    );
    if (!takesOver) control.#pidFile?.check();
    const path = controlSocketPath(options);
    if (path !== undefined) await control.#listen(path);
    return control;
  }

  async #listen(path: string): Promise<void> {
    const target = {
      kind: "unix",
      path,
      mode: SOCKET_MODE,
      option: "--control-socket",
    } as const;
    const options = { backlog: BACKLOG };
    try {
      const listener = await selectTransport("auto", target, options)
        .bind(target, options);
      this.#listener = listener;
      listener.accept((socket) => this.#admit(socket));
      // The server alone decides how long the process lives.
      listener.unref();
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      const reason = error.code === "EADDRINUSE"
        ? `Cannot use control socket '${
          printable(path)
        }' (--control-socket): ` +
          "a server that runs already answers there"
        : error.message;
      throw new ConfigError(reason, 3, { cause: error });
    }
  }

  /**
   * Writes the pid file, and tells systemd: to be called once the server is ready.
   *
   * @param takesOver As for `open()`.
   * @throws ConfigError, with exit code 3, if the file cannot be written.
   */
  announce(takesOver: boolean = false): void {
    this.#pidFile?.write(takesOver);
    this.#systemd?.ready();
  }

  /** Does what SIGHUP and `tricorn reload` ask for; systemd sees the beginning and the end. */
  async reload(): Promise<string> {
    this.#systemd?.reloading();
    try {
      return await this.#controlled.reload();
    } finally {
      this.#systemd?.reloaded();
    }
  }

  /** The server begins to stop. Idempotent. */
  stopping(): void {
    this.#systemd?.stopping();
  }

  /** Leaves the pid file, the path of the socket and systemd to process `pid`. */
  async handOver(pid: number): Promise<void> {
    this.#pidFile?.leave();
    this.#systemd?.handOver(pid);
    await this.#closeSocket();
  }

  /** Removes both. Answers that are under way have a moment to leave. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#pidFile?.remove();
    await this.#systemd?.close();
    await this.#closeSocket();
  }

  async #closeSocket(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    const isEmpty = new Promise<void>((resolve) => this.#onEmpty = resolve);
    const closed = listener.close();
    if (this.#clients.size === 0) this.#onEmpty?.();
    for (const client of this.#clients) client.close();
    let stopTimer: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      stopTimer = this.startTimer(LAST_ANSWERS_MS, resolve);
    });
    await Promise.race([isEmpty, late]);
    stopTimer?.();
    for (const client of this.#clients) client.destroy();
    await closed.catch(() => {});
  }

  #admit(socket: Socket): SocketHandler {
    const client = new ControlConnection(socket, this);
    if (this.#clients.size < MAX_CLIENTS) this.#clients.add(client);
    else client.refuse(`Cannot answer: ${MAX_CLIENTS} clients are connected`);
    return client;
  }

  /** See {@linkcode ControlConnectionOwner}. */
  async answer(request: ControlRequest): Promise<ControlAnswer> {
    try {
      return { ok: true, result: await this.#do(request) };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { ok: false, error: printable(text) };
    }
  }

  async #do({ command, isForced }: ControlRequest): Promise<unknown> {
    switch (command) {
      case "status":
        return await this.#controlled.status();
      case "reload":
        this.#logger.info("Reload asked for over the control socket.");
        return await this.reload();
      case "stop":
        this.#logger.info(
          `${
            isForced ? "Immediate stop" : "Stop"
          } asked for over the control socket.`,
        );
        this.#controlled.stop(isForced);
        return "stopping";
    }
  }

  /** See {@linkcode ControlConnectionOwner}. */
  startTimer(ms: number, callback: () => void): () => void {
    return startTimer(ms, callback);
  }

  /** See {@linkcode ControlConnectionOwner}. */
  onClose(client: ControlConnection): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  }
}
