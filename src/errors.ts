/**
 * Classes thrown at people: application authors (asgi) and
 * operators. What a peer does wrong is not an error but a fault: faults.ts.
 */

/** `send()` on a connection whose peer is gone (asgi:A-208). Never logged as the application's error. */
export class ClientDisconnected extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ClientDisconnected";
  /** Stable, for programs. */
  readonly code = "ERR_ASGI_CLIENT_DISCONNECTED";
  /** The WebSocket close code; `null` for HTTP. */
  readonly close_code: number | null;
  /** The WebSocket close reason; `null` for HTTP. */
  readonly close_reason: string | null;

  /** Without a code, the client of an HTTP request. */
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

/** A message of unknown type, or with a missing key or a wrong value; nothing was written (asgi:A-209). */
export class InvalidEventError extends TypeError {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "InvalidEventError";
  /** Stable, for programs. */
  readonly code = "ERR_ASGI_INVALID_EVENT";
  /** The message's `type`, or `null` if it had none. */
  readonly event_type: string | null;

  /** Names the message's `type`, `null` if it had none. */
  constructor(message: string, eventType: string | null) {
    super(message);
    this.event_type = eventType;
  }
}

/** A well-formed message that is not allowed in this state (asgi:A-210). */
export class UnexpectedEventError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "UnexpectedEventError";
  /** Stable, for programs. */
  readonly code = "ERR_ASGI_UNEXPECTED_EVENT";
  /** The message's `type`. */
  readonly event_type: string;
  /** The state that does not allow it. */
  readonly state: string;

  /** Names the message's `type`, and the state that does not allow it. */
  constructor(message: string, eventType: string, state: string) {
    super(message);
    this.event_type = eventType;
    this.state = state;
  }
}

/** For applications to throw when they do not know a scope's type (asgi:A-027). */
export class UnsupportedScopeError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "UnsupportedScopeError";
  /** Stable, for programs. */
  readonly code = "ERR_ASGI_UNSUPPORTED_SCOPE";
  /** The scope's `type`. */
  readonly scope_type: string;

  /** Words the message for scopes of this type. */
  constructor(scopeType: string) {
    super(
      `Cannot serve scope "${scopeType}": this application does not support it`,
    );
    this.scope_type = scopeType;
  }

  /** An error that names the scope it is thrown for. */
  static for(scope: { readonly type: string }): UnsupportedScopeError {
    return new UnsupportedScopeError(scope.type);
  }
}

/** The operator asked for something that cannot be: told in one line, which names the option. */
export class ConfigError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ConfigError";
  /** Stable, for programs. */
  readonly code = "ERR_CONFIG";
  /** Process exit code: 2 for wrong usage, 3 for a failed start (options: ). */
  readonly exitCode: 2 | 3;

  /** Wrong usage, unless the exit code says that the start failed. */
  constructor(message: string, exitCode: 2 | 3 = 2, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The application could not be loaded (process:P-148 to P-153). */
export class AppLoadError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "AppLoadError";
  /** Stable, for programs. */
  readonly code = "ERR_APP_LOAD";
  /** Process exit code of a failed start (options:X-004). */
  readonly exitCode = 3;
}

/** An address cannot be listened on; `code` is the system's own, such as `EADDRINUSE`. */
export class ListenError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ListenError";
  /** The system's code where it is known, else `ERR_LISTEN`. */
  readonly code: string;

  /** The system's error is the `cause` in the options. */
  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The application's lifespan startup failed; already logged when this is thrown. */
export class StartupError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "StartupError";
  /** Stable, for programs. */
  readonly code = "ERR_STARTUP";
}

/** The runtime is older than what Tricorn supports; the message says which one would do. */
export class UnsupportedRuntimeError extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "UnsupportedRuntimeError";
  /** Stable, for programs. */
  readonly code = "ERR_UNSUPPORTED_RUNTIME";
}
