/**
 * Spans through OpenTelemetry: one of kind SERVER for each call of the application, from its
 * beginning to the end of the response, and a second one for the life of an accepted WebSocket.
 * Each is active around the call, so that what the application does becomes its children.
 */
import type { AsgiApp, Receive, Send } from "../../asgi.ts";
import type { WebSocketEnd } from "../../connection/tracking/server_observer.ts";
import type { RequestRecord } from "../../logging/access/request_record.ts";
import type { Logger } from "../../logging/logger.ts";
import { VERSION } from "../../version.ts";
import type { CallScope, CallTrace, CallTracer } from "../call_trace.ts";
import {
  type Attributes,
  type Context,
  hasSdk,
  type OtelApi,
  type Span,
  type Tracer,
} from "./api.ts";
import {
  type Failure,
  failureOf,
  type Methods,
  requestAttributes,
  sentStatus,
  spanName,
  typeOfError,
} from "./attributes.ts";
import { RequestDuration } from "./request_duration.ts";
import type { ParentOf } from "./trace_context.ts";

/** What spans are made by. */
export interface OtelParts {
  readonly api: OtelApi;
  readonly methods: Methods;
  readonly parentOf: ParentOf;
  /** Hears that nothing is collected. */
  readonly logger: Logger;
}

/** What spans and measurements go to: that of the application, once it has started. */
interface Instruments {
  readonly tracer: Tracer;
  readonly duration: RequestDuration;
}

/** One server's. */
export class OtelTracer implements CallTracer {
  readonly #parts: OtelParts;
  #instruments: Instruments | undefined;

  constructor(parts: OtelParts) {
    this.#parts = parts;
  }

  start(): void {
    const { api, methods, logger } = this.#parts;
    this.#instruments = {
      tracer: api.trace.getTracer("tricorn", VERSION),
      duration: new RequestDuration(api, methods, VERSION),
    };
    if (hasSdk(api)) return;
    logger.warning(
      "No OpenTelemetry SDK is registered: spans go nowhere (--otel). Register one in the " +
        "application's module or its lifespan startup.",
    );
  }

  begin(scope: CallScope): CallTrace {
    return new OtelTrace(scope, this.#parts, this.#instruments!);
  }

  /** A refused request has no span, but it took its time. */
  onUncalled(record: RequestRecord): void {
    const failure = failureOf(record, undefined);
    this.#instruments!.duration.record(record, failure, undefined, undefined);
  }
}

/** One call. */
class OtelTrace implements CallTrace {
  readonly #api: OtelApi;
  readonly #instruments: Instruments;
  readonly #method: string;
  readonly #context: Context;
  /** That of the request; from the accept on that of the WebSocket; `undefined` once it has ended. */
  #span: Span | undefined;
  #route: string | undefined;
  #thrown: { readonly error: unknown } | undefined;

  constructor(scope: CallScope, parts: OtelParts, instruments: Instruments) {
    const { api, methods, parentOf } = parts;
    this.#api = api;
    this.#instruments = instruments;
    const attributes = requestAttributes(scope, methods);
    const method = this.#method = attributes["http.request.method"] as string;
    const parent = parentOf(scope);
    const span = this.#span = instruments.tracer.startSpan(
      spanName(method, undefined),
      { kind: api.SpanKind.SERVER, attributes },
      parent,
    );
    this.#context = api.trace.setSpan(parent, span);
  }

  run(
    app: AsgiApp,
    scope: CallScope,
    receive: Receive,
    send: Send,
  ): Promise<void> {
    return this.#api.context.with(
      this.#context,
      app,
      undefined,
      scope,
      receive,
      send,
    );
  }

  onRoute(route: string): void {
    this.#route = route;
  }

  onError(error: unknown): void {
    this.#thrown = { error };
    const span = this.#span;
    if (span === undefined || !span.isRecording()) return;
    span.recordException(error instanceof Error ? error : String(error));
  }

  onResponseEnd(record: RequestRecord): void {
    const failure = failureOf(record, this.#thrown);
    this.#instruments.duration.record(
      record,
      failure,
      this.#route,
      this.#context,
    );
    const span = this.#span!;
    this.#span = undefined;
    if (span.isRecording()) this.#describe(span, record, failure);
    span.end();
    if (record.isWebSocket && record.status === 101) this.#openWebSocket();
  }

  #describe(
    span: Span,
    record: RequestRecord,
    failure: Failure | undefined,
  ): void {
    const attributes: Attributes = {};
    const status = sentStatus(record);
    if (status !== undefined) attributes["http.response.status_code"] = status;
    this.#addRoute(span, attributes, spanName(this.#method, this.#route));
    this.#addFailure(span, attributes, failure);
    span.setAttributes(attributes);
  }

  #addRoute(span: Span, attributes: Attributes, name: string): void {
    if (this.#route === undefined) return;
    attributes["http.route"] = this.#route;
    span.updateName(name);
  }

  #addFailure(
    span: Span,
    attributes: Attributes,
    failure: Failure | undefined,
  ): void {
    if (failure === undefined) return;
    attributes["error.type"] = failure.type;
    // A client that leaves is no failure of the server.
    if (!failure.isOurs) return;
    const error = this.#thrown?.error;
    const { ERROR } = this.#api.SpanStatusCode;
    span.setStatus(
      error instanceof Error
        ? { code: ERROR, message: error.message }
        : { code: ERROR },
    );
  }

  /** The handshake is over, and may be looked at, while the WebSocket may stay open for days. */
  #openWebSocket(): void {
    this.#span = this.#instruments.tracer.startSpan(
      "websocket",
      { kind: this.#api.SpanKind.INTERNAL, attributes: {} },
      this.#context,
    );
  }

  onWebSocketEnd({ closeCode }: WebSocketEnd): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    if (span.isRecording()) {
      const attributes: Attributes = {
        "tricorn.websocket.close_code": closeCode,
      };
      this.#addRoute(span, attributes, `websocket ${this.#route}`);
      const thrown = this.#thrown;
      this.#addFailure(
        span,
        attributes,
        thrown && { type: typeOfError(thrown.error), isOurs: true },
      );
      span.setAttributes(attributes);
    }
    span.end();
  }
}
