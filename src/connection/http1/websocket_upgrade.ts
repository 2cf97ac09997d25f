/**
 * One upgrade request over HTTP/1.1 (RFC 6455 §4.2): asks the application, and answers with 101,
 * with a status, or with a response of the application's. With 101 the socket and what the peer has
 * sent so far go to websocket_connection.ts.
 */
import type { HeaderInput } from "../../asgi.ts";
import { ByteBacklog } from "../../bytes/byte_backlog.ts";
import type { RequestHead } from "../../http/request_head.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import { ABNORMAL } from "../../websocket/close_codes.ts";
import type { Handshake } from "../../websocket/handshake.ts";
import { negotiateDeflate } from "../../websocket/permessage_deflate.ts";
import { logFailure } from "../containment.ts";
import type { ServerContext, WebSocketSettings } from "../context.ts";
import { countEnd, countStart } from "../exchange/application_call.ts";
import type { ConnectionInfo } from "../exchange/connection_info.ts";
import {
  clientText,
  ofClient,
  type RequestOrigin,
} from "../exchange/request_origin.ts";
import type { StreamProblem } from "../exchange/response_sink.ts";
import { websocketScope } from "../exchange/scope.ts";
import {
  type HandshakeHost,
  type MessageHost,
  WebSocketCycle,
} from "../exchange/websocket_cycle.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { WebSocketConnection } from "../websocket/websocket_connection.ts";
import { writeHandshakeAnswer } from "./handshake_answer.ts";
import { Http1Response } from "./http1_response.ts";
import {
  UpgradeTimeouts,
  type UpgradeTimeoutsOwner,
} from "./upgrade_timeouts.ts";

/** How far the upgrade has come. */
type Phase =
  /** The application has not answered. */
  | "asking"
  /** It refuses with a response of its own. */
  | "denying"
  /** The socket has gone on to the WebSocket. */
  | "accepted"
  /** Nothing is expected any more but the end of the socket. */
  | "ended";

/** What an upgrade begins with. */
export interface UpgradeRequest {
  readonly head: RequestHead;
  /** As scope and log have it. */
  readonly path: string;
  readonly origin: RequestOrigin;
  readonly handshake: Handshake;
  /** Bytes that arrived behind the request. */
  readonly early: Uint8Array;
}

/** One upgrade. Takes the place of the HTTP connection in its context. */
export class WebSocketUpgrade
  implements
    SocketHandler,
    TrackedConnection,
    HandshakeHost,
    UpgradeTimeoutsOwner,
    WriteFlowOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #settings: WebSocketSettings;
  readonly #info: ConnectionInfo;
  readonly #origin: RequestOrigin;
  readonly #head: RequestHead;
  readonly #handshake: Handshake;
  readonly #path: string;
  readonly #startedAtMs: number;
  readonly #timeouts: UpgradeTimeouts;
  readonly #cycle: WebSocketCycle;
  /** Frames that came before the answer: they are the WebSocket's. */
  readonly #ahead: ByteBacklog;
  #phase: Phase = "asking";
  /** Made for a refusal: the bytes of an accept are the WebSocket's. */
  #flow: WriteFlow | undefined;
  #response: Http1Response | undefined;
  #hasWarnedOfBody = false;
  #isLogged = false;
  #isPaused = false;

  constructor(
    socket: Socket,
    context: ServerContext,
    info: ConnectionInfo,
    { head, path, origin, handshake, early }: UpgradeRequest,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#settings = context.settings.websocket!;
    this.#info = info;
    this.#head = head;
    this.#handshake = handshake;
    this.#ahead = new ByteBacklog(early);
    this.#path = path;
    this.#origin = origin;
    this.#startedAtMs = context.access === undefined
      ? 0
      : context.monotonicMs();
    this.#cycle = new WebSocketCycle(this, context);
    context.connections.add(this);
    this.#timeouts = new UpgradeTimeouts(
      context.deadlines,
      this.#settings.handshakeMs,
      this,
    );
    this.#trace("WebSocket connection made");
  }

  /** Calls the application, which may answer before this returns. */
  start(): void {
    const context = this.#context;
    countStart(context);
    const scope = websocketScope(
      this.#head,
      this.#path,
      this.#handshake.subprotocols,
      this.#origin,
      this.#info,
      context,
      this.#cycle,
    );
    void this.#cycle.run(scope);
  }

  get isBusy(): boolean {
    return this.#phase !== "ended";
  }

  /** See {@linkcode TrackedConnection}. */
  get clientHost(): string | undefined {
    return this.#info.client?.host;
  }

  /** See {@linkcode TrackedConnection}. */
  get isWebSocket(): boolean {
    return true;
  }

  get subprotocols(): readonly string[] {
    return this.#handshake.subprotocols;
  }

  #trace(what: string): void {
    if (!this.#context.logger.isEnabled("trace")) return;
    this.#context.logger.trace(ofClient(this.#origin, what));
  }

  /** Moves the upgrade on: the only assignment of its phase. */
  #enter(phase: Phase): void {
    this.#phase = phase;
  }

  // -- The socket's side.

  onData(bytes: Uint8Array): void {
    if (this.#phase !== "asking") return; // behind a refusal, frames are dropped
    try {
      this.#ahead.append(bytes);
      this.#regulate();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** Stops and restarts the socket's reading. */
  #regulate(): void {
    const isFull = this.#phase === "asking" &&
      this.#ahead.length >= READ_HIGH_WATER;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  onDrain(): void {
    try {
      this.#flow?.onDrain();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onEnd(): void {
    try {
      // Our last bytes may still be on their way; when they are, the socket closes by itself.
      if (this.#phase === "ended" && this.#socket.queuedBytes > 0) return;
      // A peer that sends FIN before the handshake is complete cannot complete it.
      this.#peerGone();
      this.#destroy();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onClose(error?: Error): void {
    try {
      this.#enter("ended");
      const context = this.#context;
      this.#timeouts.end();
      context.connections.delete(this);
      this.#peerGone();
      this.#log(
        this.#response?.isHeadCommitted ? this.#response.status : 499,
        true,
      );
      if (!this.#cycle.hasReturned) context.detachedCalls.add(this.#cycle);
      this.#flow?.close(undefined);
      if (error !== undefined) {
        context.logger.debug(`Connection lost: ${error.message}`);
      }
      this.#trace("WebSocket connection lost");
      context.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** The peer is gone: the application gets its disconnect event, waiting senders are rejected. */
  #peerGone(): void {
    this.#cycle.onPeerGone(ABNORMAL, "");
    const gone = this.#cycle.disconnectError;
    if (gone !== undefined && this.#context.settings.raisesAfterDisconnect) {
      this.#flow?.reject(gone);
    }
  }

  // -- The application's side.

  accept(
    subprotocol: string | undefined,
    headers: HeaderInput,
  ): MessageHost | string {
    const context = this.#context;
    const { key, extensions } = this.#handshake;
    const agreement = this.#settings.deflate
      ? negotiateDeflate(extensions, this.#settings.deflate)
      : undefined;
    const answer = context.writers.take();
    try {
      const problem = writeHandshakeAnswer(
        answer,
        context.defaults,
        {
          accept: context.acceptKey(key),
          subprotocol,
          extensions: agreement?.answer,
        },
        headers,
      );
      if (problem !== undefined) return problem;
      this.#log(101, false);
      const websocket = new WebSocketConnection(
        this.#socket,
        context,
        this.#info,
        {
          settings: this.#settings,
          origin: this.#origin,
          cycle: this.#cycle,
          agreement,
          ahead: this.#ahead,
          isPaused: this.#isPaused,
        },
      );
      this.#enter("accepted");
      this.#timeouts.end();
      this.#flow?.close(undefined);
      context.connections.delete(this);
      this.#socket.handler = websocket;
      websocket.open(answer.written);
      return websocket;
    } finally {
      context.writers.give(answer);
    }
  }

  get #stream(): Http1Response {
    return this.#response ??= new Http1Response(
      (this.#flow ??= new WriteFlow(this.#socket, this.#context, this)).out,
      this.#context.defaults,
    );
  }

  refuse(status: number): void {
    this.#stream.begin(this.#head, true);
    // A 403 has no body (as Uvicorn's); a failure has a short text.
    if (status === 403) this.#writeEmpty(status);
    else this.#stream.writeWhole(status);
    this.#log(status, false);
    this.#end();
  }

  #writeEmpty(status: number): void {
    this.#stream.start(status, [], false);
    this.#stream.write("", true);
  }

  startDenial(status: number, headers: HeaderInput): string | undefined {
    this.#stream.begin(this.#head, true);
    const problem = this.#stream.start(status, headers, false);
    if (problem !== undefined) return problem;
    this.#enter("denying");
    this.#timeouts.awaitNothing();
    this.#ahead.clear();
    this.#regulate();
    return undefined;
  }

  writeDenial(
    body: Uint8Array | string,
    isLast: boolean,
  ): StreamProblem | undefined {
    if (body.length > 0 && this.#stream.forbidsBody) this.#warnOfBody();
    const problem = this.#stream.write(body, isLast);
    if (problem === undefined && isLast) {
      this.#log(this.#stream.status, false);
      this.#end();
    }
    return problem;
  }

  #warnOfBody(): void {
    if (this.#hasWarnedOfBody) return;
    this.#hasWarnedOfBody = true;
    this.#context.logger.warning(
      `Response body dropped: status ${this.#stream.status} does not allow one.`,
    );
  }

  truncateResponse(): void {
    const isCut = this.#stream.isHeadCommitted;
    if (!isCut) this.#stream.writeWhole(500);
    this.#log(this.#stream.status, isCut);
    this.#end();
  }

  afterWrite(bytes: number): Promise<void> {
    return this.#flow!.afterWrite(bytes);
  }

  onReturned(cycle: WebSocketCycle): void {
    countEnd(this.#context, cycle);
  }

  // -- The end of a turn.

  /** The head of a denial is held until its first body decides the framing. */
  get holdsWrites(): boolean {
    return this.#stream.isHeadOpen;
  }

  beforeTurnEnd(): void {
    if (this.holdsWrites) this.#stream.endHead(-1);
  }

  afterTurnEnd(): void {}

  // -- Time.

  onAnswerLate(): void {
    this.#context.logger.error(
      "ASGI callable did not answer the WebSocket handshake in time.",
    );
    this.#cycle.cancel(
      new DOMException(
        "The WebSocket handshake was not answered in time",
        "TimeoutError",
      ),
    );
    this.#peerGone();
    this.refuse(500);
  }

  onCloseLate(): void {
    this.#destroy();
  }

  onWriteStall(): void {
    this.#context.logger.info(
      ofClient(this.#origin, "Closed: the client does not read"),
    );
    this.#destroy();
  }

  // -- Endings.

  /** Something of ours threw: this connection ends, and no other. */
  onFailure(thrown: unknown): void {
    logFailure(this.#context.logger, thrown);
    this.#destroy();
  }

  /** See {@linkcode TrackedConnection}. A denial that has begun is finished. */
  drain(): void {
    if (this.#phase !== "asking") return;
    this.#peerGone();
    this.refuse(503);
  }

  abort(reason: Error): void {
    this.#cycle.cancel(reason);
    this.#flow?.out.flush();
    this.#destroy();
  }

  destroy(): void {
    this.#destroy();
  }

  /** Sends what there is, then FIN; the peer has a moment to do the same. */
  #end(): void {
    if (this.#phase === "ended") return;
    this.#flow!.out.flush();
    this.#enter("ended");
    this.#ahead.clear();
    this.#timeouts.awaitClose(this.#socket);
    this.#regulate();
    this.#socket.end();
  }

  #destroy(): void {
    this.#enter("ended");
    this.#timeouts.awaitNothing();
    this.#socket.destroy();
  }

  /** Counts and logs the answer, once. */
  #log(status: number, isAborted: boolean): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const context = this.#context;
    context.totalRequests++;
    context.access?.log({
      client: clientText(this.#origin),
      method: "WebSocket",
      path: this.#path,
      query: this.#head.query,
      httpVersion: "",
      status,
      durationMs: context.monotonicMs() - this.#startedAtMs,
      bodyBytes: this.#response?.bodyBytes ?? 0,
      isAborted,
    });
    context.onProgress();
  }
}
