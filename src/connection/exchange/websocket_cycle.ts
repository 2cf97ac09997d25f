/**
 * One WebSocket as its application sees it: `receive()`, `send()`, and what may be sent next. The
 * frames are websocket_connection.ts's.
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
  WebSocketSendDataEvent,
} from "../../asgi.ts";
import { ClientDisconnected, UnexpectedEventError } from "../../errors.ts";
import { checkFields } from "../../http/response_fields.ts";
import {
  ABNORMAL,
  INTERNAL_ERROR,
  NORMAL,
} from "../../websocket/close_codes.ts";
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
  statusProblem,
} from "./event_shapes.ts";
import { MessageQueue } from "./message_queue.ts";
import type { StreamProblem } from "./response_sink.ts";
import {
  closeProblem,
  dataProblem,
  subprotocolProblem,
} from "./websocket_shapes.ts";
import {
  nextWebSocketState,
  WEBSOCKET_EXPECTED,
  type WebSocketSendKind,
  type WebSocketState,
} from "./websocket_states.ts";

/** What a cycle needs of its connection at any time. */
export interface WebSocketHost {
  /** Something was written: resolves when more may be. */
  afterWrite(bytes: number): Promise<void>;
  /** The application's call has ended. */
  onReturned(cycle: WebSocketCycle): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** What it needs until the handshake is answered. */
export interface HandshakeHost extends WebSocketHost {
  /** Subprotocols the client offered. */
  readonly subprotocols: readonly string[];
  /**
   * Completes the handshake and hands the connection to the open WebSocket.
   *
   * @returns The open WebSocket; or what is wrong with the fields.
   */
  accept(
    subprotocol: string | undefined,
    headers: HeaderInput,
  ): MessageHost | string;
  /** Refuses with a status and nothing else. */
  refuse(status: number): void;
  /** Begins to refuse with a response of the application's. @returns What is wrong with the fields. */
  startDenial(status: number, headers: HeaderInput): string | undefined;
  /** Goes on with it. @returns What is wrong with its length, or `undefined`. */
  writeDenial(
    body: Uint8Array | string,
    isLast: boolean,
  ): StreamProblem | undefined;
  /** Cuts it off. */
  truncateResponse(): void;
}

/** What it needs once the handshake is accepted. */
export interface MessageHost extends WebSocketHost {
  /** Sends one message. */
  writeMessage(message: Uint8Array | string, compress: boolean): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** A message was taken from the queue. */
  onReceive(): void;
}

/** One exchange with the application. */
export class WebSocketCycle implements CallOwner, SendOwner, TrackedCall {
  readonly receive: Receive;
  readonly send: Send;
  /** See {@linkcode TrackedCall}. */
  listIndex = -1;
  readonly #offered: readonly string[];
  /** Until the handshake is accepted. */
  #handshake: HandshakeHost | undefined;
  /** From then on. */
  #messages: MessageHost | undefined;
  readonly #call: ApplicationCall;
  #state: WebSocketState = "connecting";
  readonly #queue = new MessageQueue();

  constructor(handshake: HandshakeHost, context: ServerContext) {
    this.#handshake = handshake;
    this.#offered = handshake.subprotocols;
    this.#call = new ApplicationCall(context);
    this.receive = this.#receive.bind(this);
    this.send = sendTo.bind(this);
  }

  #host(): WebSocketHost {
    return this.#messages ?? this.#handshake!;
  }

  /** How far the WebSocket has come. */
  get state(): WebSocketState {
    return this.#state;
  }

  /** Whether the application's call has ended. */
  get hasReturned(): boolean {
    return this.#call.hasReturned;
  }

  /** Messages that the application has not taken. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /** Whether `receive()` waits for a message. */
  get isReceiving(): boolean {
    return this.#queue.isWaitedFor;
  }

  /** Their size in bytes; text counts its units. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** What `send` rejects with, once no peer will read what is sent. */
  get disconnectError(): ClientDisconnected | undefined {
    return this.#call.disconnectError;
  }

  /** The signal of the extension `abort_signal`. */
  get abortSignal(): AbortSignal {
    return this.#call.abortSignal;
  }

  /** See {@linkcode CallOwner}: every send takes effect at once. */
  get pendingSend(): undefined {
    return undefined;
  }

  /** Calls the application. Errors end here. */
  run(scope: Scope): Promise<void> {
    return this.#call.run(scope, this);
  }

  onReturn(): void {
    if (this.disconnectError !== undefined) return;
    const { logger } = this.#call.context;
    switch (this.#state) {
      case "connecting":
        logger.error("ASGI callable returned without completing handshake.");
        this.#fail();
        break;
      case "denying":
        logger.error("ASGI callable returned without completing response.");
        this.#fail();
        break;
      case "open":
        this.#close(NORMAL, "");
        break;
      case "closed":
        break;
    }
  }

  onThrow(): void {
    this.#fail();
  }

  onEnded(): void {
    this.#host().onReturned(this);
  }

  onFailure(thrown: unknown): void {
    this.#host().onFailure(thrown);
  }

  /** Ends a WebSocket whose application failed. */
  #fail(): void {
    switch (this.#state) {
      case "connecting":
        this.#refuse(500);
        break;
      case "open":
        this.#close(INTERNAL_ERROR, "");
        break;
      case "denying":
        this.#enter("closed");
        this.#handshake!.truncateResponse();
        this.disconnect(ABNORMAL, "");
        break;
      case "closed":
        break;
    }
  }

  #refuse(status: number): void {
    this.#enter("closed");
    this.#handshake!.refuse(status);
    this.disconnect(ABNORMAL, "");
  }

  #close(code: number, reason: string): void {
    this.#enter("closed");
    this.#messages!.close(code, reason);
    this.disconnect(code, reason); // with the code it sent, whatever the peer replies
  }

  /** Moves the WebSocket on: the only assignment of its state. */
  #enter(state: WebSocketState): void {
    this.#state = state;
  }

  // -- The connection's side.

  /** Takes a message of the peer's. One of the two is `null`. */
  deliver(text: string | null, bytes: Uint8Array | null): void {
    this.#queue.deliver(text, bytes);
  }

  /** No message comes after those that are queued. Idempotent: the first code counts. */
  disconnect(code: number, reason: string): void {
    this.#queue.end(code, reason);
  }

  /** The peer is gone or closing: as `disconnect`, and `send` rejects. */
  onPeerGone(code: number, reason: string): void {
    const call = this.#call;
    if (call.disconnectError !== undefined || this.#state === "closed") {
      this.disconnect(code, reason);
      return;
    }
    call.disconnectError = new ClientDisconnected(undefined, code, reason);
    this.disconnect(code, reason);
    call.abort(call.disconnectError);
  }

  /** The server stops waiting for the application. @param reason Of the abort signal. */
  cancel(reason: Error): void {
    if (!this.#call.hasReturned) this.#call.abort(reason);
  }

  // -- The application's side.

  #receive(): Promise<ReceiveEvent> {
    const isQueued = this.#queue.length > 0;
    const event = this.#queue.receive();
    if (isQueued) this.#messages?.onReceive();
    return event;
  }

  /** See {@linkcode SendOwner}. */
  take(event: SendEvent): Promise<void> {
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
    const compress = event.compress ?? true;
    const wrong = dataProblem(text, bytes) ?? flagProblem("compress", compress);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const refusal = this.#refusal("send", event.type);
    if (refusal !== undefined) return refusal;
    const message = (text ?? bytes) as string | Uint8Array;
    const host = this.#messages!;
    host.writeMessage(message, compress);
    return host.afterWrite(message.length);
  }

  #sendAccept(event: WebSocketAcceptEvent): Promise<void> {
    const { headers = [] } = event;
    const subprotocol = event.subprotocol ?? undefined;
    const wrong = subprotocolProblem(subprotocol, this.#offered) ??
      headersProblem(headers);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const refusal = this.#refusal("accept", event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkFields(headers), event, refusal);
    }
    const accepted = this.#handshake!.accept(subprotocol, headers);
    if (typeof accepted === "string") return invalidEvent(event, accepted);
    this.#messages = accepted;
    this.#handshake = undefined;
    this.#enter("open");
    return RESOLVED;
  }

  #sendClose(event: WebSocketCloseEvent): Promise<void> {
    const code = event.code ?? NORMAL;
    const reason = event.reason ?? "";
    const wrong = closeProblem(code, reason);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    // A second close does nothing, nor does one after the peer has left.
    if (this.#state === "closed" || this.disconnectError !== undefined) {
      return RESOLVED;
    }
    const refusal = this.#refusal("close", event.type);
    if (refusal !== undefined) return refusal;
    if (this.#state === "connecting") this.#refuse(403);
    else this.#close(code, reason);
    return RESOLVED;
  }

  #sendDenialStart(event: WebSocketDenialStartEvent): Promise<void> {
    const { status, headers = [] } = event;
    const wrong = statusProblem(status) ?? headersProblem(headers);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const refusal = this.#refusal("denialStart", event.type);
    if (refusal !== undefined) {
      return invalidUnless(checkFields(headers), event, refusal);
    }
    const problem = this.#handshake!.startDenial(status, headers);
    if (problem !== undefined) return invalidEvent(event, problem);
    this.#enter("denying");
    return this.#host().afterWrite(0);
  }

  #sendDenialBody(event: WebSocketDenialBodyEvent): Promise<void> {
    const body = event.body ?? "";
    const hasMore = event.more_body ?? false;
    const wrong = bodyProblem(body) ?? flagProblem("more_body", hasMore);
    if (wrong !== undefined) return invalidEvent(event, wrong);
    const kind = hasMore ? "denialBody" : "lastDenialBody";
    const refusal = this.#refusal(kind, event.type);
    if (refusal !== undefined) return refusal;
    const problem = this.#handshake!.writeDenial(body, !hasMore);
    if (problem !== undefined) return this.#unframed(event.type, problem);
    if (hasMore) return this.#host().afterWrite(body.length);
    this.#enter("closed");
    this.disconnect(ABNORMAL, "");
    return RESOLVED;
  }

  /** A denial whose body does not fit its content-length (RFC 9110 §8.6). */
  #unframed(type: string, problem: StreamProblem): Promise<void> {
    const error = new UnexpectedEventError(problem.message, type, this.#state);
    if (problem.isPartial) this.#fail();
    return rejected(error);
  }

  /** Why a message is not allowed now, as the promise to return; `undefined` if it is. */
  #refusal(kind: WebSocketSendKind, type: string): Promise<void> | undefined {
    const state = this.#state;
    const next = nextWebSocketState(state, kind);
    if (next === undefined) {
      const message = state === "closed"
        ? `Unexpected ASGI message '${type}', after sending 'websocket.close' or a response.`
        : `Expected ASGI message ${
          WEBSOCKET_EXPECTED[state]
        }, but got '${type}'.`;
      return rejected(new UnexpectedEventError(message, type, state));
    }
    const gone = this.disconnectError;
    if (gone === undefined) return undefined;
    const { settings, afterTurn } = this.#call.context;
    if (settings.raisesAfterDisconnect) return rejected(gone);
    this.#enter(next);
    // A silent endless stream must leave the turn, or it would block the event loop.
    return new Promise(afterTurn);
  }
}
