/**
 * One socket that speaks HTTP/1.1: feeds the parser, starts cycles, and decides whether the
 * connection may carry another request.
 *
 * Sockets push, the connection pulls. `#pump` asks the parser for the next outcome for as long as
 * `#mayPull` says so; not pulling is how pipelining, back-pressure and closing work. Everything
 * else is called by the socket, by the cycle or by the clock, and ends in `#pump` or in `#close`.
 */
import { HTTP_FAULTS, type HttpFaultCode } from "../../faults.ts";
import { listItems } from "../../http/lists.ts";
import { decodePath } from "../../http/percent.ts";
import type { RequestHead, SeenLine } from "../../http/request_head.ts";
import { RequestParser } from "../../http1/request_parser.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import {
  type Handshake,
  isRefusal,
  readHandshake,
} from "../../websocket/handshake.ts";
import { guarded, logFailure } from "../containment.ts";
import { httpFaultText } from "../fault_text.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import type { ServerContext } from "../context.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { type CycleHost, HttpCycle } from "../exchange/http_cycle.ts";
import {
  Http1Timeouts,
  type Http1TimeoutsOwner,
  type TimeoutKind,
} from "./http1_timeouts.ts";
import { Http1Response } from "./http1_response.ts";
import {
  clientText,
  type ConnectionInfo,
  connectionInfo,
  httpScope,
  ofClient,
  scopePath,
} from "../exchange/scope.ts";
import { WebSocketConnection } from "../websocket/websocket_connection.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";

/** What the bytes that arrive are for. */
type Reading =
  /** The next request head, or its first byte. */
  | "head"
  /** The body of the request in progress. */
  | "body"
  /** The rest of a body whose response is complete: read and dropped (asgi:A-093). */
  | "discard"
  /** Nothing: the request is whole and its response is not. */
  | "wait"
  /** Nothing any more: dropped until the peer has closed. */
  | "linger";

/** Body bytes to come that are read and dropped to keep a connection; past this, closing is cheaper. */
const MAX_DISCARDED_BYTES = 256 * 1024;
/**
 * The same of a chunked body behind a response that promised to keep the connection: a promise is
 * worth more, but not any number of bytes.
 */
const MAX_PROMISED_BYTES = 16 * 1024 * 1024;
/** Pipelined bytes held while a response is in progress, before the socket stops reading. */
const MAX_WAITING_BYTES = 64 * 1024;
/** Stands in the access log for a request line that could not be read. */
const UNKNOWN_LINE: SeenLine = {
  method: "-",
  rawPath: "-",
  query: "",
  version: "1.1",
};
/** Requests of a connection whose pace is measured: enough for what a test or a script asks. */
const PACED_REQUESTS = 8;
/** So many of a client's longest pauses without a request mean that it has no further one. */
const PAUSES = 3;
const NO_TRAILERS: readonly (readonly [string, string])[] = [];

/** Whether an `upgrade` field offers a WebSocket among others (RFC 6455 §4.2.1, RFC 9110 §7.8). */
function includesWebSocket(upgrade: string): boolean {
  return upgrade === "websocket" || listItems(upgrade).includes("websocket");
}

/** One connection. Registers itself with its context and leaves it when the socket has closed. */
export class Http1Connection
  implements
    SocketHandler,
    TrackedConnection,
    CycleHost,
    Http1TimeoutsOwner,
    WriteFlowOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  readonly stream: Http1Response;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #parser: RequestParser;
  readonly #flow: WriteFlow;
  readonly #timeouts: Http1Timeouts;
  readonly #info: ConnectionInfo;
  #reading: Reading = "head";
  /** The request in progress, or the last one. */
  #cycle: HttpCycle | undefined;
  #head: RequestHead | undefined;
  #path = "";
  #startedAtMs = 0;
  /** Set while `#cycle` is a handshake that will leave HTTP behind. */
  #handshake: Handshake | undefined;
  /** Whether `#cycle` waits for the rest of this read before its application is called. */
  #isCycleUnstarted = false;
  /** Whether `#cycle`'s response has been counted and logged. */
  #isResponseOver = true;
  /** What is known of the request that was refused before its head was whole. */
  #refusedLine: SeenLine | undefined;
  /** When the last of the first {@linkcode PACED_REQUESTS} began. */
  #pacedAtMs = 0;
  /** Longest time from one of them to the next, in milliseconds. */
  #longestPauseMs = 0;
  #hasSentContinue = false;
  #bodyBytesRead = 0;
  #discardedBytes = 0;
  #isPumping = false;
  #isPaused = false;
  #hasPeerEnded = false;
  #isClosed = false;

  constructor(socket: Socket, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.#parser = new RequestParser(context.settings.limits);
    this.#flow = new WriteFlow(socket, context, this);
    this.stream = new Http1Response(this.#flow.out, context.defaults);
    this.#info = connectionInfo(socket, `${++context.nextConnectionId}`);
    context.connections.add(this);
    this.#timeouts = new Http1Timeouts(context, this);
    this.#trace("HTTP connection made");
  }

  /** Whether a response is owed. */
  get isBusy(): boolean {
    return !this.#isResponseOver;
  }

  /** See {@linkcode TrackedConnection}. */
  get clientHost(): string | undefined {
    return this.#info.client?.host;
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
    return this.#cycle?.hasReturned === false ? this.#cycle : undefined;
  }

  #trace(what: string): void {
    if (!this.#context.logger.isEnabled("trace")) return;
    this.#context.logger.trace(ofClient(this.#info, what));
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
      this.#flow.onDrain();
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
          // What was pipelined before the FIN and waits for room is still answered.
          if (this.#mayPull()) this.#close();
          break;
        case "discard":
          this.#close();
          break;
        case "body": // a request that can never become whole (asgi:A-096)
          this.#cycle?.onPeerGone();
          this.#destroy();
          break;
        case "wait": // asgi:A-098: not a disconnect, the answer may still be read
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
      this.#isClosed = true;
      this.#timeouts.end();
      this.#context.connections.delete(this);
      const cycle = this.#cycle;
      if (cycle !== undefined) {
        if (!this.#isResponseOver) {
          cycle.onPeerGone();
          this.#responseOver(true);
        }
        if (!cycle.hasReturned) this.#context.detachedCalls.add(cycle);
      }
      this.#flow.close(
        this.#context.settings.raisesAfterDisconnect
          ? cycle?.disconnectError
          : undefined,
      );
      if (error !== undefined) {
        this.#context.logger.debug(`Connection lost: ${error.message}`);
      }
      this.#trace("HTTP connection lost");
      this.#context.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  // -- Reading.

  #mayPull(): boolean {
    switch (this.#reading) {
      case "body":
      case "discard":
        return true;
      case "head":
        // A peer that pipelines and does not read its answers gets no further ones.
        return !this.#flow.isFull;
      default:
        return false;
    }
  }

  /** Takes what the parser has, for as long as somebody wants it. */
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
          this.#refuse(parser.fault);
          return;
      }
    }
    parser.hold();
  }

  /** After a read: the application hears of it, the clock and the flow are set. */
  #settle(): void {
    const cycle = this.#cycle;
    if (cycle !== undefined && this.#reading !== "linger") {
      if (this.#isCycleUnstarted) this.#startCycle(cycle);
      if (this.#isClosed) return; // upgraded
      cycle.body.deliver();
    }
    this.#regulate();
    if (this.#isPaused) {
      // Before the next head it is the peer that takes nothing of our answers: write_stall.ts.
      if (this.#reading !== "head") this.#timeouts.awaitReader();
      return;
    }
    switch (this.#reading) {
      case "head":
        if (!this.#mayPull()) break; // not the peer is late, it is we who do not read
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
    // A peer that waits for our 100 is not late, unless the application waits for its bytes: it may
    // have begun its response first, and a peer that got one need not send them (RFC 9110 §10.1.1).
    const isAsked = !this.#head!.expectsContinue || this.#hasSentContinue ||
      this.#bodyBytesRead > 0 || this.#cycle!.body.isWaitedFor;
    if (!isAsked) this.#timeouts.awaitNothing();
    else {
      this.#timeouts.awaitBody(
        this.#bodyBytesRead + this.#discardedBytes,
        this.#head!.contentLength,
      );
    }
  }

  /** The request is whole: nothing is expected of the peer. */
  #awaitAnswer(): void {
    if (this.#hasPeerEnded) this.#timeouts.armHalfCloseTimeout();
    else this.#timeouts.awaitNothing();
  }

  /**
   * We have not read for so long that the peer may have left unseen: behind bytes that nobody
   * reads neither its FIN nor its reset shows. The application is told, and may still answer.
   */
  #presumeGone(): void {
    const { logger, settings } = this.#context;
    const seconds = settings.pauseMs / 1000;
    logger.warning(
      ofClient(
        this.#info,
        `The application has read nothing of what arrived for ${seconds} s: ` +
          "the client counts as gone (--timeout-read-pause)",
      ),
    );
    this.#cycle?.onPeerSilent();
    // What is left of the body is dropped as it comes, which shows whether the peer is there.
    this.#regulate();
  }

  /** Stops and restarts the socket's reading. */
  #regulate(): void {
    const isFull = this.#reading === "body"
      ? this.#cycle!.body.pendingBytes >= READ_HIGH_WATER // http:H-032
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
    const context = this.#context;
    this.#timeouts.onHead();
    const last = this.#cycle;
    // Background work after a response goes on while the next request is served (http:H-094).
    if (last !== undefined && !last.hasReturned) {
      context.detachedCalls.add(last);
    }
    this.#reading = "body";
    this.#head = head;
    this.#isResponseOver = false;
    this.#hasSentContinue = false;
    this.#bodyBytesRead = 0;
    if (++this.#info.requests <= PACED_REQUESTS) this.#notePace();
    if (context.access !== undefined) this.#startedAtMs = context.monotonicMs();
    this.#path = scopePath(head, context);
    this.stream.begin(head, this.#mustClose(head));
    if (head.hasBody) this.stream.closesIfUnread = !this.#isRestSmall(head);
    this.#cycle = new HttpCycle(head, this, context);
    this.#isCycleUnstarted = true;
    if (head.contentLength > context.settings.maxBodyBytes) {
      this.#refuse("BODY_TOO_LARGE"); // without a 100 (RFC 9110 §10.1.1)
      return;
    }
    if (head.upgrade === undefined) {
      if (head.version === "1.0") this.#warnOfOldUpgrade(head);
      return;
    }
    const asksForWebSocket = includesWebSocket(head.upgrade);
    if (asksForWebSocket && context.settings.websocket) {
      this.#prepareUpgrade(head);
    } else {
      context.logger.warning("Unsupported upgrade request.");
      if (asksForWebSocket) {
        context.logger.warning('WebSockets are disabled by the option "ws".');
      }
    }
  }

  /**
   * An upgrade over HTTP/1.0 has to be ignored (RFC 9110 §7.8), and is nearly always a proxy that
   * was not told to speak HTTP/1.1 to us.
   */
  #warnOfOldUpgrade(head: RequestHead): void {
    const context = this.#context;
    if (context.hasWarnedOfOldUpgrade) return;
    const asks = head.headers.some(([name, value]) =>
      name === "upgrade" && includesWebSocket(value)
    );
    if (!asks) return;
    context.hasWarnedOfOldUpgrade = true;
    context.logger.warning(
      "WebSocket handshake over HTTP/1.0 served as an ordinary request: the proxy in front must " +
        'speak HTTP/1.1, which nginx does with "proxy_http_version 1.1;".',
    );
  }

  #notePace(): void {
    // Whole numbers: engines keep others in memory of their own, for each connection.
    const now = Math.trunc(this.#context.monotonicMs());
    if (this.#info.requests > 1) {
      const pauseMs = now - this.#pacedAtMs;
      if (pauseMs > this.#longestPauseMs) this.#longestPauseMs = pauseMs;
    }
    this.#pacedAtMs = now;
  }

  /** Judges a WebSocket handshake. It is answered once the request is whole. */
  #prepareUpgrade(head: RequestHead): void {
    const handshake = readHandshake(head);
    if (!isRefusal(handshake)) {
      this.#handshake = handshake;
      return;
    }
    this.#context.logger.warning(ofClient(this.#info, handshake.message));
    this.#isCycleUnstarted = false;
    this.#cycle!.skip();
    this.#cycle!.refuse(handshake.status, handshake.message, handshake.headers);
  }

  /** Hands socket and unread bytes over: this connection is done with both. */
  #upgrade(handshake: Handshake): void {
    const context = this.#context;
    const websocket = new WebSocketConnection(
      this.#socket,
      context,
      context.settings.websocket!,
      this.#info,
      this.#head!,
      handshake,
      this.#parser.takeRest(),
    );
    this.#isClosed = true;
    this.#flow.out.flush();
    this.#timeouts.end();
    context.connections.delete(this);
    this.#socket.handler = websocket;
    this.#trace("Upgrading to WebSocket");
    if (this.#isPaused) this.#socket.resume();
    websocket.start();
    // Behind an earlier request, its FIN may have come before the upgrade.
    if (this.#hasPeerEnded) websocket.onEnd();
  }

  #mustClose(head: RequestHead): boolean {
    // HTTP/1.0 peers that want to be kept have said so (RFC 9112 §9.3). 0 seconds of keep-alive are
    // none.
    return !head.keepAlive || this.#context.isDraining ||
      this.#context.settings.keepAliveMs === 0;
  }

  #startCycle(cycle: HttpCycle): void {
    const context = this.#context;
    this.#isCycleUnstarted = false;
    if (context.concurrentCycles >= context.settings.maxConcurrency) {
      context.logger.warning("Exceeded concurrency limit.");
      cycle.skip();
      cycle.refuse(503, undefined, [["retry-after", "1"]]); // http:H-133
      return;
    }
    if (this.#handshake !== undefined) {
      cycle.skip();
      // It would be closed with its first frame: elsewhere it may live.
      if (context.isDraining) return cycle.refuse(503);
      this.#upgrade(this.#handshake);
      return;
    }
    context.runningCycles++;
    context.concurrentCycles++;
    cycle.isCounted = true;
    void cycle.run(
      httpScope(this.#head!, this.#path, context, this.#info, cycle),
    );
  }

  #onBody(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (this.#reading === "body") {
      this.#bodyBytesRead += size;
      if (this.#bodyBytesRead > this.#context.settings.maxBodyBytes) {
        this.#refuse("BODY_TOO_LARGE");
      } else {
        const { isLending } = this.#socket;
        this.#cycle!.body.append(bytes, start, end, isLending);
        this.stream.closesIfUnread = !this.#isRestSmall(this.#head!);
      }
      return;
    }
    this.#discardedBytes += size;
    // Promised to be read, but not beyond what any request may have.
    const total = this.#bodyBytesRead + this.#discardedBytes;
    const limit = Math.min(
      this.#context.settings.maxBodyBytes,
      MAX_PROMISED_BYTES,
    );
    if (total > limit) this.#close();
  }

  /**
   * Whether what is still to come of the body would be read and dropped to keep the connection. A
   * response that promised to go on must not be followed by FIN: the client's next request may be
   * on its way by then (RFC 9112 §9.6). So a chunked body, whose size is only known at its end, is
   * dropped up to there, unless a whole buffer of it came before the head of the response left.
   */
  #isRestSmall(head: RequestHead): boolean {
    return head.isChunked
      ? this.#bodyBytesRead < READ_HIGH_WATER
      : head.contentLength - this.#bodyBytesRead <= MAX_DISCARDED_BYTES;
  }

  #onBodyEnd(): void {
    const trailers = this.#parser.trailers;
    if (this.#reading === "discard") {
      this.#becomeIdle();
      return;
    }
    this.stream.closesIfUnread = false;
    this.#cycle!.body.complete(trailers.length === 0 ? NO_TRAILERS : trailers);
    this.#reading = "wait";
    this.#awaitAnswer();
  }

  /** The peer broke the protocol: it is told, if it can be, and the connection ends (asgi:A-113). */
  #refuse(code: HttpFaultCode): void {
    const fault = HTTP_FAULTS[code];
    const { logger, settings } = this.#context;
    const client = clientText(this.#info);
    logger.warning(httpFaultText(code, client, settings));
    if (logger.isEnabled("debug")) {
      logger.debug(`${client} - Refused by ${fault.source}`);
    }
    const text = fault.status === 400
      ? "Invalid HTTP request received." // http:H-108
      : undefined;
    if (this.#reading === "head") {
      this.#refuseUnparsed(fault.status, text);
      return;
    }
    const cycle = this.#cycle!;
    if (this.#isResponseOver) {
      this.#close();
    } else if (this.stream.isHeadCommitted) { // http:H-110: never a second answer
      cycle.onPeerGone();
      this.truncateResponse();
    } else {
      if (this.#isCycleUnstarted) cycle.skip();
      this.#isCycleUnstarted = false;
      cycle.refuse(fault.status, text);
    }
  }

  /** Answers a request that never became one, so that there is no cycle to answer it. */
  #refuseUnparsed(status: number, text: string | undefined): void {
    this.#head = undefined;
    this.#refusedLine = this.#parser.seenLine();
    this.#isResponseOver = false;
    if (this.#context.access !== undefined) {
      this.#startedAtMs = this.#context.monotonicMs();
    }
    this.stream.begin(
      { method: "", version: "1.1", acceptsTrailers: false },
      true,
    );
    this.stream.writeWhole(status, text);
    this.#responseOver(false);
    this.#close();
  }

  // -- The cycle's side.

  beforeHead(): void {
    const head = this.#head;
    if (this.#context.isDraining) this.stream.closes = true; // http:H-138
    if (
      head !== undefined && head.expectsContinue && !this.#hasSentContinue &&
      !this.#cycle!.body.isComplete && this.#bodyBytesRead === 0
    ) {
      // http:H-037: nobody asked for this body, and whether it still comes cannot be known.
      this.stream.closes = true;
    }
  }

  onReceive(): void {
    const cycle = this.#cycle!;
    if (
      this.#head!.expectsContinue && !this.#hasSentContinue &&
      this.#bodyBytesRead === 0 && !cycle.body.isComplete
    ) {
      if (cycle.state === "unsent") {
        this.#hasSentContinue = true;
        this.stream.writeContinue(); // asgi:A-108
        this.flush();
      }
      if (this.#reading === "body") this.#awaitBody();
    }
    if (this.#isPaused && !this.#isPumping) this.#regulate();
  }

  afterWrite(bytes: number): Promise<void> {
    return this.#flow.afterWrite(bytes);
  }

  /** See {@linkcode CycleHost}. */
  get queuedBytes(): number {
    return this.#flow.out.queuedBytes;
  }

  flush(): void {
    this.#flow.flush();
  }

  /** An open head stays: it is taken back, or ends in the same turn. */
  get holdsWrites(): boolean {
    return this.stream.isHeadOpen;
  }

  beforeTurnEnd(): void {
    if (this.stream.isHeadOpen && !this.#cycle!.holdsHead) {
      this.stream.endHead(-1);
    }
  }

  afterTurnEnd(): void {
    // What was in the way of the next request may have left.
    if (this.#reading === "head" && this.#parser.unreadBytes > 0) this.#pump();
  }

  onResponseComplete(): Promise<void> {
    const cycle = this.#cycle!;
    cycle.body.finish();
    // A refusal in the application's place ends the response, not its work for it.
    if (cycle.disconnectError === undefined) this.#uncount(cycle);
    this.#responseOver(false);
    // A head that was sent before draining began promised to go on: the peer may have asked again.
    const canContinue = !this.stream.closes &&
      (this.#reading === "wait" || !this.#context.isDraining);
    // The answers of one turn leave one after the other when it ends, pipelined ones in one write.
    // A write wakes the peer: in between, each would find it asleep and pay for that (bench/README.md).
    if (canContinue) this.#flow.scheduleFlush();
    else this.#flow.out.flush();
    if (!canContinue) this.#close();
    else if (this.#reading === "wait") this.#becomeIdle();
    else this.#discardRest();
    if (!this.#isPumping) this.#pump();
    return this.#flow.whenRead();
  }

  /** The response is complete and the request is not; its head said that the connection is kept. */
  #discardRest(): void {
    this.#discardedBytes = 0;
    this.#reading = "discard";
  }

  #becomeIdle(): void {
    this.#reading = "head";
    this.#timeouts.awaitNextRequest();
    // An idle connection keeps nothing of its last request alive.
    this.#head = undefined;
    this.#path = "";
    if (this.#cycle?.hasReturned) this.#cycle = undefined;
  }

  truncateResponse(): void {
    // A missing last chunk, or missing bytes, tell the peer. A body that ends with the connection
    // would look whole behind FIN, so that one is reset.
    this.#responseOver(true);
    if (this.stream.endsByClosing) {
      this.#flow.out.flush();
      this.#cycle?.body.finish();
      this.#reset();
    } else {
      this.#close();
    }
  }

  onReturned(cycle: HttpCycle): void {
    const context = this.#context;
    context.runningCycles--;
    this.#uncount(cycle);
    context.detachedCalls.delete(cycle);
    if (cycle === this.#cycle && this.#reading === "head") {
      this.#cycle = undefined;
    }
    context.onProgress();
  }

  /**
   * Takes a call from those in progress, once: what it does after its response must not refuse the
   * next request of the connection.
   */
  #uncount(cycle: HttpCycle): void {
    if (!cycle.isCounted) return;
    cycle.isCounted = false;
    this.#context.concurrentCycles--;
  }

  /** Counts and logs the response in progress, once. */
  #responseOver(isAborted: boolean): void {
    if (this.#isResponseOver) return;
    this.#isResponseOver = true;
    const context = this.#context;
    context.totalRequests++;
    if (context.access !== undefined) {
      const line = this.#head ?? this.#refusedLine ?? UNKNOWN_LINE;
      context.access.log({
        client: clientText(this.#info),
        method: line.method,
        path: line === this.#head ? this.#path : decodePath(line.rawPath),
        query: line.query,
        httpVersion: line.version,
        status: isAborted && !this.stream.isHeadCommitted
          ? 499
          : this.stream.status,
        durationMs: context.monotonicMs() - this.#startedAtMs,
        bodyBytes: this.stream.bodyBytes,
        isAborted,
      });
    }
    context.onProgress();
  }

  // -- Endings.

  onTimeout(awaited: TimeoutKind): void {
    switch (awaited) {
      case "nextRequest": // http:H-083
        // The peer still takes the last answer, for which it has a time of its own.
        if (this.#socket.queuedBytes > 0) this.#timeouts.awaitNextRequest();
        else this.#destroy();
        break;
      case "reader":
        this.#presumeGone();
        break;
      case "firstByte": // nobody to tell (http:H-002)
      case "close":
        this.#destroy();
        break;
      case "lastRequest":
      case "lastHead":
        this.#hangUp();
        break;
      case "head":
        this.#refuse("HEAD_TIMEOUT");
        break;
      case "body":
      case "bodyRate":
        if (this.#reading !== "body") this.#destroy();
        else {
          this.#refuse(awaited === "body" ? "BODY_TIMEOUT" : "BODY_TOO_SLOW");
        }
        break;
      case "interest":
        this.#cycle?.onPeerSilent();
        break;
    }
  }

  /** Something of ours threw: this connection ends, and no other. */
  onFailure(thrown: unknown): void {
    logFailure(this.#context.logger, thrown);
    this.#destroy();
  }

  onWriteStall(): void {
    this.#context.logger.info(
      ofClient(this.#info, "Closed: the client does not read"),
    );
    this.#destroy();
  }

  /**
   * Draining begins: a connection that has long been idle closes now, one that was just in use
   * after one more request or a moment, a busy one after its response (http:H-137, H-138).
   */
  drain(): void {
    if (!this.#isResponseOver) return;
    if (this.#reading === "discard") return this.#close();
    if (this.#reading !== "head") return;
    const hasHeadBegun = !this.#parser.isBetweenMessages;
    if (!this.#timeouts.awaitLastRequest(hasHeadBegun)) this.#hangUp();
  }

  /** See {@linkcode TrackedConnection}. */
  closeIdle(): void {
    const isIdle = this.#isResponseOver && this.#reading === "head" &&
      this.#parser.isBetweenMessages;
    // A client that has asked at a pace may be about to ask again. Of one with many requests the
    // pace is not known: clocks are not free.
    if (!isIdle || this.#info.requests > PACED_REQUESTS) return;
    const idleMs = this.#context.monotonicMs() - this.#pacedAtMs;
    if (idleMs >= this.#longestPauseMs * PAUSES) this.#hangUp();
  }

  /** Closes, unless a request has arrived that nobody has read yet: that takes a whole turn. */
  #hangUp(): void {
    this.#timeouts.awaitSilence();
    const { afterTurn } = this.#context;
    afterTurn(guarded(this, () =>
      afterTurn(guarded(this, () => {
        if (!this.#timeouts.isSilent || this.#isClosed) return;
        this.#flow.out.flush();
        if (this.#socket.queuedBytes > 0) this.#close();
        else this.#destroy();
      }))));
  }

  /** The server stops waiting: the application is told, then the socket is closed. */
  abort(reason: Error): void {
    this.runningCycle?.cancel(reason);
    this.#flow.out.flush();
    if (this.#socket.queuedBytes > 0) this.#close();
    else this.#destroy();
  }

  /** Closes now, whatever is queued. */
  destroy(): void {
    this.#destroy();
  }

  /** Sends what there is, then FIN, and waits for the peer's; what still arrives is dropped. */
  #close(): void {
    if (this.#isClosed || this.#reading === "linger") return;
    this.#flow.out.flush();
    this.#reading = "linger";
    this.#cycle?.body.finish();
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    this.#timeouts.awaitClose(this.#socket);
    this.#socket.end();
  }

  #destroy(): void {
    this.#reading = "linger";
    const isPartial = !this.#isResponseOver || this.#socket.queuedBytes > 0;
    if (this.stream.endsByClosing && isPartial) this.#reset();
    else this.#socket.destroy();
  }

  #reset(): void {
    this.#reading = "linger";
    this.#socket.reset();
  }
}
