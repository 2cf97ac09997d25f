/** What systemd is told of a service of `Type=notify` (sd_notify(3)), and its watchdog. */
import type { Logger } from "../logging/logger.ts";
import type { Runtime } from "../runtime/types.ts";

/** What is used of the process. */
export type SystemdHost = Pick<
  Runtime,
  "env" | "every" | "notifySystemd" | "pid"
>;

/** Longest time between two signs of life that systemd can ask for, in milliseconds. */
const MAX_WATCHDOG_MS = 2 ** 31 - 1;

/** Tells systemd how far the server is. Nothing rejects: what fails is said once in the log. */
export class SystemdNotices {
  readonly #host: SystemdHost;
  readonly #logger: Logger;
  #hasFailed = false;
  #isEnding = false;
  #stopWatchdog: (() => void) | undefined;
  /** Messages that have not been sent. */
  #underWay: Promise<void> = Promise.resolve();

  private constructor(host: SystemdHost, logger: Logger) {
    this.#host = host;
    this.#logger = logger;
  }

  /** `undefined` if systemd does not want to know. */
  static for(host: SystemdHost, logger: Logger): SystemdNotices | undefined {
    return host.env("NOTIFY_SOCKET")
      ? new SystemdNotices(host, logger)
      : undefined;
  }

  /** Connections are accepted. From now on the watchdog is fed, too. */
  ready(): void {
    this.#notify(`READY=1\nMAINPID=${this.#host.pid}`);
    this.#feedWatchdog();
  }

  /** Files are read anew; {@linkcode SystemdNotices.reloaded} follows. */
  reloading(): void {
    if (!this.#isEnding) this.#notify("RELOADING=1");
  }

  /** Whatever came of it: the server goes on. */
  reloaded(): void {
    if (!this.#isEnding) this.#notify("READY=1");
  }

  /** Another process is the server from now on, and tells of itself. */
  handOver(pid: number): void {
    this.#notify(`MAINPID=${pid}`);
    this.#end();
  }

  /** The server stops. Idempotent. */
  stopping(): void {
    if (this.#isEnding) return;
    this.#notify("STOPPING=1");
    this.#end();
  }

  /** Resolves when everything was sent. */
  close(): Promise<void> {
    this.#end();
    return this.#underWay;
  }

  #end(): void {
    this.#isEnding = true;
    this.#stopWatchdog?.();
    this.#stopWatchdog = undefined;
  }

  /** A timer of this process: it comes only while the event loop moves. */
  #feedWatchdog(): void {
    const { env, every, pid } = this.#host;
    const ms = Number(env("WATCHDOG_USEC")) / 1000;
    const owner = env("WATCHDOG_PID");
    const isForUs = owner === undefined || owner === "" ||
      owner === String(pid);
    if (!isForUs || !(ms > 0) || ms > MAX_WATCHDOG_MS) return;
    this.#stopWatchdog ??= every(ms / 2, () => this.#notify("WATCHDOG=1"));
  }

  #notify(state: string): void {
    const sent = this.#host.notifySystemd(state).catch((error: Error) => {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#logger.warning(error.message);
    });
    this.#underWay = Promise.all([this.#underWay, sent]).then(() => {});
  }
}
