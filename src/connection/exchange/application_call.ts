/**
 * One call of the application, the same for requests and WebSockets: how it runs and ends, what the
 * log says of its end, its abort signal, and the error of sends that no peer will read.
 */
import type { Receive, Scope, Send, SendEvent } from "../../asgi.ts";
import { ClientDisconnected } from "../../errors.ts";
import type { ServerContext } from "../context.ts";
import { RESOLVED } from "../output/write_gate.ts";
import { LazyAbort } from "./abort_signal.ts";
import { rejected } from "./event_errors.ts";

/** The exchange that an application is called for. */
export interface CallOwner {
  readonly receive: Receive;
  readonly send: Send;
  /** A send that must have ended before the call counts as returned, awaited or not. */
  readonly pendingSend: Promise<void> | undefined;
  /** The application has returned. Completes or ends an exchange that is still open. */
  onReturn(): void;
  /**
   * The application has thrown, which is logged. Not called once `disconnectError` is set.
   *
   * @param isDisconnect Whether it threw the disconnect that it had been given.
   */
  onThrow(isDisconnect: boolean): void;
  /** The last call, after `onReturn` or `onThrow`: `hasReturned` is set. */
  onEnded(): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** Who takes the messages that an application sends. */
export interface SendOwner {
  /** Takes one. May throw what a getter or an iterable of the message throws. */
  take(event: SendEvent): Promise<void>;
}

/** What `send` of an exchange does, once bound to it: it never throws, but rejects. */
export function sendTo(this: SendOwner, event: SendEvent): Promise<void> {
  try {
    return this.take(event);
  } catch (error) {
    return rejected(error as Error); // an iterable or a getter of the application's own threw
  }
}

/** One call. Its private part is functions: private methods would cost each call a field. */
export class ApplicationCall {
  readonly context: ServerContext;
  /** Set once no peer will read what is sent; `send` rejects with it. */
  disconnectError: ClientDisconnected | undefined;
  /** Whether the application got a disconnect event for a client that may still read the answer. */
  isPeerSilent = false;
  /** Whether the application has returned, or will not be called. */
  hasReturned = false;
  #abort: LazyAbort | undefined;

  constructor(context: ServerContext) {
    this.context = context;
  }

  /**
   * Calls the application. Never rejects. Not an async function: what one of those keeps while it
   * waits is larger than two callbacks (bench/connection).
   */
  run(scope: Scope, owner: CallOwner): Promise<void> {
    try {
      return Promise.resolve(
        this.context.app(scope, owner.receive, owner.send),
      ).then(
        (value) => onReturn(this, value, owner),
        (error) => onThrow(this, error, owner),
      );
    } catch (error) {
      onThrow(this, error, owner);
      return RESOLVED;
    }
  }

  /** The signal of the extension `abort_signal`, made when it is first asked for. */
  get abortSignal(): AbortSignal {
    return (this.#abort ??= new LazyAbort()).signal;
  }

  /** Raises the abort signal. The first reason counts. */
  abort(reason: Error): void {
    (this.#abort ??= new LazyAbort()).abort(reason);
  }

  /** Whether `error` is the reason of the abort signal: an application may throw it to end. */
  wasAbortedWith(error: unknown): boolean {
    return this.#abort !== undefined && this.#abort.wasRaisedWith(error);
  }
}

function onReturn(
  call: ApplicationCall,
  value: unknown,
  owner: CallOwner,
): void | Promise<void> {
  if (owner.pendingSend !== undefined) {
    return owner.pendingSend.then(
      () => complete(call, value, owner),
      (error) => onThrow(call, error, owner),
    );
  }
  complete(call, value, owner);
}

function complete(
  call: ApplicationCall,
  value: unknown,
  owner: CallOwner,
): void {
  try {
    if (value !== undefined) warnOfValue(call.context, value);
    owner.onReturn();
  } catch (thrown) {
    onThrow(call, thrown, owner);
    return;
  }
  onEnded(call, owner);
}

function warnOfValue(context: ServerContext, value: unknown): void {
  context.warnOnce(
    "return value",
    `ASGI callable should return undefined, but returned a value of type "${typeof value}".` +
      (typeof value === "function"
        ? " If it is a factory, use --factory."
        : ""),
  );
}

function onThrow(
  call: ApplicationCall,
  error: unknown,
  owner: CallOwner,
): void {
  try {
    const { logger } = call.context;
    const hasLeft = call.disconnectError !== undefined || call.isPeerSilent;
    const isDisconnect = hasLeft && error instanceof ClientDisconnected;
    if (isDisconnect) {
      // A client that leaves is not an error of the application.
      logger.debug("ASGI application ended by the client's disconnect");
    } else if (call.wasAbortedWith(error)) {
      logger.debug("ASGI application ended by its abort signal");
    } else {
      logger.error("Exception in ASGI application", { error });
    }
    if (call.disconnectError === undefined) owner.onThrow(isDisconnect);
  } catch (thrown) {
    owner.onFailure(thrown);
    return;
  }
  onEnded(call, owner);
}

function onEnded(call: ApplicationCall, owner: CallOwner): void {
  call.hasReturned = true;
  try {
    owner.onEnded();
  } catch (thrown) {
    owner.onFailure(thrown);
  }
}
