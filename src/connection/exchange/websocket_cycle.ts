/**
 * One WebSocket as its application sees it: `receive()`, `send()`, and what may be sent next
 * (asgi sections 10, 11, 13.1). The frames are websocket_connection.ts's.
 */
import type {
  HeaderInput,
  Receive,
  ReceiveEvent,
  Scope,
  Send,
  SendEvent,
  WebSocketAcceptEvent,
  WebSocketCloseEvent,
  WebSocketDenialBodyEvent,
  WebSocketDenialStartEvent,
  WebSocketReceiveEvent,
  WebSocketSendDataEvent,
} from "../../asgi.ts";
import { ClientDisconnected, UnexpectedEventError } from "../../errors.ts";
import { checkFields } from "../../http1/response_writer.ts";
import {
  ABNORMAL,
  INTERNAL_ERROR,
  isSendable,
  NORMAL,
} from "../../websocket/close_codes.ts";
import { invalidEvent, rejected, shown, unknownEvent } from "./event_errors.ts";
import { RESOLVED } from "../output/write_gate.ts";
import type { ServerContext, TrackedCall } from "../context.ts";
import { LazyAbort } from "./abort_signal.ts";
import type { StreamProblem } from "../http1/http1_response.ts";

/** How far a WebSocket has come for its application. */
export type WebSocketState = "connecting" | "open" | "denying" | "closed";

/** What a message does to it. */
export type WebSocketSendKind =
  | "accept"
  | "send"
  | "close"
  | "denialStart"
  | "denialBody"
  | "lastDenialBody";

/** State after a message; `undefined` if it breaks the contract (asgi section 11). */
export function nextWebSocketState(
  state: WebSocketState,
  kind: WebSocketSendKind,
): WebSocketState | undefined {
  switch (kind) {
    case "accept":
      return state === "connecting" ? "open" : undefined;
    case "send":
      return state === "open" ? "open" : undefined;
    case "close": // a second one does nothing
      return state === "denying" ? undefined : "closed";
    case "denialStart":
      return state === "connecting" ? "denying" : undefined;
    case "denialBody":
      return state === "denying" ? "denying" : undefined;
    case "lastDenialBody":
      return state === "denying" ? "closed" : undefined;
  }
}

/** What was expected, for the error that says so. */
const EXPECTED: Readonly<Record<WebSocketState, string>> = {
  connecting:
    "'websocket.accept', 'websocket.close' or 'websocket.http.response.start'",
  open: "'websocket.send' or 'websocket.close'",
  denying: "'websocket.http.response.body'",
  closed: "",
};

/** What a cycle needs of its connection. */
export interface WebSocketHost {
  /** Subprotocols the client offered. */
  readonly subprotocols: readonly string[];
  /** Completes the handshake. @returns What is wrong with the fields, or `undefined`. */
  accept(
    subprotocol: string | undefined,
    headers: HeaderInput,
  ): string | undefined;
  /** Refuses the handshake with a status and nothing else. */
  refuse(status: number): void;
  /** Begins to refuse the handshake with a response of the application's. */
  startDenial(status: number, headers: HeaderInput): string | undefined;
  /** Goes on with it. @returns What is wrong with its length, or `undefined`. */
  writeDenial(
    body: Uint8Array | string,
    isLast: boolean,
  ): StreamProblem | undefined;
  /** Cuts it off. */
  truncateResponse(): void;
  /** Sends one message. */
  writeMessage(message: Uint8Array | string, compress: boolean): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Something was written: resolves when more may be. */
  afterWrite(bytes: number): Promise<void>;
  /** A message was taken from the queue. */
  onReceive(): void;
  /** The application's call has ended. */
  onReturned(cycle: WebSocketCycle): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

type Resolve = (event: ReceiveEvent) => void;

/** One exchange with the application. */
export class WebSocketCycle implements TrackedCall {
  readonly receive: Receive;
  readonly send: Send;
  /** See {@linkcode TrackedCall}. */
  listIndex = -1;
  readonly #host: WebSocketHost;
  readonly #context: ServerContext;
  #state: WebSocketState = "connecting";
  /** Set when nobody will read what is sent; it is what `send` rejects with. */
  #gone: ClientDisconnected | undefined;
  #hasReturned = false;
  #queue: WebSocketReceiveEvent[] = [{ type: "websocket.connect" }];
  #queuedBytes = 0;
  /** Told again and again once the queue is empty (asgi:A-139). */
  #disconnect: WebSocketReceiveEvent | undefined;
  /** Who waits for a message: nearly always one. */
  #receiver: Resolve | undefined;
  /** Who waits behind it. */
  #receivers: Resolve[] | undefined;
  #aborting: LazyAbort | undefined;

  constructor(host: WebSocketHost, context: ServerContext) {
    this.#host = host;
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

  /** How far the WebSocket has come. */
  get state(): WebSocketState {
    return this.#state;
  }

  /** Whether the application's call has ended. */
  get hasReturned(): boolean {
    return this.#hasReturned;
  }

  /** Messages that nobody has taken. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /** Their size in bytes; text counts its units. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** What `send` rejects with, if nobody will read what is sent. */
  get disconnectError(): ClientDisconnected | undefined {
    return this.#gone;
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
    if (this.#gone !== undefined) return;
    switch (this.#state) {
      case "connecting": // asgi:A-143
        this.#context.logger.error(
          "ASGI callable returned without completing handshake.",
        );
        this.#fail();
        break;
      case "denying":
        this.#context.logger.error(
          "ASGI callable returned without completing response.",
        );
        this.#fail();
        break;
      case "open": // asgi:A-144
        this.#close(NORMAL, "");
        break;
      case "closed":
        break;
    }
  }

  #onThrow(error: unknown): void {
    if (this.#gone !== undefined && error instanceof ClientDisconnected) {
      this.#context.logger.debug(
        "ASGI application ended by the client's disconnect",
      ); // asgi:A-216
      return;
    }
    const { logger } = this.#context;
    if (this.#aborting?.wasRaisedWith(error)) {
      logger.debug("ASGI application ended by its abort signal");
    } else {
      logger.error("Exception in ASGI application", { error });
    }
    if (this.#gone === undefined) this.#fail();
  }

  /** Ends a WebSocket that its application failed (asgi: ). */
  #fail(): void {
    switch (this.#state) {
      case "connecting":
        this.#state = "closed";
        this.#host.refuse(500);
        this.disconnect(ABNORMAL, "");
        break;
      case "open":
        this.#close(INTERNAL_ERROR, "");
        break;
      case "denying":
        this.#state = "closed";
        this.#host.truncateResponse();
        this.disconnect(ABNORMAL, "");
        break;
      case "closed":
        break;
    }
  }

  #close(code: number, reason: string): void {
    this.#state = "closed";
    this.#host.close(code, reason);
    this.disconnect(code, reason); // websocket:W-069
  }

  // -- What the connection tells.

  /** Queues a message, or hands it to who waits. */
  deliver(text: string | null, bytes: Uint8Array | null): void {
    const event = {
      type: "websocket.receive",
      text,
      bytes,
    } as WebSocketReceiveEvent;
    const receiver = this.#receiver;
    if (receiver !== undefined) {
      this.#receiver = this.#receivers?.shift();
      receiver(event);
      return;
    }
    this.#queue.push(event);
    this.#queuedBytes += (text ?? bytes!).length;
  }

  /** No message comes after those that are queued. Idempotent: the first code counts. */
  disconnect(code: number, reason: string): void {
    if (this.#disconnect !== undefined) return;
    this.#disconnect = { type: "websocket.disconnect", code, reason };
    // A receiver waits only while the queue is empty.
    this.#receiver?.(this.#disconnect);
    this.#receiver = undefined;
    for (const receiver of this.#receivers ?? []) receiver(this.#disconnect);
    this.#receivers = undefined;
  }

  /** The peer is gone or closing: as `disconnect`, and `send` rejects (asgi:A-213). */
  onPeerGone(code: number, reason: string): void {
    if (this.#gone !== undefined || this.#state === "closed") {
      this.disconnect(code, reason);
      return;
    }
    this.#gone = new ClientDisconnected(undefined, code, reason);
    this.disconnect(code, reason);
    this.#abort(this.#gone);
  }

  /** The server stops waiting for the application (asgi:A-028). */
  cancel(reason: Error): void {
    if (this.#hasReturned) return;
    this.#abort(reason);
  }

  /** The signal of `abort_signal` (asgi:A-244). */
  get abortSignal(): AbortSignal {
    return (this.#aborting ??= new LazyAbort()).signal;
  }

  #abort(reason: Error): void {
    (this.#aborting ??= new LazyAbort()).abort(reason);
  }

  // -- What the application calls.

  #receive(): Promise<ReceiveEvent> {
    const event = this.#queue.shift();
    if (event !== undefined) {
      if (event.type === "websocket.receive") {
        this.#queuedBytes -= (event.text ?? event.bytes!).length;
      }
      this.#host.onReceive();
      return Promise.resolve(event);
    }
    if (this.#disconnect !== undefined) {
      return Promise.resolve(this.#disconnect);
    }
    return new Promise((resolve) => {
      if (this.#receiver === undefined) this.#receiver = resolve;
      else (this.#receivers ??= []).push(resolve);
    });
  }

  #send(event: SendEvent): Promise<void> {
    switch (event?.type) {
      case "websocket.send":
        return this.#sendData(event);
      case "websocket.accept":
        return this.#sendAccept(event);
      case "websocket.close":
        return this.#sendClose(event);
      case "websocket.http.response.start":
        return this.#sendDenialStart(event);
      case "websocket.http.response.body":
        return this.#sendDenialBody(event);
      default:
        return unknownEvent(event);
    }
  }

  #sendData(event: WebSocketSendDataEvent): Promise<void> {
    const text: unknown = event.text ?? null;
    const bytes: unknown = event.bytes ?? null;
    if ((text === null) === (bytes === null)) {
      return invalidEvent(event, 'expected exactly one of "text" and "bytes"'); // asgi:A-131
    }
    if (text !== null && typeof text !== "string") {
      return invalidEvent(event, `"text" is ${shown(text)}, expected a string`);
    }
    if (bytes !== null && !(bytes instanceof Uint8Array)) {
      return invalidEvent(
        event,
        `"bytes" is ${shown(bytes)}, expected a Uint8Array`,
      );
    }
    const compress = event.compress ?? true;
    if (typeof compress !== "boolean") {
      return invalidEvent(
        event,
        `"compress" is ${shown(compress)}, expected true or false`,
      );
    }
    const refusal = this.#refusal("send", event.type);
    if (refusal !== undefined) return refusal;
    const message = (text ?? bytes) as string | Uint8Array;
    this.#host.writeMessage(message, compress);
    return this.#host.afterWrite(message.length);
  }

  #sendAccept(event: WebSocketAcceptEvent): Promise<void> {
    const subprotocol: unknown = event.subprotocol ?? undefined;
    if (subprotocol !== undefined) {
      if (typeof subprotocol !== "string") {
        return invalidEvent(
          event,
          `"subprotocol" is ${shown(subprotocol)}, expected a string`,
        );
      }
      if (!this.#host.subprotocols.includes(subprotocol)) { // asgi:A-129
        return invalidEvent(
          event,
          `"subprotocol" is ${shown(subprotocol)}, which was not offered`,
        );
      }
    }
    const { headers } = event;
    if (!isHeaders(headers)) {
      return invalidEvent(
        event,
        `"headers" is ${shown(headers)}, expected an iterable of pairs`,
      );
    }
    const refusal = this.#refusal("accept", event.type);
    if (refusal !== undefined) return unless(headers, event, refusal);
    const problem = this.#host.accept(
      subprotocol as string | undefined,
      headers ?? [],
    );
    if (problem !== undefined) return invalidEvent(event, problem);
    this.#state = "open";
    return RESOLVED;
  }

  #sendClose(event: WebSocketCloseEvent): Promise<void> {
    const code = event.code ?? NORMAL;
    const reason = event.reason ?? "";
    if (!isSendable(code)) { // asgi:A-132
      return invalidEvent(
        event,
        `"code" is ${shown(code)}, which must not be sent`,
      );
    }
    if (typeof reason !== "string") {
      return invalidEvent(
        event,
        `"reason" is ${shown(reason)}, expected a string`,
      );
    }
    if (this.#state === "closed" || this.#gone !== undefined) return RESOLVED; // asgi
    const refusal = this.#refusal("close", event.type);
    if (refusal !== undefined) return refusal;
    if (this.#state === "connecting") {
      this.#state = "closed";
      this.#host.refuse(403);
      this.disconnect(ABNORMAL, ""); // asgi:A-140
    } else {
      this.#close(code, reason);
    }
    return RESOLVED;
  }

  #sendDenialStart(event: WebSocketDenialStartEvent): Promise<void> {
    const { status, headers } = event;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      return invalidEvent(
        event,
        `"status" is ${shown(status)}, expected an integer from 200 to 599`,
      );
    }
    if (!isHeaders(headers)) {
      return invalidEvent(
        event,
        `"headers" is ${shown(headers)}, expected an iterable of pairs`,
      );
    }
    const refusal = this.#refusal("denialStart", event.type);
    if (refusal !== undefined) return unless(headers, event, refusal);
    const problem = this.#host.startDenial(status, headers ?? []);
    if (problem !== undefined) return invalidEvent(event, problem);
    this.#state = "denying";
    return this.#host.afterWrite(0);
  }

  #sendDenialBody(event: WebSocketDenialBodyEvent): Promise<void> {
    const body: unknown = event.body ?? "";
    if (typeof body !== "string" && !(body instanceof Uint8Array)) {
      return invalidEvent(
        event,
        `"body" is ${shown(body)}, expected a Uint8Array or a string`,
      );
    }
    const hasMore = event.more_body ?? false;
    if (typeof hasMore !== "boolean") {
      return invalidEvent(
        event,
        `"more_body" is ${shown(hasMore)}, expected true or false`,
      );
    }
    const kind = hasMore ? "denialBody" : "lastDenialBody";
    const refusal = this.#refusal(kind, event.type);
    if (refusal !== undefined) return refusal;
    const problem = this.#host.writeDenial(body, !hasMore);
    if (problem !== undefined) {
      const error = new UnexpectedEventError(
        problem.message,
        event.type,
        this.#state,
      );
      if (problem.isPartial) this.#fail(); // asgi
      return rejected(error);
    }
    if (hasMore) return this.#host.afterWrite(body.length);
    this.#state = "closed";
    this.disconnect(ABNORMAL, "");
    return RESOLVED;
  }

  /** Why a message is not allowed now, as the promise to return; `undefined` if it is. */
  #refusal(kind: WebSocketSendKind, type: string): Promise<void> | undefined {
    const state = this.#state;
    const next = nextWebSocketState(state, kind);
    if (next === undefined) {
      const message = state === "closed"
        ? `Unexpected ASGI message '${type}', after sending 'websocket.close' or a response.`
        : `Expected ASGI message ${EXPECTED[state]}, but got '${type}'.`;
      return rejected(new UnexpectedEventError(message, type, state));
    }
    if (this.#gone === undefined) return undefined;
    if (this.#context.settings.raisesAfterDisconnect) {
      return rejected(this.#gone); // asgi:A-213
    }
    this.#state = next;
    // Silence must not let an endless stream keep the event loop to itself.
    return new Promise(this.#context.afterTurn);
  }
}

/** Shape comes first, so that bugs do not hide behind a peer that left (asgi:A-217). */
function unless(
  headers: HeaderInput | undefined,
  event: { readonly type: string },
  otherwise: Promise<void>,
): Promise<void> {
  const problem = checkFields(headers ?? []);
  return problem === undefined ? otherwise : invalidEvent(event, problem);
}

function isHeaders(headers: unknown): headers is HeaderInput | undefined {
  return headers === undefined ||
    (typeof headers === "object" && headers !== null &&
      typeof (headers as { [Symbol.iterator]?: unknown })[Symbol.iterator] ===
        "function");
}
