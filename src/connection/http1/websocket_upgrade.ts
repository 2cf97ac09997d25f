/**
 * One upgrade request over HTTP/1.1 (RFC 6455 §4.2): asks the application, and answers with 101,
 * with a status, or with a response of the application's. With 101 the socket and what the peer has
 * sent so far go to websocket_connection.ts.
 */
import type { HeaderInput } from "../../asgi.ts";
import { ByteBacklog } from "../../bytes/byte_backlog.ts";
import type { Http1RequestHead } from "../../http1/request_head.ts";
import type {
  AbortReason,
  RequestRecord,
} from "../../logging/access/request_record.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import { ABNORMAL } from "../../websocket/close_codes.ts";
import type { Handshake } from "../../websocket/handshake.ts";
import { negotiateDeflate } from "../../websocket/permessage_deflate.ts";
import { logFailure } from "../containment.ts";
import type { ServerContext, WebSocketSettings } from "../context.ts";
import { type ConnectionInfo, reportClosed } from "../scope/connection_info.ts";
import {
  clientText,
  ofClient,
  type RequestOrigin,
} from "../scope/request_origin.ts";
import { requestRecord } from "../exchange/request_record.ts";
import type { StreamProblem } from "../exchange/response_sink.ts";
import { websocketScope } from "../scope/scope.ts";
import {
  type HandshakeHost,
  type MessageHost,
  WebSocketCycle,
} from "../exchange/websocket_cycle.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import type { WriteFlowOwner } from "../output/write_flow.ts";
import type { Activity } from "../tracking/activity.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { WebSocketConnection } from "../websocket/websocket_connection.ts";
import { writeHandshakeAnswer } from "./handshake_answer.ts";
import { UpgradeResponse } from "./upgrade_response.ts";
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
  readonly head: Http1RequestHead;
  /** As scope and log have it. */
  readonly path: string;
  readonly origin: RequestOrigin;
  readonly requestId: string | undefined;
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
  readonly #request: UpgradeRequest;
  readonly #startedAtMs: number;
  readonly #timeouts: UpgradeTimeouts;
  readonly #cycle: WebSocketCycle;
  /** Frames that came before the answer: they are the WebSocket's. */
  readonly #ahead: ByteBacklog;
  #phase: Phase = "asking";
  /** Made for a refusal. */
  #response: UpgradeResponse | undefined;
  #isLogged = false;
  /** Why the connection ends before the answer is whole, if the client is not to blame. */
  #blamed: AbortReason | undefined;
  #isPaused = false;
  /** What observers returned at the start; `undefined` if none hears of it. */
  #started: readonly unknown[] | undefined;

  constructor(
    socket: Socket,
    context: ServerContext,
    info: ConnectionInfo,
    request: UpgradeRequest,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#settings = context.settings.websocket!;
    this.#info = info;
    this.#request = request;
    this.#ahead = new ByteBacklog(request.early);
    this.#startedAtMs = context.tracker.keepsStartTimes
      ? context.monotonicMs()
      : 0;
    this.#cycle = new WebSocketCycle(this, context);
    context.tracker.connections.add(this);
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
    context.tracker.startCall();
    const scope = websocketScope(
      this.#request,
      this.#request.handshake.subprotocols,
      this.#info,
      context,
      this.#cycle,
    );
    const { observers } = context.tracker;
    if (observers.observesStarts) {
      this.#started = observers.onRequestStart(scope);
    }
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

  /** See {@linkcode TrackedConnection}. */
  get activity(): Activity | undefined {
    if (!this.isBusy) return undefined;
    const { path, origin } = this.#request;
    return {
      method: "WEBSOCKET",
      path,
      scheme: origin.scheme,
      client: clientText(origin),
      startedAtMs: this.#startedAtMs,
      waitsFor: this.#response?.flow.isFull ? "client" : "application",
    };
  }

  get subprotocols(): readonly string[] {
    return this.#request.handshake.subprotocols;
  }

  #trace(what: string): void {
    if (!this.#context.logger.isEnabled("trace")) return;
    this.#context.logger.trace(ofClient(this.#request.origin, what));
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
      this.#response?.flow.onDrain();
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
      context.tracker.connections.delete(this);
      this.#peerGone();
      this.#log(
        this.#response?.isHeadCommitted ? this.#response.status : 499,
        this.#blamed ?? "client_disconnected",
      );
      if (!this.#cycle.hasReturned) {
        context.tracker.detachedCalls.add(this.#cycle);
      }
      this.#response?.flow.close(undefined);
      if (error !== undefined) {
        context.logger.debug(`Connection lost: ${error.message}`);
      }
      this.#trace("WebSocket connection lost");
      reportClosed(this.#info, context);
      context.tracker.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** The peer is gone: the application gets its disconnect event, waiting senders are rejected. */
  #peerGone(): void {
    this.#cycle.onPeerGone(ABNORMAL, "");
    const gone = this.#cycle.disconnectError;
    if (gone !== undefined && this.#context.settings.raisesAfterDisconnect) {
      this.#response?.flow.reject(gone);
    }
  }

  // -- The application's side.

  accept(
    subprotocol: string | undefined,
    headers: HeaderInput,
  ): MessageHost | string {
    const context = this.#context;
    const { key, extensions } = this.#request.handshake;
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
      this.#log(101, undefined);
      const websocket = new WebSocketConnection(
        this.#socket,
        context,
        this.#info,
        {
          settings: this.#settings,
          origin: this.#request.origin,
          cycle: this.#cycle,
          agreement,
          ahead: this.#ahead,
          isPaused: this.#isPaused,
          start: context.tracker.keepsStartTimes
            ? { path: this.#request.path, startedAtMs: this.#startedAtMs }
            : undefined,
          started: this.#started,
        },
      );
      this.#enter("accepted");
      this.#timeouts.end();
      this.#response?.flow.close(undefined);
      context.tracker.connections.delete(this);
      this.#socket.handler = websocket;
      websocket.open(answer.written);
      return websocket;
    } finally {
      context.writers.give(answer);
    }
  }

  #refusal(): UpgradeResponse {
    return this.#response ??= new UpgradeResponse(
      this.#socket,
      this.#context,
      this.#request.head,
      this,
    );
  }

  refuse(status: number): void {
    this.#refusal().answer(status);
    this.#log(status, undefined);
    this.#end();
  }

  startDenial(status: number, headers: HeaderInput): string | undefined {
    const problem = this.#refusal().start(status, headers);
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
    const problem = this.#refusal().write(body, isLast);
    if (problem === undefined && isLast) {
      this.#log(this.#refusal().status, undefined);
      this.#end();
    }
    return problem;
  }

  truncateResponse(): void {
    const isCut = this.#refusal().isHeadCommitted;
    if (!isCut) this.#refusal().answer(500);
    this.#log(this.#refusal().status, isCut ? "application" : undefined);
    this.#end();
  }

  afterWrite(bytes: number): Promise<void> {
    return this.#refusal().flow.afterWrite(bytes);
  }

  onReturned(cycle: WebSocketCycle): void {
    const { tracker } = this.#context;
    tracker.releaseConcurrency();
    tracker.endCall(cycle);
  }

  // -- The end of a turn.

  beforeTurnEnd(): void {
    this.#response?.endHead();
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
      ofClient(this.#request.origin, "Closed: the client does not read"),
    );
    this.#blamed ??= "client_stalled";
    this.#destroy();
  }

  // -- Endings.

  /** Something of ours threw: this connection ends, and no other. */
  onFailure(thrown: unknown): void {
    logFailure(this.#context.logger, thrown);
    this.#blamed ??= "server_error";
    this.#destroy();
  }

  /** See {@linkcode TrackedConnection}. A denial that has begun is finished. */
  drain(): void {
    if (this.#phase !== "asking") return;
    this.#peerGone();
    this.refuse(503);
  }

  abort(reason: Error): void {
    this.#blamed ??= "shutdown";
    this.#cycle.cancel(reason);
    this.#response?.flow.out.flush();
    this.#destroy();
  }

  destroy(): void {
    this.#destroy();
  }

  /** Sends what there is, then FIN; the peer has a moment to do the same. */
  #end(): void {
    if (this.#phase === "ended") return;
    this.#refusal().flow.out.flush();
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

  /** Reports the answer, once. */
  #log(status: number, abortReason: AbortReason | undefined): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const { tracker } = this.#context;
    tracker.endRequest(
      tracker.wantsRecords ? this.#record(status, abortReason) : undefined,
      this.#started,
    );
  }

  #record(status: number, abortReason: AbortReason | undefined): RequestRecord {
    return requestRecord(
      {
        ...this.#request,
        info: this.#info,
        isWebSocket: true,
        receivedBytes: 0,
        isRequestComplete: true,
        startedAtMs: this.#startedAtMs,
      },
      this.#response,
      status,
      abortReason,
      this.#context.monotonicMs(),
    );
  }
}
