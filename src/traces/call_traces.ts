/**
 * Follows the calls of one application, by all tracers: begins a trace before each call, makes the
 * call in its context, and ends it with the response, or with the WebSocket.
 */
import type { AsgiApp, Receive, RouteExtension, Send } from "../asgi.ts";
import type {
  ServerObserver,
  WebSocketEnd,
} from "../connection/tracking/server_observer.ts";
import { ClientDisconnected } from "../errors.ts";
import type { RequestRecord } from "../logging/access/request_record.ts";
import type { Logger } from "../logging/logger.ts";
import type { CallScope, CallTrace, CallTracer } from "./call_trace.ts";

/** One server's. */
export class CallTraces implements ServerObserver {
  readonly #tracers: readonly CallTracer[];
  readonly #logger: Logger;
  /** Of the call that is about to be made. */
  #begun: FollowedCall | undefined;
  #hasFailed = false;

  /** @param tracers Outermost first. */
  constructor(tracers: readonly CallTracer[], logger: Logger) {
    this.#tracers = tracers;
    this.#logger = logger;
  }

  /** The application has started, and with it what it traces by. */
  start(): void {
    for (const tracer of this.#tracers) tracer.start?.();
  }

  /**
   * To be called right before the application that {@linkcode wrap} has returned.
   *
   * @returns What `onRequestEnd` and `onWebSocketClose` are to be given; `undefined` if nobody follows the call.
   */
  onRequestStart(scope: CallScope): FollowedCall | undefined {
    const traces: CallTrace[] = [];
    for (const tracer of this.#tracers) {
      try {
        const trace = tracer.begin(scope);
        if (trace !== undefined) traces.push(trace);
      } catch (error) {
        this.#report(error);
      }
    }
    if (traces.length === 0) return this.#begun = undefined;
    const call = new FollowedCall(
      scope,
      traces,
      (error) => this.#report(error),
    );
    const extensions: { [name: string]: object | undefined } = scope.extensions;
    extensions["http.route"] = new Route(call);
    return this.#begun = call;
  }

  /** @param call What `onRequestStart` returned for it; `undefined` if it had no call. */
  onRequestEnd(record: RequestRecord, call: unknown): void {
    if (call instanceof FollowedCall) {
      call.each((trace) => trace.onResponseEnd(record));
      return;
    }
    for (const tracer of this.#tracers) {
      try {
        tracer.onUncalled?.(record);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** @param call What `onRequestStart` returned for it. */
  onWebSocketClose(end: WebSocketEnd, call: unknown): void {
    if (call instanceof FollowedCall) {
      call.each((trace) => trace.onWebSocketEnd(end));
    }
  }

  /** What to call in place of `app`. */
  wrap(app: AsgiApp): AsgiApp {
    return (scope, receive, send) => {
      const call = this.#begun;
      this.#begun = undefined;
      return call === undefined || call.scope !== scope
        ? app(scope, receive, send)
        : call.make(app, receive, send);
    };
  }

  /** A tracer's error is not the request's: it is logged once, and the request goes on. */
  #report(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#logger.warning("Cannot trace a request: the tracer failed", {
      error,
    });
  }
}

/** One call and its traces. */
class FollowedCall {
  readonly scope: CallScope;
  readonly #traces: readonly CallTrace[];
  readonly #report: (error: unknown) => void;

  constructor(
    scope: CallScope,
    traces: readonly CallTrace[],
    report: (error: unknown) => void,
  ) {
    this.scope = scope;
    this.#traces = traces;
    this.#report = report;
  }

  /** Calls `app` in the contexts of all traces. */
  make(app: AsgiApp, receive: Receive, send: Send): Promise<void> {
    let wrapped = app;
    for (const trace of this.#traces.toReversed()) {
      const inner = wrapped;
      wrapped = (_scope, receive, send) =>
        trace.run(inner, this.scope, receive, send);
    }
    try {
      const result = Promise.resolve(wrapped(this.scope, receive, send));
      // Before the server hears of it, which then ends the response.
      result.then(undefined, (error) => this.#onError(error));
      return result;
    } catch (error) {
      this.#onError(error);
      throw error;
    }
  }

  #onError(error: unknown): void {
    if (error instanceof ClientDisconnected) return;
    const { signal } = this.scope.extensions.abort_signal;
    if (signal.aborted && error === signal.reason) return;
    this.each((trace) => trace.onError(error));
  }

  /** Does `action` to each trace; what it throws is a tracer's error. */
  each(action: (trace: CallTrace) => void): void {
    for (const trace of this.#traces) {
      try {
        action(trace);
      } catch (error) {
        this.#report(error);
      }
    }
  }
}

/** The extension `http.route` of one scope. */
class Route implements RouteExtension {
  readonly #call: FollowedCall;

  constructor(call: FollowedCall) {
    this.#call = call;
  }

  set(route: string): void {
    if (typeof route !== "string") {
      throw new TypeError(
        `Cannot set the route: expected a string, got ${typeof route}`,
      );
    }
    this.#call.each((trace) => trace.onRoute(route));
  }
}
