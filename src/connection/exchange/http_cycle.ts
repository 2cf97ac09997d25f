/**
 * One request as its application sees it: `receive()`, `send()`, and what may be sent next. Owns
 * the order of messages; the bytes are response_sink.ts's, the socket is the connection's.
 */
import type {
  HeaderList,
  HttpReceiveEvent,
  HttpResponseBodyEvent,
  HttpResponseEarlyHintEvent,
  HttpResponseInformationalEvent,
  HttpResponsePathSendEvent,
  HttpResponseStartEvent,
  HttpResponseTrailersEvent,
  Receive,
  Scope,
  Send,
  SendEvent,
} from "../../asgi.ts";
import { ClientDisconnected, UnexpectedEventError } from "../../errors.ts";
import type { RequestHead } from "../../http/request_head.ts";
import {
  checkFields,
  checkTrailers,
  type FieldInput,
} from "../../http/response_fields.ts";
import type { AbortReason } from "../../logging/access/request_record.ts";
import type { ServerContext } from "../context.ts";
import { RESOLVED } from "../output/write_gate.ts";
import type { TrackedCall } from "../tracking/tracker.ts";
import {
  ApplicationCall,
  type CallOwner,
  type SendOwner,
  sendTo,
} from "./application_call.ts";
import {
  invalidEvent,
  invalidUnless,
  rejected,
  unknownEvent,
} from "./event_errors.ts";
import {
  bodyProblem,
  flagProblem,
  headersProblem,
  interimStatusProblem,
  iterableProblem,
  statusProblem,
} from "./event_shapes.ts";
import { respondWithFile } from "./file_response.ts";
import { checkPathSend } from "./file_sender.ts";
import { RequestBody } from "./request_body.ts";
import type {
  ResponseFlow,
  ResponseSink,
  StreamProblem,
} from "./response_sink.ts";
import { EXPECTED, nextState, type ResponseState } from "./response_states.ts";

/** What a cycle needs of its connection. */
export interface CycleHost {
  readonly stream: ResponseSink;
  readonly flow: ResponseFlow;
  /** The application asks for body bytes. */
  onReceive(): void;
  /** The response is whole. Resolves when the transport can take more. */
  onResponseComplete(): Promise<void>;
  /**
   * The response cannot be completed: flushes what was written and ends the connection.
   *
   * @param cause Who is to blame, if nothing else is.
   */
  truncateResponse(cause: AbortReason): void;
  /** The application's call has ended. */
  onReturned(): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

const NO_BODY = new Uint8Array(0);
const NO_HEADERS: readonly [string, string][] = [];

/** One exchange with the application. */
export class HttpCycle implements CallOwner, SendOwner, TrackedCall {
  readonly body: RequestBody;
  readonly receive: Receive;
  readonly send: Send;
  /** See {@linkcode TrackedCall}. */
  listIndex = -1;
  /** Whether the call counts against the concurrency limit. Set by the connection. */
  isCounted = false;
  readonly #host: CycleHost;
  readonly #call: ApplicationCall;
  #state: ResponseState = "unsent";
  #hasWarnedOfBody = false;
  /** Settles with the file that is being sent. */
  #fileSent: Promise<void> | undefined;

  constructor(head: RequestHead, host: CycleHost, context: ServerContext) {
    this.body = new RequestBody(head.hasBody);
    this.#host = host;
    this.#call = new ApplicationCall(context);
    // Bound, not arrow functions: V8 keeps what an arrow function refers to from one request to the
    // next until a major collection, and grows the space of new objects for it beyond the caches.
    this.receive = this.#receive.bind(this);
    this.send = sendTo.bind(this);
  }

  /** How far the response has come. */
  get state(): ResponseState {
    return this.#state;
  }

  /** Whether the application's call has ended. */
  get hasReturned(): boolean {
    return this.#call.hasReturned;
  }

  /** What `send` rejects with, once no peer will read what is sent. */
  get disconnectError(): ClientDisconnected | undefined {
    return this.#call.disconnectError;
  }

  /** The signal of the extension `abort_signal`. */
  get abortSignal(): AbortSignal {
    return this.#call.abortSignal;
  }

  /** Whether a file is being opened: if that fails, the head is taken back. */
  get holdsHead(): boolean {
    return this.#fileSent !== undefined;
  }

  /** See {@linkcode CallOwner}: the file that is being sent. */
  get pendingSend(): Promise<void> | undefined {
    return this.#fileSent;
  }

  /** Whether a response is owed to a peer that may still read it. */
  #isOwed(): boolean {
    return this.#state !== "complete" && this.disconnectError === undefined;
  }

  /** Calls the application. Errors end here. */
  run(scope: Scope): Promise<void> {
    return this.#call.run(scope, this);
  }

  onReturn(): void {
    if (!this.#isOwed()) return;
    if (this.#call.isPeerSilent) return this.#leave();
    this.#call.context.logger.error(
      this.#state === "unsent"
        ? "ASGI callable returned without starting response."
        : "ASGI callable returned without completing response.",
    );
    this.#fail();
  }

  onThrow(isDisconnect: boolean): void {
    if (this.#state === "complete") return;
    if (isDisconnect) this.#leave();
    else this.#fail();
  }

  onEnded(): void {
    this.#host.onReturned();
  }

  onFailure(thrown: unknown): void {
    this.#host.onFailure(thrown);
  }

  /** Ends a request whose application saw `http.disconnect` and did not answer. */
  #leave(): void {
    this.#call.disconnectError = new ClientDisconnected();
    this.#host.stream.retract();
    this.#host.truncateResponse("client_disconnected");
  }

  /** Ends a response that its application did not end. */
  #fail(): void {
    if (this.#host.stream.isHeadCommitted) {
      this.#cutOff();
      return;
    }
    // The application may have kept `send`: it must not reach beyond its call.
    this.#call.disconnectError = new ClientDisconnected(
      "Cannot send: the response has been replaced",
    );
    this.#answer(500); // fixed text: the error's own is for the log, not for the peer
  }

  /** Ends a response that can no longer become whole. */
  #cutOff(): void {
    this.#call.disconnectError = new ClientDisconnected(
      "Cannot send: the response has been cut off",
    );
    this.#host.truncateResponse("application");
  }

  #answer(status: number, text?: string, headers?: HeaderList): void {
    this.#host.stream.writeWhole(status, text, headers);
    void this.#host.onResponseComplete();
  }

  /**
   * Answers in place of the application, for which the client is gone from now on. The head must
   * not have left.
   */
  refuse(status: number, text?: string, headers?: HeaderList): void {
    this.onPeerGone();
    this.#answer(status, text, headers);
  }

  /** Notes that the application will not be called. */
  skip(): void {
    this.#call.hasReturned = true;
  }

  #receive(): Promise<HttpReceiveEvent> {
    const event = this.body.receive();
    // A `receive` kept beyond its response must not ask for the body of the next request.
    if (this.#isOwed()) this.#host.onReceive();
    return event;
  }

  /** See {@linkcode SendOwner}. */
  take(event: SendEvent): Promise<void> {
    switch (event?.type) {
      case "http.response.start":
        return this.#sendStart(event);
      case "http.response.body":
        return this.#sendBody(event);
      case "http.response.trailers":
        return this.#sendTrailers(event);
      case "http.response.early_hint":
        return this.#sendEarlyHint(event);
      case "http.response.informational":
        return this.#sendInformational(event);
      case "http.response.pathsend":
        return this.#sendPath(event);
      default:
        return unknownEvent(event);
    }
  }

  #sendStart(event: HttpResponseStartEvent): Promise<void> {
    const { status, headers = NO_HEADERS, trailers = false } = event;
    const wrong = statusProblem(status) ?? flagProblem("trailers", trailers) ??
      headersProblem(headers);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const next = nextState(this.#state, "start");
    const refusal = this.#refusal(next, event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkFields(headers), event, refusal);
    }
    const stream = this.#host.stream;
    // HTTP/1.0 has no trailers: waiting for them would keep the body open.
    const promises = trailers && !stream.isHttp10;
    const problem = stream.start(status, headers, promises);
    if (problem !== undefined) return invalidEvent(event, problem);
    this.#enter("started");
    return this.#host.flow.afterWrite(0);
  }

  #sendBody(event: HttpResponseBodyEvent): Promise<void> {
    const { body = NO_BODY, more_body: hasMore = false } = event;
    const wrong = bodyProblem(body) ?? flagProblem("more_body", hasMore);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const kind = hasMore
      ? "body"
      : this.#host.stream.promisesTrailers
      ? "lastBodyBeforeTrailers"
      : "lastBody";
    const next = nextState(this.#state, kind);
    const refusal = this.#refusal(next, event.type);
    if (refusal !== undefined) return refusal;
    if (
      body.length > 0 && this.#host.stream.forbidsBody && !this.#hasWarnedOfBody
    ) {
      this.#warnOfBody();
    }
    const problem = this.#host.stream.write(body, !hasMore);
    if (problem !== undefined) return this.#unframed(event.type, problem);
    return this.#advance(next!, body.length);
  }

  #warnOfBody(): void {
    this.#hasWarnedOfBody = true; // one warning, however many pieces
    this.#call.context.logger.warning(
      `Response body dropped: status ${this.#host.stream.status} does not allow one.`,
    );
  }

  /** A body that does not fit its content-length (RFC 9110 §8.6). */
  #unframed(type: string, problem: StreamProblem): Promise<void> {
    if (problem.isPartial) this.#cutOff();
    return rejected(
      new UnexpectedEventError(problem.message, type, this.#state),
    );
  }

  #sendTrailers(event: HttpResponseTrailersEvent): Promise<void> {
    if (this.#host.stream.isHttp10) return unknownEvent(event); // not offered
    const { headers, more_trailers: hasMore = false } = event;
    const wrong = headersProblem(headers) ??
      flagProblem("more_trailers", hasMore);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const kind = hasMore ? "trailers" : "lastTrailers";
    const next = nextState(this.#state, kind);
    const refusal = this.#refusal(next, event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkTrailers(headers), event, refusal);
    }
    const problem = this.#host.stream.addTrailers(headers);
    if (problem !== undefined) return invalidEvent(event, problem);
    if (!hasMore) this.#host.stream.endWithTrailers();
    return this.#advance(next!, 0);
  }

  #sendEarlyHint(event: HttpResponseEarlyHintEvent): Promise<void> {
    const { offersEarlyHints } = this.#call.context.settings;
    if (!offersEarlyHints || this.#host.stream.isHttp10) {
      return unknownEvent(event);
    }
    const { links } = event;
    const wrong = iterableProblem("links", links, "link values");
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const fields = Array.from(links, (link) => ["link", link] as const);
    return this.#sendInterim(event, 103, fields);
  }

  #sendInformational(event: HttpResponseInformationalEvent): Promise<void> {
    if (this.#host.stream.isHttp10) return unknownEvent(event);
    const { status, headers = NO_HEADERS } = event;
    const wrong = interimStatusProblem(status) ?? headersProblem(headers);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    return this.#sendInterim(event, status, [...headers]);
  }

  #sendInterim(
    event: { readonly type: string },
    status: number,
    fields: readonly FieldInput[],
  ): Promise<void> {
    const next = nextState(this.#state, "interim");
    const refusal = this.#refusal(next, event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkFields(fields), event, refusal);
    }
    // Once the head has left, an interim response is late and dropped.
    if (this.#host.stream.isHeadCommitted) {
      return invalidUnless(checkFields(fields), event, RESOLVED);
    }
    const problem = this.#host.stream.writeInterim(status, fields);
    if (problem !== undefined) return invalidEvent(event, problem);
    if (!this.#host.stream.isHeadOpen) this.#host.flow.flush();
    return this.#host.flow.afterWrite(0);
  }

  #sendPath(event: HttpResponsePathSendEvent): Promise<void> {
    const problem = checkPathSend(event);
    if (problem !== undefined) return invalidEvent(event, problem);
    const kind = this.#host.stream.promisesTrailers
      ? "fileBeforeTrailers"
      : "file";
    const next = nextState(this.#state, kind);
    const refusal = this.#refusal(next, event.type);
    if (refusal !== undefined) return refusal;
    const sent = this.#fileSent = respondWithFile(
      event,
      this.#host,
      this.#call,
      {
        onFileClosed: () => this.#fileSent = undefined,
        onFileSent: () => this.#advance(next!, 0),
        onFileTakenBack: () => this.#enter("unsent"),
        onFileCutOff: () => this.#cutOff(),
      },
    );
    sent.catch(() => {});
    return sent;
  }

  /**
   * Why a message is not allowed now, as the promise to return; `undefined` if it is.
   *
   * @param next The state after it; `undefined` if it is out of order.
   */
  #refusal(
    next: ResponseState | undefined,
    type: string,
  ): Promise<void> | undefined {
    return next !== undefined && this.#fileSent === undefined &&
        this.disconnectError === undefined
      ? undefined
      : this.#refused(next, type);
  }

  /** Apart from {@linkcode #refusal}, which V8 makes part of its callers if it is short. */
  #refused(next: ResponseState | undefined, type: string): Promise<void> {
    const state = this.#state;
    if (next === undefined || this.#fileSent !== undefined) {
      const message = state === "complete"
        ? `Unexpected ASGI message '${type}' sent, after response already completed.`
        : this.#fileSent !== undefined
        ? `Unexpected ASGI message '${type}' sent, while a file is being sent.`
        : `Expected ASGI message '${EXPECTED[state]}', but got '${type}'.`;
      return rejected(new UnexpectedEventError(message, type, state));
    }
    const { settings, afterTurn } = this.#call.context;
    if (settings.raisesAfterDisconnect) return rejected(this.disconnectError!);
    this.#enter(next); // as if it had been sent
    // A silent endless stream must leave the turn, or it would block the event loop.
    return new Promise(afterTurn);
  }

  /** Takes the transition of an allowed message. @param bytes That it has written. */
  #advance(next: ResponseState, bytes: number): Promise<void> {
    this.#enter(next);
    if (next !== "complete") return this.#host.flow.afterWrite(bytes);
    return this.#host.onResponseComplete();
  }

  /** Moves the response on: the only assignment of its state. */
  #enter(state: ResponseState): void {
    this.#state = state;
  }

  /** The application takes the connection over: `send` rejects from now on. */
  yieldConnection(): void {
    this.#call.disconnectError = new ClientDisconnected(
      "Cannot send: the connection has been taken over",
    );
    this.body.finish();
  }

  /** The connection that was taken over has ended. */
  onYieldedEnd(): void {
    if (!this.#call.hasReturned) this.#call.abort(new ClientDisconnected());
  }

  /** The application ends the connection without the rest of its answer. */
  abandon(): void {
    if (!this.#isOwed()) return;
    this.onPeerGone();
    this.#host.stream.retract();
    this.#host.truncateResponse("application");
  }

  /** The peer is gone: `receive` gives `http.disconnect`, `send` rejects, the abort signal is raised. */
  onPeerGone(): void {
    const call = this.#call;
    if (call.disconnectError !== undefined) return;
    call.disconnectError = new ClientDisconnected();
    this.body.disconnect();
    if (!call.hasReturned) call.abort(call.disconnectError);
  }

  /**
   * The peer sent its FIN long ago and may have left altogether: the application gets
   * `http.disconnect` and its abort signal, but may still answer.
   */
  onPeerSilent(): void {
    this.#call.isPeerSilent = true;
    this.body.disconnect();
    this.#call.abort(
      new ClientDisconnected(
        "The client has closed its side of the connection",
      ),
    );
  }

  /**
   * The server stops waiting for the application.
   *
   * @param reason Of the abort signal.
   * @param status Of the answer in the application's place, if it has not begun one.
   * @param why What `send` says from now on.
   */
  cancel(
    reason: Error,
    status: number = 500,
    why: string = "the server is shutting down",
  ): void {
    const call = this.#call;
    if (call.hasReturned) return;
    call.abort(reason);
    if (this.#isOwed()) {
      call.disconnectError = new ClientDisconnected(`Cannot send: ${why}`);
      if (this.#host.stream.isHeadCommitted) {
        this.#host.truncateResponse("application");
      } else this.#answer(status);
    }
    this.body.finish();
  }
}
