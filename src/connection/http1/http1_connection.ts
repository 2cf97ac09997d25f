/**
 * One socket that speaks HTTP/1.1: feeds the parser, makes an exchange of each request, and decides
 * whether the connection may carry another one.
 *
 * Sockets push, the connection pulls. `#pump` asks the parser for the next outcome for as long as
 * `#mayPull` says so; not pulling is how pipelining, back-pressure and closing work. Everything
 * else is called by the socket, the exchange or the clock, and ends in `#pump` or in `#close`.
 */
import { HTTP_FAULTS, type HttpFaultCode } from "../../faults.ts";
import { decodePath } from "../../http/percent.ts";
import type { RequestHead } from "../../http/request_head.ts";
import { RequestParser } from "../../http1/request_parser.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import type { Handshake } from "../../websocket/handshake.ts";
import { guarded, logFailure } from "../containment.ts";
import type { ServerContext } from "../context.ts";
import type { HttpCycle } from "../exchange/http_cycle.ts";
import {
  type ConnectionInfo,
  connectionInfo,
} from "../exchange/connection_info.ts";
import {
  clientText,
  ofClient,
  type RequestOrigin,
} from "../exchange/request_origin.ts";
import { httpFaultText } from "../fault_text.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { type ExchangeOwner, Http1Exchange } from "./http1_exchange.ts";
import { Http1Response } from "./http1_response.ts";
import {
  Http1Timeouts,
  type Http1TimeoutsOwner,
  type TimeoutKind,
} from "./http1_timeouts.ts";
import { WebSocketUpgrade } from "./websocket_upgrade.ts";

/** What the bytes that arrive are for. */
type Reading =
  /** The next request head, or its first byte. */
  | "head"
  /** The body of the request in progress. */
  | "body"
  /** The rest of a body whose response is complete: read and dropped. */
  | "discard"
  /** Nothing: the request is whole and its response is not. */
  | "wait"
  /** Nothing any more: dropped until the peer has closed. */
  | "linger";

/** Pipelined bytes held while a response is in progress, before the socket stops reading. */
const MAX_WAITING_BYTES = 64 * 1024;
/** Requests of a connection whose pace is measured: enough for what a test or a script asks. */
const PACED_REQUESTS = 8;
/** A client that pauses for so many times its longest pause has no further request. */
const PAUSES = 3;

/** One connection. Registers itself with its context and leaves it when the socket has closed. */
export class Http1Connection
  implements
    SocketHandler,
    TrackedConnection,
    ExchangeOwner,
    Http1TimeoutsOwner,
    WriteFlowOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  readonly response: Http1Response;
  readonly flow: WriteFlow;
  readonly info: ConnectionInfo;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #parser: RequestParser;
  readonly #timeouts: Http1Timeouts;
  #reading: Reading = "head";
  /** The request in progress; or the last one, until its application returns. */
  #exchange: Http1Exchange | undefined;
  /** When the last of the first {@linkcode PACED_REQUESTS} began. */
  #pacedAtMs = 0;
  /** Longest time from one of them to the next, in milliseconds. */
  #longestPauseMs = 0;
  #isPumping = false;
  #isPaused = false;
  #hasPeerEnded = false;
  #isClosed = false;

  constructor(socket: Socket, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.#parser = new RequestParser(context.settings.limits);
    this.flow = new WriteFlow(socket, context, this);
    this.response = new Http1Response(this.flow.out, context.defaults);
    this.info = connectionInfo(socket, context);
    context.connections.add(this);
    this.#timeouts = new Http1Timeouts(context, this);
    this.#trace("HTTP connection made");
  }

  /** Whether a response is owed. */
  get isBusy(): boolean {
    return this.#exchange !== undefined && !this.#exchange.isOver;
  }

  /** See {@linkcode TrackedConnection}. */
  get clientHost(): string | undefined {
    return this.info.client?.host;
  }

  /** See {@linkcode TrackedConnection}. */
  get isWebSocket(): boolean {
    return false;
  }

  /**
   * The peer was waited for before this connection began.
   *
   * @param expiresAt When its first byte is late, at the latest; on the coarse clock.
   */
  capDeadline(expiresAt: number): void {
    this.#timeouts.capDeadline(expiresAt);
  }

  /** The application call of the request in progress or the last one, if it has not returned. */
  get runningCycle(): HttpCycle | undefined {
    const cycle = this.#exchange?.cycle;
    return cycle?.hasReturned === false ? cycle : undefined;
  }

  /** Of the request in progress or the last one; the connection's own before. */
  get #origin(): RequestOrigin {
    return this.#exchange?.origin ?? this.info;
  }

  #trace(what: string): void {
    if (!this.#context.logger.isEnabled("trace")) return;
    this.#context.logger.trace(ofClient(this.info, what));
  }

  // -- The socket's side.

  onData(bytes: Uint8Array): void {
    try {
      if (this.#reading === "linger") return;
      this.#parser.push(bytes);
      this.#pump();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onDrain(): void {
    try {
      this.flow.onDrain();
      this.#pump();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onEnd(): void {
    try {
      this.#hasPeerEnded = true;
      switch (this.#reading) {
        case "head":
          // Pipelined requests that came before the FIN and wait for room are still answered.
          if (this.#mayPull()) this.#close();
          break;
        case "discard":
          this.#close();
          break;
        case "body": // the request can never become whole
          this.#exchange?.cycle.onPeerGone();
          this.destroy();
          break;
        case "wait": // not a disconnect: the peer may still read the answer (RFC 9112 §9.6)
          this.#awaitAnswer();
          break;
        case "linger":
          break; // both sides have ended: the socket closes by itself
      }
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onClose(error?: Error): void {
    try {
      const { connections, logger, settings } = this.#context;
      this.#isClosed = true;
      this.#timeouts.end();
      connections.delete(this);
      this.#exchange?.onClose();
      this.flow.close(
        settings.raisesAfterDisconnect
          ? this.#exchange?.cycle.disconnectError
          : undefined,
      );
      if (error !== undefined) {
        logger.debug(`Connection lost: ${error.message}`);
      }
      this.#trace("HTTP connection lost");
      this.#context.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  // -- Reading.

  /** The only place that assigns `#reading`. */
  #enter(reading: Reading): void {
    this.#reading = reading;
  }

  #mayPull(): boolean {
    switch (this.#reading) {
      case "body":
      case "discard":
        return true;
      case "head":
        // A peer that pipelines and does not read its answers gets no further ones.
        return !this.flow.isFull;
      default:
        return false;
    }
  }

  /** Takes what the parser has, for as long as something wants it. */
  #pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    this.#pull();
    this.#isPumping = false;
    this.#settle();
  }

  #pull(): void {
    const parser = this.#parser;
    while (this.#mayPull()) {
      switch (parser.next()) {
        case "needMore":
          return;
        case "head":
          this.#onHead(parser.head);
          break;
        case "body":
          this.#onBody(parser.bytes, parser.start, parser.end);
          break;
        case "end":
          this.#onBodyEnd();
          break;
        case "fault":
          this.refuse(parser.fault);
          return;
      }
    }
    parser.hold();
  }

  /** After a read: delivers to the application, sets the timeout, pauses or resumes the socket. */
  #settle(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && this.#reading !== "linger") {
      if (exchange.isUnstarted) exchange.start();
      if (this.#isClosed) return; // upgraded
      exchange.cycle.body.deliver();
    }
    this.#regulate();
    if (this.#isPaused) {
      // Before the next head the peer takes nothing of our answers: write_stall.ts times that.
      if (this.#reading !== "head") this.#timeouts.awaitReader();
      return;
    }
    switch (this.#reading) {
      case "head":
        // No head timeout while our own back-pressure keeps us from reading.
        if (!this.#mayPull()) break;
        if (this.#hasPeerEnded) this.#close(); // what was pipelined before its FIN is answered
        else if (!this.#parser.isBetweenMessages) this.#timeouts.awaitHead();
        break;
      case "body":
      case "discard":
        if (this.#hasPeerEnded) this.onEnd();
        else this.#awaitBody();
        break;
    }
  }

  #awaitBody(): void {
    const exchange = this.#exchange!;
    if (exchange.isBodyDue) {
      this.#timeouts.awaitBody(
        exchange.receivedBytes,
        exchange.head.contentLength,
      );
    } else {
      this.#timeouts.awaitNothing();
    }
  }

  /** The request is whole: the peer has nothing to send. */
  #awaitAnswer(): void {
    if (this.#hasPeerEnded) this.#timeouts.armHalfCloseTimeout();
    else this.#timeouts.awaitNothing();
  }

  /**
   * Reading has been paused for so long that the peer may have left unseen: neither its FIN nor its
   * reset shows behind bytes that are not read. The application is told, and may still answer.
   */
  #presumeGone(): void {
    const { logger, settings } = this.#context;
    const seconds = settings.pauseMs / 1000;
    logger.warning(
      ofClient(
        this.#origin,
        `The application has read nothing of what arrived for ${seconds} s: ` +
          "the client counts as gone (--timeout-read-pause)",
      ),
    );
    this.#exchange?.cycle.onPeerSilent();
    // The rest of the body is dropped as it arrives, which shows whether the peer is there.
    this.#regulate();
  }

  /** Pauses or resumes the socket: the only place that assigns `#isPaused` while it is open. */
  #regulate(): void {
    const isFull = this.#reading === "body"
      ? this.#exchange!.cycle.body.pendingBytes >= READ_HIGH_WATER
      : (this.#reading === "wait" || this.#reading === "head") &&
        this.#parser.unreadBytes >= MAX_WAITING_BYTES;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) {
      this.#socket.pause();
    } else {
      this.#timeouts.resume();
      if (this.#reading === "body") this.#awaitBody();
      else if (this.#reading === "wait") this.#awaitAnswer();
      this.#socket.resume();
    }
  }

  #onHead(head: RequestHead): void {
    this.#timeouts.onHead();
    // Background work after a response goes on while the next request is served.
    this.#exchange?.detach();
    this.#enter("body");
    if (++this.info.requests <= PACED_REQUESTS) this.#notePace();
    this.#exchange = new Http1Exchange(
      head,
      this,
      this.#context,
      this.#mustClose(head),
    );
    this.#exchange.judge();
  }

  /** HTTP/1.0 clients that want the connection kept have said so (RFC 9112 §9.3). */
  #mustClose(head: RequestHead): boolean {
    return !head.keepAlive || this.#context.isDraining ||
      this.#context.settings.keepAliveMs === 0;
  }

  #notePace(): void {
    // Whole numbers: engines box others, one allocation for each connection.
    const now = Math.trunc(this.#context.monotonicMs());
    if (this.info.requests > 1) {
      const pauseMs = now - this.#pacedAtMs;
      if (pauseMs > this.#longestPauseMs) this.#longestPauseMs = pauseMs;
    }
    this.#pacedAtMs = now;
  }

  #onBody(bytes: Uint8Array, start: number, end: number): void {
    const exchange = this.#exchange!;
    if (this.#reading === "body") {
      exchange.onBody(bytes, start, end, this.#socket.isLending);
    } else if (!exchange.discard(end - start)) {
      this.#close();
    }
  }

  #onBodyEnd(): void {
    const { trailers } = this.#parser;
    if (this.#reading === "discard") {
      this.#becomeIdle();
      return;
    }
    this.#exchange!.onBodyEnd(trailers);
    this.#enter("wait");
    this.#awaitAnswer();
  }

  /** The peer broke the protocol: it gets an answer if one can be sent, and the connection ends. */
  refuse(code: HttpFaultCode): void {
    const fault = HTTP_FAULTS[code];
    const { logger, settings } = this.#context;
    const client = clientText(
      this.#reading === "head" ? this.info : this.#origin,
    );
    logger.warning(httpFaultText(code, client, settings));
    if (logger.isEnabled("debug")) {
      logger.debug(`${client} - Refused by ${fault.source}`);
    }
    const text = fault.status === 400
      ? "Invalid HTTP request received."
      : undefined;
    if (this.#reading === "head") {
      this.#refuseUnparsed(fault.status, text);
    } else if (this.#exchange!.isOver) {
      this.#close();
    } else {
      this.#exchange!.refuse(fault.status, text);
    }
  }

  /** Answers a request whose head could not be read: there is no exchange to answer it. */
  #refuseUnparsed(status: number, text: string | undefined): void {
    const context = this.#context;
    const { response } = this;
    const startedAtMs = context.access === undefined
      ? 0
      : context.monotonicMs();
    response.begin(
      { method: "", version: "1.1", acceptsTrailers: false },
      true,
    );
    response.writeWhole(status, text);
    context.totalRequests++;
    if (context.access !== undefined) {
      const line = this.#parser.seenLine();
      context.access.log({
        client: clientText(this.info),
        method: line?.method ?? "-",
        path: decodePath(line?.rawPath ?? "-"),
        query: line?.query ?? "",
        httpVersion: line?.version ?? "1.1",
        status,
        durationMs: context.monotonicMs() - startedAtMs,
        bodyBytes: response.bodyBytes,
        isAborted: false,
      });
    }
    context.onProgress();
    this.#close();
  }

  // -- The exchange's side.

  onReceive(isFirst: boolean): void {
    if (isFirst && this.#reading === "body") this.#awaitBody();
    if (this.#isPaused && !this.#isPumping) this.#regulate();
  }

  /** Hands socket and unread bytes over: this connection is done with both. */
  upgrade(handshake: Handshake, exchange: Http1Exchange): void {
    const context = this.#context;
    const upgrade = new WebSocketUpgrade(this.#socket, context, this.info, {
      head: exchange.head,
      path: exchange.path,
      origin: exchange.origin,
      handshake,
      early: this.#parser.takeRest(),
    });
    this.#isClosed = true;
    this.flow.flushAll();
    this.#timeouts.end();
    context.connections.delete(this);
    this.#socket.handler = upgrade;
    this.#trace("Upgrading to WebSocket");
    if (this.#isPaused) this.#socket.resume();
    upgrade.start();
    // Behind an earlier request, its FIN may have come before the upgrade.
    if (this.#hasPeerEnded) this.#socket.handler.onEnd();
  }

  onResponseComplete(): Promise<void> {
    const isWhole = this.#reading === "wait";
    // A head that was sent before draining began promised to go on: the peer may have asked again.
    const canContinue = !this.response.closes &&
      (isWhole || !this.#context.isDraining);
    if (canContinue) {
      // The answers of one turn leave in one write at its end. A write wakes the peer: in between,
      // each would find it asleep and pay for that (bench/README.md).
      this.flow.scheduleFlush();
      if (isWhole) this.#becomeIdle();
      else this.#enter("discard");
    } else {
      this.#close();
    }
    if (!this.#isPumping) this.#pump();
    return this.flow.whenRead();
  }

  #becomeIdle(): void {
    this.#enter("head");
    this.#timeouts.awaitNextRequest();
    // An idle connection keeps nothing of its last request alive.
    if (this.#exchange?.cycle.hasReturned) this.#exchange = undefined;
  }

  truncate(): void {
    // A missing last chunk, or missing bytes, tell the peer. A body that ends with the connection
    // would look whole behind FIN, so that one is reset.
    if (this.response.endsByClosing) {
      this.flow.flushAll();
      this.#exchange?.cycle.body.finish();
      this.#reset();
    } else {
      this.#close();
    }
  }

  onReturned(exchange: Http1Exchange): void {
    if (exchange === this.#exchange && this.#reading === "head") {
      this.#exchange = undefined;
    }
  }

  // -- The end of a turn.

  /** An open head stays: it is taken back, or ends in the same turn. */
  get holdsWrites(): boolean {
    return this.response.isHeadOpen;
  }

  beforeTurnEnd(): void {
    if (this.response.isHeadOpen && !this.#exchange!.cycle.holdsHead) {
      this.response.endHead(-1);
    }
  }

  afterTurnEnd(): void {
    // What was in the way of the next request may have left.
    if (this.#reading === "head" && this.#parser.unreadBytes > 0) this.#pump();
  }

  // -- Endings.

  onTimeout(kind: TimeoutKind): void {
    switch (kind) {
      case "nextRequest":
        // The peer still takes the last answer, which has a timeout of its own.
        if (this.#socket.queuedBytes > 0) this.#timeouts.awaitNextRequest();
        else this.destroy();
        break;
      case "reader":
        this.#presumeGone();
        break;
      case "firstByte": // there is no request to answer
      case "close":
        this.destroy();
        break;
      case "lastRequest":
      case "lastHead":
        this.#hangUp();
        break;
      case "head":
        this.refuse("HEAD_TIMEOUT");
        break;
      case "body":
      case "bodyRate":
        if (this.#reading !== "body") this.destroy();
        else this.refuse(kind === "body" ? "BODY_TIMEOUT" : "BODY_TOO_SLOW");
        break;
      case "interest":
        this.#exchange?.cycle.onPeerSilent();
        break;
    }
  }

  /** Something of ours threw: this connection ends, and no other. */
  onFailure(thrown: unknown): void {
    logFailure(this.#context.logger, thrown);
    this.destroy();
  }

  onWriteStall(): void {
    this.#context.logger.info(
      ofClient(this.#origin, "Closed: the client does not read"),
    );
    this.destroy();
  }

  /**
   * Draining begins: a connection that has long been idle closes now, one that was just in use
   * after one more request or a moment, a busy one after its response.
   */
  drain(): void {
    if (this.isBusy) return;
    if (this.#reading === "discard") return this.#close();
    if (this.#reading !== "head") return;
    const hasHeadBegun = !this.#parser.isBetweenMessages;
    if (!this.#timeouts.awaitLastRequest(hasHeadBegun)) this.#hangUp();
  }

  /** See {@linkcode TrackedConnection}. */
  closeIdle(): void {
    const isIdle = !this.isBusy && this.#reading === "head" &&
      this.#parser.isBetweenMessages;
    // A client that has asked at a pace may be about to ask again. The pace of one with many
    // requests is not known: clocks are not free.
    if (!isIdle || this.info.requests > PACED_REQUESTS) return;
    const idleMs = this.#context.monotonicMs() - this.#pacedAtMs;
    if (idleMs >= this.#longestPauseMs * PAUSES) this.#hangUp();
  }

  /** Closes after one whole turn, so that a request that is already in the kernel is read first. */
  #hangUp(): void {
    this.#timeouts.awaitSilence();
    const { afterTurn } = this.#context;
    afterTurn(guarded(this, () =>
      afterTurn(guarded(this, () => {
        if (!this.#timeouts.isSilent || this.#isClosed) return;
        this.#closeUnlessQueued();
      }))));
  }

  /** The server stops waiting: the application is told, then the socket is closed. */
  abort(reason: Error): void {
    this.runningCycle?.cancel(reason);
    this.#closeUnlessQueued();
  }

  /** Closes in order if bytes are still to leave, else at once. */
  #closeUnlessQueued(): void {
    this.flow.flushAll();
    if (this.#socket.queuedBytes > 0) this.#close();
    else this.destroy();
  }

  /** Sends what there is, then FIN, and waits for the peer's; what still arrives is dropped. */
  #close(): void {
    if (this.#isClosed || this.#reading === "linger") return;
    this.flow.flushAll();
    this.#enter("linger");
    this.#exchange?.cycle.body.finish();
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    this.#timeouts.awaitClose(this.#socket);
    this.#socket.end();
  }

  /** Closes now, whatever is queued. A body that the end would make look whole is reset. */
  destroy(): void {
    this.#enter("linger");
    const isPartial = this.isBusy || this.#socket.queuedBytes > 0;
    if (this.response.endsByClosing && isPartial) this.#reset();
    else this.#socket.destroy();
  }

  #reset(): void {
    this.#enter("linger");
    this.#socket.reset();
  }
}
