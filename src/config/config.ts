/** One server's application and options, checked. */
import type { AsgiApp } from "../asgi.ts";
import { ConfigError, UnsupportedRuntimeError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import { whyUnsupportedHere } from "../runtime/supported_versions.ts";
import type { Address, ListenTarget } from "../runtime/types.ts";
import { targetOf } from "./options/bind_address.ts";
import type { Application } from "../application/application.ts";
import type { OnListening } from "../application/adapters/context.ts";
import { buildApplication } from "../application/build.ts";
import type { InterfaceName } from "../application/verdict.ts";
import type { Logging } from "../logging/logging.ts";
import { quote } from "./options/value_types.ts";
import type { Options, OptionsInput } from "./options/mod.ts";
import { resolveOptions } from "./resolve.ts";

/** @internal An interface, and why the application has it. */
export interface DetectedInterface {
  readonly name: InterfaceName;
  /** Follows "because". */
  readonly reason: string;
}

/**
 * The application and the options of a server. Reads no options from environment variables; only
 * the command does.
 *
 * @example
 * ```ts
 * const config = new Config("main:app", { port: 8000 });
 * ```
 */
export class Config {
  /** The application, or its import string, as given. */
  readonly app: Application | string;
  /** Checked, complete and frozen. */
  readonly options: Options;
  #loading: Promise<AsgiApp> | undefined;
  #detected: DetectedInterface | undefined;
  readonly #onListening: OnListening[] = [];

  /**
   * Checks the options and fills in defaults.
   *
   * @param app An application, a factory, or an import string such as `"main:app"`.
   * @param options Any of the options; the others have their defaults.
   * @throws ConfigError naming the option that is wrong; UnsupportedRuntimeError, checked first, on
   * a runtime that is too old.
   */
  constructor(app: Application | string, options: OptionsInput = {}) {
    const reason = whyUnsupportedHere();
    if (reason !== undefined) throw new UnsupportedRuntimeError(reason);
    if (typeof app !== "string" && typeof app !== "function") {
      // Other objects are accepted here: load() describes what they are.
      if (app === undefined || app === null) {
        throw new ConfigError(
          `Cannot use ${
            quote(app)
          } as application: expected a function or an import string`,
        );
      }
    }
    this.app = app;
    this.options = resolveOptions(options);
    if (this.options.adopt && typeof app !== "string") {
      throw new ConfigError(
        'Cannot use "adopt": expected an import string as application',
      );
    }
  }

  /** @internal The addresses to listen on; at least one. */
  get listenTargets(): readonly ListenTarget[] {
    const { host, port, uds, udsMode: mode, fd, bind, sockets } = this.options;
    if (sockets !== undefined) return sockets.map(targetOfSocket);
    if (bind !== undefined) return bind.map((text) => targetOf(text, mode));
    if (fd !== undefined) return [{ kind: "fd", fd, option: "--fd" }];
    if (uds !== undefined) {
      return [{ kind: "unix", path: uds, mode, option: "--uds" }];
    }
    return [{ kind: "tcp", host, port, option: "--host, --port" }];
  }

  /** @internal Which interface the application has; `undefined` before it is loaded. */
  get detected(): DetectedInterface | undefined {
    return this.#detected;
  }

  /** @internal Tells the application that a server of it listens. */
  announce(addresses: readonly Address[]): void {
    for (const callback of this.#onListening) callback(addresses);
  }

  /**
   * Loads the application: reads the files of `envFile`, imports it, and calls it if it is a
   * factory. Later calls return the same promise.
   *
   * @param onWarning Receives warnings for the operator. Default: writes them to standard error, if
   * `logLevel` includes warnings.
   * @throws AppLoadError if it cannot be imported, or has no interface that
   * can be served; ConfigError if a
   * file of `envFile` cannot be read.
   */
  load(onWarning?: (message: string) => void): Promise<AsgiApp>;
  /** @internal @param logging Is opened before the application is loaded, which is traced to it. */
  load(
    onWarning: (message: string) => void,
    logging: Logging,
  ): Promise<AsgiApp>;
  load(
    onWarning: (message: string) => void = (text) => this.#warn(text),
    logging?: Logging,
  ): Promise<AsgiApp> {
    return this.#loading ??= this.#load(onWarning, logging);
  }

  async #load(
    onWarning: (message: string) => void,
    logging: Logging | undefined,
  ): Promise<AsgiApp> {
    const { factory, appDir, envFile } = this.options;
    const logger = logging?.server;
    if (envFile.length > 0) {
      const { loadEnvFiles } = await import("./env_files.ts");
      await loadEnvFiles(envFile, '"envFile"', runtime);
    }
    // Throws for a log configuration that cannot be used: nothing of the application has begun yet.
    await logging?.open();
    return await buildApplication(this.app, {
      factory,
      interface: this.options.interface,
      adopt: this.options.adopt,
      appDir,
      onWarning,
      trace: logging?.asgi,
      logger,
      onDetected: (name, reason) => {
        this.#detected = { name, reason };
        logger?.debug(`Application interface: ${name}, because ${reason}`);
      },
      onListening: (callback) => void this.#onListening.push(callback),
    });
  }

  #warn(message: string): void {
    const { logLevel } = this.options;
    if (logLevel === "error" || logLevel === "critical") return;
    runtime.stderr.write(`WARNING:  ${message}\n`);
  }
}

function targetOfSocket(socket: number | object): ListenTarget {
  const option = "sockets";
  return typeof socket === "number"
    ? { kind: "fd", fd: socket, option }
    : { kind: "server", server: socket, option };
}
