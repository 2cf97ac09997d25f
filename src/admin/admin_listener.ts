/**
 * The listener for probes and metrics: a server of its own inside the process, with limits that fit
 * its few small requests. What it counts and logs is not mixed with that of the one it tells about.
 */
import { Config } from "../config/config.ts";
import { targetOf } from "../config/options/bind_address.ts";
import type { OptionsInput } from "../config/options/mod.ts";
import { type Logger, messageWithField, SILENT } from "../logging/logger.ts";
import type { Logging } from "../logging/logging.ts";
import type { Address } from "../runtime/types.ts";
import { urlText } from "../server/ready_line.ts";
import { Server } from "../server/server.ts";
import { adminApp, type AdminSources } from "./admin_app.ts";

/** Only the same user may connect to a UNIX socket. */
const SOCKET_MODE = 0o600;
/** For answers to leave at the end, in seconds. */
const LAST_ANSWERS = 0.2;

/** A probe has a small head and no body, and is sent at once. */
const LIMITS: OptionsInput = {
  interface: "asgi3",
  lifespan: "off",
  ws: "none",
  proxyHeaders: false,
  earlyHints: false,
  accessLog: false,
  backlog: 64,
  limitConnections: 64,
  limitRequestHead: 16 * 1024,
  limitRequestTarget: 1024,
  limitRequestFields: 64,
  limitRequestBody: 0,
  limitConcurrency: 32,
  timeoutFirstByte: 10,
  timeoutRequestHead: 5,
  timeoutRequestBody: 5,
  timeoutWriteStall: 10,
  // Scrapers come back after 15 to 60 seconds.
  timeoutKeepAlive: 65,
  timeoutRequest: 15,
};

/** An open one. */
export class AdminListener {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Listens, and says so in the log.
   *
   * @param address As the option `adminBind` has it.
   * @throws ListenError, in one line that names the option, if the address cannot be had.
   */
  static async open(
    address: string,
    sources: AdminSources,
    logger: Logger,
  ): Promise<AdminListener> {
    const target = {
      ...targetOf(address, SOCKET_MODE),
      option: "--admin-bind",
    };
    const server = new Server(new Config(adminApp(sources), LIMITS), {
      logging: loggingTo(logger),
      worker: {
        targets: [target],
        development: undefined,
        onRequestLimit() {},
      },
    });
    // The server that it tells about decides how long the process lives.
    server.unref();
    server.start();
    for (const bound of await server.listening) {
      const url = urlText(bound, "http");
      const line = messageWithField("Admin listener on ", "address", url, "");
      logger.info(line.message, line);
    }
    return new AdminListener(server);
  }

  /** Where it listens. */
  get addresses(): readonly Address[] {
    return this.#server.addresses;
  }

  /** Ends it. Idempotent; never rejects. */
  async close(): Promise<void> {
    await this.#server.stop({ timeout: LAST_ANSWERS, delay: 0 });
  }
}

/** Passes on what is of use to an operator who looks for trouble. */
function loggingTo(logger: Logger): Logging {
  const server: Logger = {
    ...SILENT,
    name: logger.name,
    isEnabled: (level) => level === "debug" && logger.isEnabled(level),
    debug: (message, details) =>
      logger.debug(`Admin listener: ${message}`, details),
  };
  return {
    server,
    asgi: SILENT,
    access: undefined,
    open: () => Promise.resolve(),
    observe() {},
    reopen() {},
    reconfigure: () => Promise.resolve(true),
    flush() {},
  };
}
