/**
 * Error classes for application authors and operators. What a peer does wrong is a fault, not an
 * error: faults.ts.
 *
 * Every class has a `code` for programs, `ERR_TRICORN_` and the class's subject. It stays the same
 * when a message is reworded. Only {@linkcode ListenError} has the system's code where there is
 * one.
 */

/**
 * `send()` was called after the client disconnected (ASGI HTTP: Disconnected Client). Let it
 * propagate: the server does not log it as an error of the application.
 *
 * @example
 * ```ts
 * import { ClientDisconnected, type Send } from "jsr:@tricorn/serve";
 *
 * async function report(send: Send, text: string): Promise<boolean> {
 *   try {
 *     await send({ type: "http.response.body", body: text, more_body: true });
 *     return true;
 *   } catch (error) {
 *     if (error instanceof ClientDisconnected) return false;
 *     throw error;
 *   }
 * }
 * ```
 */
export class ClientDisconnected extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ClientDisconnected";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_CLIENT_DISCONNECTED";
  /** The WebSocket close code; `null` for HTTP. */
  readonly close_code: number | null;
  /** The WebSocket close reason; `null` for HTTP. */
  readonly close_reason: string | null;

  /**
   * Makes the error of an HTTP request, or, with a close code, of a WebSocket.
   *
   * @param message What could not be done.
   * @param closeCode The WebSocket close code. Default: `null`.
   * @param closeReason The WebSocket close reason. Default: `null`.
   */
  constructor(
    message = "Cannot send: the client has disconnected",
    closeCode: number | null = null,
    closeReason: string | null = null,
  ) {
    super(message);
    this.close_code = closeCode;
    this.close_reason = closeReason;
  }
}

/**
 * `send()` got a message of unknown type, or with a missing key or a wrong value; nothing was
 * written.
 */
export class InvalidEventError extends TypeError {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "InvalidEventError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_INVALID_EVENT";
  /** The message's `type`, or `null` if it had none. */
  readonly event_type: string | null;

  /**
   * Makes the error for one message.
   *
   * @param message What is wrong with it.
   * @param eventType The message's `type`, or `null` if it had none.
   */
  constructor(message: string, eventType: string | null) {
    super(message);
    this.event_type = eventType;
  }
}

/**
 * `send()` got a valid message that is not allowed in the current state, such as a second start.
 */
export class UnexpectedEventError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "UnexpectedEventError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_UNEXPECTED_EVENT";
  /** The message's `type`. */
  readonly event_type: string;
  /** The state that does not allow it. */
  readonly state: string;

  /**
   * Makes the error for one message.
   *
   * @param message What was expected in its place.
   * @param eventType The message's `type`.
   * @param state The state that does not allow it.
   */
  constructor(message: string, eventType: string, state: string) {
    super(message);
    this.event_type = eventType;
    this.state = state;
  }
}

/**
 * Thrown by applications that do not know a scope's type (ASGI: Connection Scope). Thrown in the
 * lifespan scope, it means that the application does without lifespan.
 *
 * @example
 * ```ts
 * import { type AsgiApp, UnsupportedScopeError } from "jsr:@tricorn/serve";
 *
 * const onlyHttp: AsgiApp = async (scope, _receive, send) => {
 *   if (scope.type !== "http") throw UnsupportedScopeError.for(scope);
 *   await send({ type: "http.response.start", status: 204 });
 *   await send({ type: "http.response.body" });
 * };
 * ```
 */
export class UnsupportedScopeError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "UnsupportedScopeError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_UNSUPPORTED_SCOPE";
  /** The scope's `type`. */
  readonly scope_type: string;

  /**
   * Makes the error, and words its message, for scopes of one type.
   *
   * @param scopeType The scope's `type`.
   */
  constructor(scopeType: string) {
    super(
      `Cannot serve scope "${scopeType}": this application does not support it`,
    );
    this.scope_type = scopeType;
  }

  /** Makes the error for `scope`. */
  static for(scope: { readonly type: string }): UnsupportedScopeError {
    return new UnsupportedScopeError(scope.type);
  }
}

/** An option is wrong, or cannot be used here. The message is one line that names the option. */
export class ConfigError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ConfigError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_CONFIG";
  /** Exit code of the process: 2 for wrong usage, 3 for a failed start. */
  readonly exitCode: 2 | 3;

  /**
   * Makes the error for one option.
   *
   * @param message What is wrong, in one line that names the option.
   * @param exitCode Exit code of the process. Default: 2, wrong usage.
   * @param options May hold the `cause`.
   */
  constructor(message: string, exitCode: 2 | 3 = 2, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The application could not be loaded. If its own code threw, that is the `cause`. */
export class AppLoadError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "AppLoadError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_APP_LOAD";
  /** Exit code of the process: 3, a failed start. */
  readonly exitCode = 3;

  /**
   * Makes the error.
   *
   * @param message What was looked for and what was found, in one line.
   * @param options May hold the `cause`.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The server cannot listen on an address. */
export class ListenError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ListenError";
  /** The system's code, such as `EADDRINUSE`; `ERR_TRICORN_LISTEN` where there is none. */
  readonly code: string;

  /**
   * Makes the error for one address.
   *
   * @param message The address, the option that names it, and the reason.
   * @param code The system's code, or `ERR_TRICORN_LISTEN`.
   * @param options May hold the system's error as the `cause`.
   */
  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The application's lifespan startup failed, or the server was stopped before it listened. The
 * server has logged the reason.
 */
export class StartupError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "StartupError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_STARTUP";

  /**
   * Makes the error.
   *
   * @param message Which step failed, and the application's own words for it.
   * @param options May hold what the application threw as the `cause`.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * The runtime is older than what Tricorn supports; the message names the oldest version that is.
 */
export class UnsupportedRuntimeError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "UnsupportedRuntimeError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_UNSUPPORTED_RUNTIME";

  /**
   * Makes the error.
   *
   * @param message The version that was found, and the oldest one that is supported.
   */
  constructor(message: string) {
    super(message);
  }
}
