/**
 * The tracing channels `tricorn:request` and `tricorn:websocket`: each call of the application is
 * one message object, which is published again and again while more of it becomes known.
 */
import type {
  AsgiApp,
  HttpScope,
  Receive,
  Send,
  WebSocketScope,
} from "../asgi.ts";
import type { WebSocketEnd } from "../connection/tracking/server_observer.ts";
import type {
  AbortReason,
  RequestRecord,
} from "../logging/access/request_record.ts";
import type { TracingChannel } from "../runtime/types.ts";
import type { CallScope, CallTrace, CallTracer } from "./call_trace.ts";

/** What is known of a response when it has ended. */
export interface TracedResponse {
  /** 101 for an accepted WebSocket; 499 if the client has left before there was one. */
  readonly status: number;
  /** Octets of the request's body that have arrived. */
  readonly receivedBytes: number;
  /** Octets of the response's body that were handed to the socket. */
  readonly bodyBytes: number;
  /** From the end of the request's head to the end of the response, in milliseconds. */
  readonly durationMs: number;
  /** Why it was cut off; `undefined` if it is whole. */
  readonly abortReason: AbortReason | undefined;
}

/** What is published on `tricorn:request`: one object for each call, filled as it goes on. */
export interface RequestTraceMessage {
  /** What the application is called with. */
  readonly scope: HttpScope;
  /** What the application told by the extension `http.route`. */
  route: string | undefined;
  /** Set from `asyncStart` on. */
  result: TracedResponse | undefined;
  /** What the application has thrown; set from `error` on. */
  error: unknown;
}

/** What is published on `tricorn:websocket`. */
export interface WebSocketTraceMessage {
  /** What the application is called with. */
  readonly scope: WebSocketScope;
  /** What the application told by the extension `http.route`. */
  route: string | undefined;
  /** The answer to the handshake; set from `asyncStart` on. */
  result: TracedResponse | undefined;
  /** How an accepted WebSocket has ended; set at `asyncEnd`. */
  end: WebSocketEnd | undefined;
  /** What the application has thrown; set from `error` on. */
  error: unknown;
}

/** Publishes to the two channels. */
export class ChannelTracer implements CallTracer {
  readonly #requests: TracingChannel;
  readonly #webSockets: TracingChannel;

  constructor(requests: TracingChannel, webSockets: TracingChannel) {
    this.#requests = requests;
    this.#webSockets = webSockets;
  }

  begin(scope: CallScope): CallTrace | undefined {
    const isRequest = scope.type === "http";
    const channel = isRequest ? this.#requests : this.#webSockets;
    return channel.hasSubscribers
      ? new ChannelTrace(channel, scope)
      : undefined;
  }
}

/** One call. */
class ChannelTrace implements CallTrace {
  readonly #channel: TracingChannel;
  readonly #message: RequestTraceMessage | WebSocketTraceMessage;

  constructor(channel: TracingChannel, scope: CallScope) {
    this.#channel = channel;
    const known = { route: undefined, result: undefined, error: undefined };
    this.#message = scope.type === "http"
      ? { scope, ...known }
      : { scope, ...known, end: undefined };
  }

  run(
    app: AsgiApp,
    scope: CallScope,
    receive: Receive,
    send: Send,
  ): Promise<void> {
    const { start, end } = this.#channel;
    try {
      return start.runStores(
        this.#message,
        app,
        undefined,
        scope,
        receive,
        send,
      );
    } finally {
      end.publish(this.#message);
    }
  }

  onRoute(route: string): void {
    this.#message.route = route;
  }

  onError(error: unknown): void {
    this.#message.error = error;
    this.#channel.error.publish(this.#message);
  }

  onResponseEnd(record: RequestRecord): void {
    const { status, receivedBytes, bodyBytes, durationMs, abortReason } =
      record;
    this.#message.result = {
      status,
      receivedBytes,
      bodyBytes,
      durationMs,
      abortReason,
    };
    this.#channel.asyncStart.publish(this.#message);
    const isOpen = record.isWebSocket && status === 101;
    if (!isOpen) this.#channel.asyncEnd.publish(this.#message);
  }

  onWebSocketEnd(end: WebSocketEnd): void {
    (this.#message as WebSocketTraceMessage).end = end;
    this.#channel.asyncEnd.publish(this.#message);
  }
}
