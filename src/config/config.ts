/** One server's application and options, checked. */
import type { AsgiApp } from "../asgi.ts";
import { ConfigError, UnsupportedRuntimeError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import { whyUnsupportedHere } from "../runtime/supported_versions.ts";
import type { ListenTarget } from "../runtime/types.ts";
import { targetOf } from "./options/bind_address.ts";
import { buildApplication } from "../application/build.ts";
import { quote } from "./options/value_types.ts";
import type { Options, OptionsInput } from "./options/mod.ts";
import { resolveOptions } from "./resolve.ts";

/**
 * The application and the options of a server. Reads no environment variables; only the command
 * does.
 *
 * @example
 * ```ts
 * const config = new Config("main:app", { port: 8000 });
 * ```
 */
export class Config {
  /** The application, or its import string, as given. */
  readonly app: AsgiApp | string;
  /** Checked, complete and frozen. */
  readonly options: Options;
  #loading: Promise<AsgiApp> | undefined;

  /**
   * Checks the options and fills in defaults.
   *
   * @param app An application, a factory, or an import string such as `"main:app"`.
   * @param options Any of the options; the others have their defaults.
   * @throws ConfigError naming the option that is wrong; UnsupportedRuntimeError, checked first, on
   * a runtime that is too old.
   */
  constructor(app: AsgiApp | string, options: OptionsInput = {}) {
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

  /**
   * Loads the application: imports it, and calls it if it is a factory. Later calls return the same
   * promise.
   *
   * @param onWarning Receives warnings for the operator. Default: writes them to standard error, if
   * `logLevel` includes warnings.
   * @throws AppLoadError if it cannot be imported, or is not an ASGI application.
   */
  load(
    onWarning: (message: string) => void = (text) => this.#warn(text),
  ): Promise<AsgiApp> {
    const { factory, appDir } = this.options;
    return this.#loading ??= buildApplication(this.app, {
      factory,
      appDir,
      onWarning,
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
