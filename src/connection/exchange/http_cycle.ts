/**
 * One request as its application sees it: `receive()`, `send()`, and what may be sent next. Owns
 * the order of messages; the bytes are http1_response.ts's, the socket http1_connection.ts's.
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
import { invalidEvent, rejected, shown, unknownEvent } from "./event_errors.ts";
import { checkPathSend, sendFile } from "./file_sender.ts";
import { RESOLVED } from "../output/write_gate.ts";
import type { ServerContext, TrackedCall } from "../context.ts";
import { LazyAbort } from "./abort_signal.ts";
import { RequestBody } from "./request_body.ts";
import type { Http1Response, StreamProblem } from "../http1/http1_response.ts";

/** How far a response has come. */
export type ResponseState =
  | "unsent"
  | "started"
  | "streaming"
  | "trailers"
  | "complete";

/** What a message does to it. */
export type SendKind =
  | "earlyHint"
  | "start"
  | "body"
  | "lastBody"
  | "lastBodyBeforeTrailers"
  | "file"
  | "fileBeforeTrailers"
  | "trailers"
  | "lastTrailers";

/** State after a message; `undefined` if it breaks the contract (asgi section 7). */
export function nextState(
  state: ResponseState,
  kind: SendKind,
): ResponseState | undefined {
  switch (kind) {
    case "start":
      return state === "unsent" ? "started" : undefined;
    case "earlyHint":
      return state === "complete" ? undefined : state;
    case "body":
      return isInBody(state) ? "streaming" : undefined;
    case "lastBody":
      return isInBody(state) ? "complete" : undefined;
    case "lastBodyBeforeTrailers":
      return isInBody(state) ? "trailers" : undefined;
    case "file":
      return state === "started" ? "complete" : undefined;
    case "fileBeforeTrailers":
      return state === "started" ? "trailers" : undefined;
    case "trailers":
      return state === "trailers" ? "trailers" : undefined;
    case "lastTrailers":
      return state === "trailers" ? "complete" : undefined;
  }
}

function isInBody(state: ResponseState): boolean {
  return state === "started" || state === "streaming";
}

/** The message that was expected, for the error that says so. */
const EXPECTED: Readonly<Record<ResponseState, string>> = {
  unsent: "http.response.start",
  started: "http.response.body",
  streaming: "http.response.body",
  trailers: "http.response.trailers",
  complete: "",
};

/** What a cycle needs of its connection. */
export interface CycleHost {
  readonly stream: Http1Response;
  /** Before a head is opened: the last moment to decide that the connection closes. */
  beforeHead(): void;
  /** The application asks for body bytes. */
  onReceive(): void;
  /** Something was written: resolves when more may be. */
  afterWrite(bytes: number): Promise<void>;
  /** Bytes handed to the socket that it still holds. */
  readonly queuedBytes: number;
  /** Sends what was written now: an interim response must not wait. */
  flush(): void;
  /** The response is whole. Resolves when the transport can take more. */
  onResponseComplete(): Promise<void>;
  /** The response cannot be completed: what was written leaves, the connection ends. */
  truncateResponse(): void;
  /** The application's call has ended. */
  onReturned(cycle: HttpCycle): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

const NO_BODY = new Uint8Array(0);

/** One exchange with the application. */
export class HttpCycle implements TrackedCall {
  readonly body: RequestBody;
  readonly receive: Receive;
  readonly send: Send;
  /** See {@linkcode TrackedCall}. */
  listIndex = -1;
  /** Whether the call counts against the concurrency limit. Set by the connection. */
  isCounted = false;
  readonly #host: CycleHost;
  readonly #stream: Http1Response;
  readonly #context: ServerContext;
  #state: ResponseState = "unsent";
  /** Set when nobody will read what is sent; it is what `send` rejects with. */
  #gone: ClientDisconnected | undefined;
  /** Whether the application was told that the client has left, and may answer all the same. */
  #isPeerSilent = false;
  #hasReturned = false;
  #promisesTrailers = false;
  #hasWarnedOfBody = false;
  /** Settles with the file that is being sent. */
  #fileSent: Promise<void> | undefined;
  #aborting: LazyAbort | undefined;

  constructor(head: RequestHead, host: CycleHost, context: ServerContext) {
    this.body = new RequestBody(head.hasBody);
    this.#host = host;
    this.#stream = host.stream;
    this.#context = context;
    this.receive = () => this.#receive();
    this.send = (event) => {
      try {
        return this.#send(event);
      } catch (error) {
        return rejected(error as Error); // an iterable or a getter of the application's own threw
      }
    };
  }

  /** How far the response has come. */
  get state(): ResponseState {
    return this.#state;
  }

  /** Whether the application's call has ended. */
  get hasReturned(): boolean {
    return this.#hasReturned;
  }

  /** Whether a file is being opened: its head must not leave before that worked (asgi:A-187). */
  get holdsHead(): boolean {
    return this.#fileSent !== undefined;
  }

  /** Calls the application. Errors end here. */
  async run(scope: Scope): Promise<void> {
    try {
      try {
        const value: unknown = await this.#context.app(
          scope,
          this.receive,
          this.send,
        );
        if (value !== undefined) this.#warnOfValue(value);
        if (this.#fileSent !== undefined) await this.#fileSent; // asgi:A-021
        this.#onReturn();
      } catch (error) {
        this.#onThrow(error);
      }
      this.#hasReturned = true;
      this.#host.onReturned(this);
    } catch (thrown) {
      this.#host.onFailure(thrown);
    }
  }

  #warnOfValue(value: unknown): void {
    if (this.#context.hasWarnedOfReturnValue) return;
    this.#context.hasWarnedOfReturnValue = true;
    this.#context.logger.warning(
      `ASGI callable should return undefined, but returned a value of type "${typeof value}".` +
        (typeof value === "function"
          ? " If it is a factory, use --factory."
          : ""),
    );
  }

  #onReturn(): void {
    if (this.#state === "complete" || this.#gone !== undefined) return;
    if (this.#isPeerSilent) return this.#leave();
    this.#context.logger.error(
      this.#state === "unsent"
        ? "ASGI callable returned without starting response."
        : "ASGI callable returned without completing response.",
    );
    this.#fail();
  }

  #onThrow(error: unknown): void {
    const hasLeft = this.#gone !== undefined || this.#isPeerSilent;
    if (hasLeft && error instanceof ClientDisconnected) {
      // asgi:A-216: a peer that hangs up is nobody's error.
      this.#context.logger.debug(
        "ASGI application ended by the client's disconnect",
      );
      if (this.#state !== "complete" && this.#gone === undefined) this.#leave();
      return;
    }
    const { logger } = this.#context;
    if (this.#aborting?.wasRaisedWith(error)) {
      logger.debug("ASGI application ended by its abort signal");
    } else {
      logger.error("Exception in ASGI application", { error });
    }
    if (this.#state !== "complete" && this.#gone === undefined) this.#fail();
  }

  /** Ends a request whose application was told that the client has left, and did not answer. */
  #leave(): void {
    this.#gone = new ClientDisconnected();
    this.#stream.retract();
    this.#host.truncateResponse();
  }

  /** Ends a response that its application did not end (asgi: ). */
  #fail(): void {
    if (this.#stream.isHeadCommitted) {
      this.#cutOff();
      return;
    }
    // Whoever still holds `send` finds nobody there (asgi:A-026).
    this.#gone = new ClientDisconnected(
      "Cannot send: the response has been replaced",
    );
    this.#answer(500); // fixed text: what went wrong is for the log, not for the peer (asgi:A-220)
  }

  /** Ends a response that can no longer become whole. */
  #cutOff(): void {
    this.#gone = new ClientDisconnected(
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
   * Answers in the application's place, which finds its client gone from now on. The head must not
   * have left.
   */
  refuse(status: number, text?: string, headers?: HeaderList): void {
    this.onPeerGone();
    this.#answer(status, text, headers);
  }

  /** Notes that the application is never going to be called. */
  skip(): void {
    this.#hasReturned = true;
  }

  /** What `send` rejects with, if nobody will read what is sent. */
  get disconnectError(): ClientDisconnected | undefined {
    return this.#gone;
  }

  #receive(): Promise<HttpReceiveEvent> {
    const event = this.body.receive();
    // A call kept for too long must not speak for the next request on the connection.
    if (this.#state !== "complete" && this.#gone === undefined) {
      this.#host.onReceive();
    }
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
    const { status, headers, trailers } = event;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      return invalidEvent(
        event,
        `"status" is ${shown(status)}, expected an integer from 200 to 599`,
      );
    }
    if (trailers !== undefined && typeof trailers !== "boolean") {
      return invalidEvent(
        event,
        `"trailers" is ${shown(trailers)}, expected true or false`,
      );
    }
    // A string is iterable too, and would be read as pairs of letters.
    if (
      headers !== undefined &&
      (typeof headers !== "object" || headers === null ||
        typeof headers[Symbol.iterator] !== "function")
    ) {
      return invalidEvent(
        event,
        `"headers" is ${shown(headers)}, expected an iterable of pairs`,
      );
    }
    const refusal = this.#refusal("start", event.type);
    if (refusal !== undefined) {
      return unless(checkFields(headers ?? []), event, refusal);
    }
    const stream = this.#stream;
    // asgi:A-174: where trailers are not offered, a promise of them must not keep the body open.
    const promises = trailers === true && !stream.isHttp10;
    this.#host.beforeHead();
    const problem = stream.start(status, headers ?? [], promises);
    if (problem !== undefined) return invalidEvent(event, problem);
    this.#promisesTrailers = promises;
    this.#state = "started";
    return this.#host.afterWrite(0);
  }

  #sendBody(event: HttpResponseBodyEvent): Promise<void> {
    const { body = NO_BODY, more_body: hasMore = false } = event;
    if (typeof body !== "string" && !(body instanceof Uint8Array)) {
      return invalidEvent(
        event,
        `"body" is ${shown(body)}, expected a Uint8Array or a string`,
      );
    }
    if (typeof hasMore !== "boolean") {
      return invalidEvent(
        event,
        `"more_body" is ${shown(hasMore)}, expected true or false`,
      );
    }
    const kind = hasMore
      ? "body"
      : this.#promisesTrailers
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
    this.#hasWarnedOfBody = true; // asgi:A-106: one warning, however many pieces
    this.#context.logger.warning(
      `Response body dropped: status ${this.#stream.status} does not allow one.`,
    );
  }

  /** A body that does not fit its content-length (asgi: ). */
  #unframed(type: string, problem: StreamProblem): Promise<void> {
    if (problem.isPartial) this.#cutOff();
    return rejected(
      new UnexpectedEventError(problem.message, type, this.#state),
    );
  }

  #sendTrailers(event: HttpResponseTrailersEvent): Promise<void> {
    if (this.#stream.isHttp10) return unknownEvent(event); // asgi:A-087
    const { headers, more_trailers: hasMore = false } = event;
    if (
      typeof headers !== "object" || headers === null ||
      typeof headers[Symbol.iterator] !== "function"
    ) {
      return invalidEvent(
        event,
        `"headers" is ${shown(headers)}, expected an iterable of pairs`,
      );
    }
    if (typeof hasMore !== "boolean") {
      return invalidEvent(
        event,
        `"more_trailers" is ${shown(hasMore)}, expected true or false`,
      );
    }
    const kind = hasMore ? "trailers" : "lastTrailers";
    const refusal = this.#refusal(kind, event.type);
    if (refusal !== undefined) {
      return unless(checkTrailers(headers), event, refusal);
    }
    const problem = this.#stream.addTrailers(headers);
    if (problem !== undefined) return invalidEvent(event, problem);
    if (!hasMore) this.#stream.endWithTrailers();
    return this.#advance(kind, 0);
  }

  #sendEarlyHint(event: HttpResponseEarlyHintEvent): Promise<void> {
    if (!this.#context.settings.offersEarlyHints || this.#stream.isHttp10) {
      return unknownEvent(event);
    }
    const { links } = event;
    if (
      typeof links !== "object" || links === null ||
      typeof links[Symbol.iterator] !== "function"
    ) {
      return invalidEvent(
        event,
        `"links" is ${shown(links)}, expected an iterable of link values`,
      );
    }
    const fields = Array.from(links, (link) => ["link", link] as const);
    const refusal = this.#refusal("earlyHint", event.type);
    if (refusal !== undefined) {
      return unless(checkFields(fields), event, refusal);
    }
    // asgi:A-183: once the head has left, a hint is late and silently dropped.
    if (this.#stream.isHeadCommitted) {
      return unless(checkFields(fields), event, RESOLVED);
    }
    const problem = this.#stream.writeInterim(103, fields);
    if (problem !== undefined) return invalidEvent(event, problem);
    if (!this.#stream.isHeadOpen) this.#host.flush();
    return this.#host.afterWrite(0);
  }

  #sendPath(event: HttpResponsePathSendEvent): Promise<void> {
    const problem = checkPathSend(event);
    if (problem !== undefined) return invalidEvent(event, problem);
    const kind = this.#promisesTrailers ? "fileBeforeTrailers" : "file";
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
    try {
      const host = this.#host;
      await sendFile(event, this.#stream, {
        openFile: this.#context.openFile,
        afterWrite: (bytes) => host.afterWrite(bytes),
        hasSentAll: () => host.queuedBytes === 0,
        checkGone: () => {
          if (this.#gone !== undefined) throw this.#gone;
        },
      });
    } catch (error) {
      if (
        error === this.#gone && !this.#context.settings.raisesAfterDisconnect
      ) return;
      if (this.#gone === undefined) this.#onFileFailed();
      throw error;
    } finally {
      this.#fileSent = undefined;
    }
    // The client may have left since the last piece: nothing is left to complete.
    if (this.#gone === undefined) await this.#advance(kind, 0);
  }

  #onFileFailed(): void {
    const stream = this.#stream;
    if (stream.isHeadOpen) {
      // asgi:A-187: as if nothing had been sent, so that another answer can be.
      stream.retract();
      this.#state = "unsent";
    } else if (stream.bodyBytes > 0) {
      this.#cutOff(); // asgi:A-189
    }
  }

  /** Why a message is not allowed now, as the promise to return; `undefined` if it is. */
  #refusal(kind: SendKind, type: string): Promise<void> | undefined {
    const state = this.#state;
    if (nextState(state, kind) === undefined || this.#fileSent !== undefined) {
      const message = state === "complete"
        ? `Unexpected ASGI message '${type}' sent, after response already completed.`
        : this.#fileSent !== undefined
        ? `Unexpected ASGI message '${type}' sent, while a file is being sent.`
        : `Expected ASGI message '${EXPECTED[state]}', but got '${type}'.`;
      return rejected(new UnexpectedEventError(message, type, state));
    }
    if (this.#gone === undefined) return undefined;
    if (this.#context.settings.raisesAfterDisconnect) {
      return rejected(this.#gone); // asgi:A-212
    }
    this.#state = nextState(state, kind)!; // as if it had been sent
    // Silence must not let an endless stream keep the event loop to itself.
    return new Promise(this.#context.afterTurn);
  }

  /** Takes the transition of an allowed message: the one place that moves on. */
  #advance(kind: SendKind, bytes: number): Promise<void> {
    const next = nextState(this.#state, kind)!;
    this.#state = next;
    if (next !== "complete") return this.#host.afterWrite(bytes);
    return this.#host.onResponseComplete();
  }

  /** The peer is gone: `receive` says so, `send` fails, the abort signal is raised. */
  onPeerGone(): void {
    if (this.#gone !== undefined) return;
    this.#gone = new ClientDisconnected();
    this.body.disconnect();
    if (!this.#hasReturned) this.#abort(this.#gone);
  }

  /**
   * The peer sent its FIN long ago and may have left altogether: the application is told, but may
   * still answer (http:H-097).
   */
  onPeerSilent(): void {
    this.#isPeerSilent = true;
    this.body.disconnect();
    this.#abort(
      new ClientDisconnected(
        "The client has closed its side of the connection",
      ),
    );
  }

  /** The server stops waiting for the application (asgi:A-028). @param reason What its signal tells. */
  cancel(reason: Error): void {
    if (this.#hasReturned) return;
    this.#abort(reason);
    if (this.#state !== "complete" && this.#gone === undefined) {
      this.#gone = new ClientDisconnected(
        "Cannot send: the server is shutting down",
      );
      if (this.#stream.isHeadCommitted) this.#host.truncateResponse();
      else this.#answer(500); // http:H-141
    }
    this.body.finish();
  }

  /** The signal of `abort_signal` (asgi:A-244). */
  get abortSignal(): AbortSignal {
    return (this.#aborting ??= new LazyAbort()).signal;
  }

  #abort(reason: Error): void {
    (this.#aborting ??= new LazyAbort()).abort(reason);
  }
}

/** Shape comes first, so that bugs do not hide behind a peer that left (asgi:A-217). */
function unless(
  problem: string | undefined,
  event: { readonly type: string },
  otherwise: Promise<void>,
): Promise<void> {
  return problem === undefined ? otherwise : invalidEvent(event, problem);
}
