/**
 * One request as its application sees it: `receive()`, `send()`, and what may be sent next. Owns
 * the order of messages; the bytes are response_sink.ts's, the socket is the connection's.
 */
import type {
  HeaderList,
  HttpReceiveEvent,
  HttpResponseBodyEvent,
  HttpResponseEarlyHintEvent,
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
import { checkFields, checkTrailers } from "../../http1/response_writer.ts";
import type { ServerContext, TrackedCall } from "../context.ts";
import { RESOLVED } from "../output/write_gate.ts";
import { ApplicationCall, type CallOwner } from "./application_call.ts";
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
  iterableProblem,
  statusProblem,
} from "./event_shapes.ts";
import { checkPathSend, sendFile } from "./file_sender.ts";
import { RequestBody } from "./request_body.ts";
import type { ResponseSink, StreamProblem } from "./response_sink.ts";
import {
  EXPECTED,
  nextState,
  type ResponseState,
  type SendKind,
} from "./response_states.ts";

/** What a cycle needs of its connection. */
export interface CycleHost {
  readonly stream: ResponseSink;
  /** A head is about to be opened: the last moment to decide that the connection closes. */
  beforeHead(): void;
  /** The application asks for body bytes. */
  onReceive(): void;
  /** Something was written: resolves when more may be. */
  afterWrite(bytes: number): Promise<void>;
  /** Bytes handed to the socket that it still holds. */
  readonly queuedBytes: number;
  /** Sends what was written at once, as an interim response needs. */
  flush(): void;
  /** The response is whole. Resolves when the transport can take more. */
  onResponseComplete(): Promise<void>;
  /** The response cannot be completed: flushes what was written and ends the connection. */
  truncateResponse(): void;
  /** The application's call has ended. */
  onReturned(): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

const NO_BODY = new Uint8Array(0);
const NO_HEADERS: readonly [string, string][] = [];

/** One exchange with the application. */
export class HttpCycle implements CallOwner, TrackedCall {
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
    this.receive = () => this.#receive();
    this.send = (event) => {
      try {
        return this.#send(event);
      } catch (error) {
        return rejected(error as Error); // an iterable or a getter of the application's own threw
      }
    };
  }

  get #stream(): ResponseSink {
    return this.#host.stream;
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
  get #isOwed(): boolean {
    return this.#state !== "complete" && this.disconnectError === undefined;
  }

  /** Calls the application. Errors end here. */
  run(scope: Scope): Promise<void> {
    return this.#call.run(scope, this);
  }

  onReturn(): void {
    if (!this.#isOwed) return;
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
    this.#stream.retract();
    this.#host.truncateResponse();
  }

  /** Ends a response that its application did not end. */
  #fail(): void {
    if (this.#stream.isHeadCommitted) {
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
    this.#host.truncateResponse();
  }

  #answer(status: number, text?: string, headers?: HeaderList): void {
    this.#host.beforeHead();
    this.#stream.writeWhole(status, text, headers);
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
    if (this.#isOwed) this.#host.onReceive();
    return event;
  }

  #send(event: SendEvent): Promise<void> {
    switch (event?.type) {
      case "http.response.start":
        return this.#sendStart(event);
      case "http.response.body":
        return this.#sendBody(event);
      case "http.response.trailers":
        return this.#sendTrailers(event);
      case "http.response.early_hint":
        return this.#sendEarlyHint(event);
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
    const refusal = this.#refusal("start", event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkFields(headers), event, refusal);
    }
    const stream = this.#stream;
    // HTTP/1.0 has no trailers: waiting for them would keep the body open.
    const promises = trailers && !stream.isHttp10;
    this.#host.beforeHead();
    const problem = stream.start(status, headers, promises);
    if (problem !== undefined) return invalidEvent(event, problem);
    this.#enter("started");
    return this.#host.afterWrite(0);
  }

  #sendBody(event: HttpResponseBodyEvent): Promise<void> {
    const { body = NO_BODY, more_body: hasMore = false } = event;
    const wrong = bodyProblem(body) ?? flagProblem("more_body", hasMore);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const kind = hasMore
      ? "body"
      : this.#stream.promisesTrailers
      ? "lastBodyBeforeTrailers"
      : "lastBody";
    const refusal = this.#refusal(kind, event.type);
    if (refusal !== undefined) return refusal;
    if (body.length > 0 && this.#stream.forbidsBody && !this.#hasWarnedOfBody) {
      this.#warnOfBody();
    }
    const problem = this.#stream.write(body, !hasMore);
    if (problem !== undefined) return this.#unframed(event.type, problem);
    return this.#advance(kind, body.length);
  }

  #warnOfBody(): void {
    this.#hasWarnedOfBody = true; // one warning, however many pieces
    this.#call.context.logger.warning(
      `Response body dropped: status ${this.#stream.status} does not allow one.`,
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
    if (this.#stream.isHttp10) return unknownEvent(event); // not offered
    const { headers, more_trailers: hasMore = false } = event;
    const wrong = headersProblem(headers) ??
      flagProblem("more_trailers", hasMore);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const kind = hasMore ? "trailers" : "lastTrailers";
    const refusal = this.#refusal(kind, event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkTrailers(headers), event, refusal);
    }
    const problem = this.#stream.addTrailers(headers);
    if (problem !== undefined) return invalidEvent(event, problem);
    if (!hasMore) this.#stream.endWithTrailers();
    return this.#advance(kind, 0);
  }

  #sendEarlyHint(event: HttpResponseEarlyHintEvent): Promise<void> {
    const { offersEarlyHints } = this.#call.context.settings;
    if (!offersEarlyHints || this.#stream.isHttp10) return unknownEvent(event);
    const { links } = event;
    const wrong = iterableProblem("links", links, "link values");
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const fields = Array.from(links, (link) => ["link", link] as const);
    const refusal = this.#refusal("earlyHint", event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkFields(fields), event, refusal);
    }
    // Once the head has left, a hint is late and dropped.
    if (this.#stream.isHeadCommitted) {
      return invalidUnless(checkFields(fields), event, RESOLVED);
    }
    const problem = this.#stream.writeInterim(103, fields);
    if (problem !== undefined) return invalidEvent(event, problem);
    if (!this.#stream.isHeadOpen) this.#host.flush();
    return this.#host.afterWrite(0);
  }

  #sendPath(event: HttpResponsePathSendEvent): Promise<void> {
    const problem = checkPathSend(event);
    if (problem !== undefined) return invalidEvent(event, problem);
    const kind = this.#stream.promisesTrailers ? "fileBeforeTrailers" : "file";
    const refusal = this.#refusal(kind, event.type);
    if (refusal !== undefined) return refusal;
    const sent = this.#fileSent = this.#sendFile(event, kind);
    sent.catch(() => {});
    return sent;
  }

  async #sendFile(
    event: HttpResponsePathSendEvent,
    kind: SendKind,
  ): Promise<void> {
    const call = this.#call;
    try {
      const host = this.#host;
      await sendFile(event, this.#stream, {
        openFile: call.context.openFile,
        afterWrite: (bytes) => host.afterWrite(bytes),
        hasSentAll: () => host.queuedBytes === 0,
        checkGone: () => {
          if (call.disconnectError !== undefined) throw call.disconnectError;
        },
      });
    } catch (error) {
      const gone = call.disconnectError;
      if (error === gone && !call.context.settings.raisesAfterDisconnect) {
        return;
      }
      if (gone === undefined) this.#onFileFailed();
      throw error;
    } finally {
      this.#fileSent = undefined;
    }
    // The client may have left since the last piece: nothing is left to complete.
    if (call.disconnectError === undefined) await this.#advance(kind, 0);
  }

  #onFileFailed(): void {
    const stream = this.#stream;
    if (stream.isHeadOpen) {
      // As if nothing had been sent, so that another answer can be.
      stream.retract();
      this.#enter("unsent");
    } else if (stream.bodyBytes > 0) {
      this.#cutOff();
    }
  }

  /** Why a message is not allowed now, as the promise to return; `undefined` if it is. */
  #refusal(kind: SendKind, type: string): Promise<void> | undefined {
    const state = this.#state;
    const next = nextState(state, kind);
    if (next === undefined || this.#fileSent !== undefined) {
      const message = state === "complete"
        ? `Unexpected ASGI message '${type}' sent, after response already completed.`
        : this.#fileSent !== undefined
        ? `Unexpected ASGI message '${type}' sent, while a file is being sent.`
        : `Expected ASGI message '${EXPECTED[state]}', but got '${type}'.`;
      return rejected(new UnexpectedEventError(message, type, state));
    }
    const gone = this.disconnectError;
    if (gone === undefined) return undefined;
    const { settings, afterTurn } = this.#call.context;
    if (settings.raisesAfterDisconnect) return rejected(gone);
    this.#enter(next); // as if it had been sent
    // A silent endless stream must leave the turn, or it would block the event loop.
    return new Promise(afterTurn);
  }

  /** Takes the transition of an allowed message. */
  #advance(kind: SendKind, bytes: number): Promise<void> {
    const next = nextState(this.#state, kind)!;
    this.#enter(next);
    if (next !== "complete") return this.#host.afterWrite(bytes);
    return this.#host.onResponseComplete();
  }

  /** Moves the response on: the only assignment of its state. */
  #enter(state: ResponseState): void {
    this.#state = state;
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

  /** The server stops waiting for the application. @param reason Of the abort signal. */
  cancel(reason: Error): void {
    const call = this.#call;
    if (call.hasReturned) return;
    call.abort(reason);
    if (this.#isOwed) {
      call.disconnectError = new ClientDisconnected(
        "Cannot send: the server is shutting down",
      );
      if (this.#stream.isHeadCommitted) this.#host.truncateResponse();
      else this.#answer(500);
    }
    this.body.finish();
  }
}
