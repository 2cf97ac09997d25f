/**
 * One socket that speaks HTTP/1.1: makes an exchange of each request that its reader delivers. All
 * of it is called by the socket, the reader, the exchange or the clock, and ends in the reader's
 * `pump` or in one of the ways of http1_closing.ts to close.
 */
import type { HttpFaultCode } from "../../faults.ts";
import type { HeaderField } from "../../http/request_head.ts";
import type { Http1RequestHead } from "../../http1/request_head.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import type { Handshake } from "../../websocket/handshake.ts";
import { logFailure } from "../containment.ts";
import type { OfferedUpgrade, ServerContext } from "../context.ts";
import type { HttpCycle } from "../exchange/http_cycle.ts";
import {
  type ConnectionInfo,
  connectionInfo,
  reportClosed,
} from "../scope/connection_info.ts";
import { ofClient, type RequestOrigin } from "../scope/request_origin.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";
import type { Activity } from "../tracking/activity.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { type ClosingOwner, Http1Closing } from "./http1_closing.ts";
import { type ExchangeOwner, Http1Exchange } from "./http1_exchange.ts";
import { Http1Reader, type ReaderOwner } from "./http1_reader.ts";
import { Http1Response } from "./http1_response.ts";
import {
  Http1Timeouts,
  type Http1TimeoutsOwner,
  type TimeoutKind,
} from "./http1_timeouts.ts";
import { answerUnparsed, refusalOf } from "./refusal.ts";
import { webSocketPart } from "./websocket_part.ts";

/** One connection. Registers itself with its context and leaves it when the socket has closed. */
export class Http1Connection
  implements
    SocketHandler,
    TrackedConnection,
    ReaderOwner,
    ExchangeOwner,
    ClosingOwner,
    Http1TimeoutsOwner,
    WriteFlowOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  readonly response: Http1Response;
  readonly flow: WriteFlow;
  readonly info: ConnectionInfo;
  readonly timeouts: Http1Timeouts;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #reader: Http1Reader;
  readonly #closing: Http1Closing;
  /** The request in progress; or the last one, until its application returns. */
  #exchange: Http1Exchange | undefined;
  #hasPeerEnded = false;

  constructor(socket: Socket, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.#reader = new Http1Reader(socket, context.settings.limits, this);
    this.#closing = new Http1Closing(socket, context, this.#reader, this);
    this.flow = new WriteFlow(socket, context, this);
    this.response = new Http1Response(
      this.flow.out,
      context.defaults,
      this.#closing,
      context.newResponseNotes(),
    );
    this.info = connectionInfo(socket, context);
    context.tracker.connections.add(this);
    this.timeouts = new Http1Timeouts(context, this);
    this.#trace("HTTP connection made");
  }

  /** See {@linkcode ClosingOwner}. */
  get exchange(): Http1Exchange | undefined {
    return this.#exchange;
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

  /** See {@linkcode TrackedConnection}. */
  get activity(): Activity | undefined {
    return this.isBusy ? this.#exchange!.activity : undefined;
  }

  /**
   * The peer was waited for before this connection began.
   *
   * @param expiresAt When its first byte is late, at the latest; on the coarse clock.
   */
  capDeadline(expiresAt: number): void {
    this.timeouts.capDeadline(expiresAt);
  }

  /** The application call of the request in progress or the last one, if it has not returned. */
  get runningCycle(): HttpCycle | undefined {
    const cycle = this.#exchange?.cycle;
    return cycle?.hasReturned === false ? cycle : undefined;
  }

  /** Of the request in progress or the last one; the connection's own before. */
  #origin(): RequestOrigin {
    return this.#exchange?.origin ?? this.info;
  }

  #trace(what: string): void {
    if (!this.#context.logger.isEnabled("trace")) return;
    this.#context.logger.trace(ofClient(this.info, what));
  }

  // -- The socket's side.

  onData(bytes: Uint8Array): void {
    try {
      this.#reader.read(bytes);
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onDrain(): void {
    try {
      this.flow.onDrain();
      this.#reader.pump();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onEnd(): void {
    try {
      this.#hasPeerEnded = true;
      switch (this.#reader.reading) {
        case "head":
          // Pipelined requests that came before the FIN and wait for room are still answered.
          if (this.#reader.mayPull()) this.#closing.close();
          break;
        case "discard":
          this.#closing.close();
          break;
        case "body": // the request can never become whole
          this.#exchange?.cycle.onPeerGone();
          this.destroy();
          break;
        case "wait": // not a disconnect: the peer may still read the answer (RFC 9112 §9.6)
          this.#awaitAnswer();
          break;
        case "hold": // told when reading goes on, if not yet
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
      const { tracker, logger, settings } = this.#context;
      this.#reader.close();
      this.timeouts.end();
      tracker.connections.delete(this);
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
      reportClosed(this.info, this.#context);
      tracker.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  // -- Reading.

  /** After a read: delivers to the application, sets the timeout, pauses or resumes the socket. */
  onPumped(): void {
    const reader = this.#reader;
    const exchange = this.#exchange;
    if (exchange !== undefined && reader.reading !== "linger") {
      if (exchange.isUnstarted) exchange.start();
      if (reader.isClosed) return; // upgraded
      exchange.cycle.body.deliver();
    }
    reader.regulate();
    if (reader.isPaused) {
      // Before the next head the peer takes nothing of our answers: write_stall.ts times that.
      if (reader.reading !== "head") this.timeouts.awaitReader();
      return;
    }
    switch (reader.reading) {
      case "head":
        // No head timeout while our own back-pressure keeps us from reading.
        if (!reader.mayPull()) break;
        if (this.#hasPeerEnded) this.#closing.close(); // what was pipelined before its FIN is answered
        else if (!reader.parser.isBetweenMessages) this.timeouts.awaitHead();
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
      this.timeouts.awaitBody(
        exchange.receivedBytes,
        exchange.head.contentLength,
      );
    } else {
      this.timeouts.awaitNothing();
    }
  }

  /** The request is whole: the peer has nothing to send. */
  #awaitAnswer(): void {
    if (this.#hasPeerEnded) this.timeouts.armHalfCloseTimeout();
    else this.timeouts.awaitNothing();
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
        this.#origin(),
        `The application has read nothing of what arrived for ${seconds} s: ` +
          "the client counts as gone (--timeout-read-pause)",
      ),
    );
    this.#exchange?.cycle.onPeerSilent();
    // The rest of the body is dropped as it arrives, which shows whether the peer is there.
    this.#reader.regulate();
  }

  /** See {@linkcode ReaderOwner}. */
  get pendingBodyBytes(): number {
    return this.#exchange!.cycle.body.pendingBytes;
  }

  onResume(): void {
    this.timeouts.resume();
    if (this.#reader.reading === "body") this.#awaitBody();
    else if (this.#reader.reading === "wait") this.#awaitAnswer();
  }

  onHead(head: Http1RequestHead): void {
    this.timeouts.onHead();
    // Background work after a response goes on while the next request is served.
    this.#exchange?.detach();
    this.#reader.enter("body");
    this.info.requests++;
    this.#closing.pace.onRequest();
    this.#exchange = new Http1Exchange(head, this, this.#context);
    this.#exchange.judge();
  }

  onBody(bytes: Uint8Array, start: number, end: number): void {
    const exchange = this.#exchange!;
    if (this.#reader.reading === "body") {
      exchange.onBody(bytes, start, end, this.#socket.isLending);
    } else if (!exchange.discard(end - start)) {
      this.#closing.close();
    }
  }

  onBodyEnd(trailers: readonly HeaderField[]): void {
    if (this.#reader.reading === "discard") {
      this.#becomeIdle();
      return;
    }
    this.#exchange!.onBodyEnd(trailers);
    this.#reader.enter("wait");
    this.#awaitAnswer();
  }

  /** The peer broke the protocol: it gets an answer if one can be sent, and the connection ends. */
  refuse(code: HttpFaultCode): void {
    const isUnparsed = this.#reader.reading === "head";
    const { status, text } = refusalOf(
      code,
      isUnparsed ? this.info : this.#origin(),
      this.#context,
    );
    if (isUnparsed) {
      answerUnparsed(status, text, this, this.#reader.parser, this.#context);
      this.#closing.close();
    } else if (this.#exchange!.isOver) {
      this.#closing.close();
    } else {
      this.#exchange!.refuse(status, text);
    }
  }

  // -- The exchange's side.

  onReceive(isFirst: boolean): void {
    if (isFirst && this.#reader.reading === "body") this.#awaitBody();
    this.#reader.onTaken();
  }

  /** See {@linkcode ExchangeOwner}. */
  holdReading(isHeld: boolean): void {
    this.#reader.enter(isHeld ? "hold" : "wait");
    if (isHeld) this.#reader.regulate();
  }

  /** Hands socket and unread bytes over: this connection is done with both. */
  upgrade(handshake: Handshake, exchange: Http1Exchange): void {
    const { WebSocketUpgrade } = webSocketPart()!;
    const upgrade = new WebSocketUpgrade(
      this.#socket,
      this.#context,
      this.info,
      {
        head: exchange.head,
        path: exchange.path,
        origin: exchange.origin,
        requestId: exchange.requestId,
        handshake,
        early: this.#reader.parser.takeRest(),
      },
    );
    this.#leaveTo(upgrade, "WebSocket");
    upgrade.start();
    // Behind an earlier request, its FIN may have come before the upgrade.
    if (this.#hasPeerEnded) this.#socket.handler.onEnd();
  }

  /** See {@linkcode ExchangeOwner}. */
  yieldTo(upgrade: OfferedUpgrade): void {
    const early = this.#reader.parser.takeRest();
    this.#leaveTo(upgrade, "the application");
    upgrade.start(
      this.#socket,
      { early, hasEnded: this.#hasPeerEnded },
      this.clientHost,
    );
  }

  #leaveTo(handler: SocketHandler, whose: string): void {
    this.#reader.close();
    this.flow.flushAll();
    this.timeouts.end();
    this.#context.tracker.connections.delete(this);
    this.#socket.handler = handler;
    this.#trace(`Upgrading to ${whose}`);
    if (this.#reader.isPaused) this.#socket.resume();
  }

  onResponseComplete(): Promise<void> {
    const isWhole = this.#reader.reading === "wait";
    // A head that was sent before draining began promised to go on: the peer may have asked again.
    if (
      !this.#closing.isDecided && (isWhole || !this.#context.tracker.isDraining)
    ) {
      // The answers of one turn leave in one write at its end. A write wakes the peer: in between,
      // each would find it asleep and pay for that (bench/README.md).
      this.flow.scheduleFlush();
      if (isWhole) this.#becomeIdle();
      else this.#reader.enter("discard");
    } else {
      this.#closing.close();
    }
    this.#reader.pump();
    return this.flow.whenRead();
  }

  #becomeIdle(): void {
    this.#reader.enter("head");
    this.timeouts.awaitNextRequest();
    // An idle connection keeps nothing of its last request alive.
    if (this.#exchange?.cycle.hasReturned) this.#exchange = undefined;
  }

  truncate(): void {
    this.#closing.truncate();
  }

  onReturned(exchange: Http1Exchange): void {
    if (exchange === this.#exchange && this.#reader.reading === "head") {
      this.#exchange = undefined;
    }
  }

  // -- The end of a turn.

  /** An open head is taken back, or ends in the same turn. */
  beforeTurnEnd(): void {
    if (this.response.isHeadOpen && !this.#exchange!.cycle.holdsHead) {
      this.response.endHead(-1);
    }
  }

  afterTurnEnd(): void {
    // What was in the way of the next request may have left.
    this.#reader.pumpWaiting();
  }

  // -- Endings.

  onTimeout(kind: TimeoutKind): void {
    switch (kind) {
      case "nextRequest":
        // The peer still takes the last answer, which has a timeout of its own.
        if (this.#socket.queuedBytes > 0) this.timeouts.awaitNextRequest();
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
        this.#closing.hangUp();
        break;
      case "head":
        this.refuse("HEAD_TIMEOUT");
        break;
      case "body":
      case "bodyRate":
        if (this.#reader.reading !== "body") this.destroy();
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
    this.#exchange?.blame("server_error");
    this.destroy();
  }

  onWriteStall(): void {
    this.#context.logger.info(
      ofClient(this.#origin(), "Closed: the client does not read"),
    );
    this.#exchange?.blame("client_stalled");
    this.destroy();
  }

  /** See {@linkcode TrackedConnection}. */
  drain(): void {
    this.#closing.drain();
  }

  /** See {@linkcode TrackedConnection}. */
  closeIdle(): void {
    this.#closing.closeIdle();
  }

  /** The server stops waiting: the application is told, then the socket is closed. */
  abort(reason: Error): void {
    this.#exchange?.blame("shutdown");
    this.runningCycle?.cancel(reason);
    this.#closing.closeUnlessQueued();
  }

  /** See {@linkcode TrackedConnection}. */
  destroy(): void {
    this.#closing.destroy();
  }
}
