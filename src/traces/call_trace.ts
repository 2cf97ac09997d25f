/** How calls of the application are followed, whoever follows them. */
import type {
  AsgiApp,
  HttpScope,
  Receive,
  Send,
  WebSocketScope,
} from "../asgi.ts";
import type { WebSocketEnd } from "../connection/tracking/server_observer.ts";
import type { RequestRecord } from "../logging/access/request_record.ts";

/** The scope of what is followed. */
export type CallScope = HttpScope | WebSocketScope;

/** Follows one call. Each method but `onError` is called once at most, in this order. */
export interface CallTrace {
  /** Calls the application, in the asynchronous context of the trace. */
  run(
    app: AsgiApp,
    scope: CallScope,
    receive: Receive,
    send: Send,
  ): Promise<void>;
  /** The application tells its route, such as `/items/{id}`. */
  onRoute(route: string): void;
  /** The application has thrown `error`, and not because its client has left. */
  onError(error: unknown): void;
  /** A response is complete or was cut off; or the handshake of a WebSocket is answered. */
  onResponseEnd(record: RequestRecord): void;
  /** An accepted WebSocket has ended. */
  onWebSocketEnd(end: WebSocketEnd): void;
}

/** Begins traces. */
export interface CallTracer {
  /** The application has started. To be called before anything else. */
  start?(): void;
  /**
   * The application is about to be called.
   *
   * @returns `undefined` if nobody follows this call.
   */
  begin(scope: CallScope): CallTrace | undefined;
  /** A request has ended that the application was not called for. */
  onUncalled?(record: RequestRecord): void;
}
