/**
 * One socket after its upgrade request: answers the handshake as the application decides, feeds
 * the protocol, pings on the clock, and sees the closing handshake through.
 */
import type { HeaderInput } from "../../asgi.ts";
import { WEBSOCKET_FAULTS, type WebSocketFaultCode } from "../../faults.ts";
import type { RequestHead } from "../../http/request_head.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import {
  ABNORMAL,
  INTERNAL_ERROR,
  NO_STATUS,
  SERVICE_RESTART,
} from "../../websocket/close_codes.ts";
import { OPCODE } from "../../websocket/frame_reader.ts";
import {
  MAX_DIRECT_TEXT,
  writeClose,
  writeControl,
  writeFrameHeader,
  writeText,
} from "../../websocket/frame_writer.ts";
import type { Handshake } from "../../websocket/handshake.ts";
import { negotiateDeflate } from "../../websocket/permessage_deflate.ts";
import { WebSocketProtocol } from "../../websocket/protocol.ts";
import { ByteBacklog } from "../../bytes/byte_backlog.ts";
import { guarded, logFailure } from "../containment.ts";
import { webSocketFaultText } from "../fault_text.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import { writeHandshakeAnswer } from "../http1/handshake_answer.ts";
import type { ServerContext, WebSocketSettings } from "../context.ts";
import { MessageCompression } from "./message_compression.ts";
import { COPY_LIMIT } from "../output/output_buffer.ts";
import { Http1Response, type StreamProblem } from "../http1/http1_response.ts";
import {
  clientText,
  type ConnectionInfo,
  ofClient,
  scopePath,
  websocketScope,
} from "../exchange/scope.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { LINGER_MS } from "../output/send_progress.ts";
import {
  WebSocketCycle,
  type WebSocketHost,
} from "../exchange/websocket_cycle.ts";
import {
  WebSocketTimeouts,
  type WebSocketTimeoutsOwner,
} from "./websocket_timeouts.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";

/** How far the connection has come. */
type Phase =
  /** The application has not answered the handshake. */
  | "handshake"
  /** It refuses with a response of its own. */
  | "denying"
  /** Messages go both ways. */
  | "open"
  /** Our close frame is sent, the peer's is awaited. */
  | "closing"
  /** Nothing is expected any more but the end of the socket. */
  | "ended";

/** Octets of undelivered messages at which no further ones are queued (asgi:A-148). */
const QUEUE_HIGH_WATER = 256 * 1024;
/** The same behind the peer's FIN, with what could be read ahead: it is the last that comes. */
const LAST_HIGH_WATER = QUEUE_HIGH_WATER + READ_HIGH_WATER;
/** Smallest message that is worth compressing: below it the frame rarely gets shorter. */
const MIN_COMPRESSED = 64;
const encoder = new TextEncoder();

/** One WebSocket. Takes the place of the HTTP connection in its context. */
export class WebSocketConnection
  implements
    SocketHandler,
    TrackedConnection,
    WebSocketHost,
    WebSocketTimeoutsOwner,
    WriteFlowOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #settings: WebSocketSettings;
  readonly #info: ConnectionInfo;
  readonly #head: RequestHead;
  readonly #handshake: Handshake;
  readonly #flow: WriteFlow;
  /** Made for those who refuse with a response. */
  #denial: Http1Response | undefined;
  readonly #timeouts: WebSocketTimeouts;
  readonly #cycle: WebSocketCycle;
  readonly #path: string;
  readonly #startedAtMs: number;
  #phase: Phase = "handshake";
  #protocol: WebSocketProtocol | undefined;
  #compression: MessageCompression | undefined;
  /**
   * Frames that came before the handshake was answered (websocket:W-024), or that the application's
   * queue has no room for. The socket reads so far ahead, because a peer that leaves shows only
   * behind the last of its bytes.
   */
  readonly #ahead: ByteBacklog;
  /** Of the peer's last ping, while what was sent before does not leave. */
  #owedPong: Uint8Array | undefined;
  /** How the peer has ended it, while what it said before may still be answered. */
  #pendingPeerEnd: "close" | "fault" | undefined;
  #hasWarnedOfBody = false;
  #isLogged = false;
  #isPumping = false;
  #isPaused = false;
  /** Whether the queue was full when there was more to read. */
  #isBehind = false;
  #hasPeerEnded = false;
  #isClosed = false;

  /** @param early Bytes that arrived behind the request. */
  constructor(
    socket: Socket,
    context: ServerContext,
    settings: WebSocketSettings,
    info: ConnectionInfo,
    head: RequestHead,
    handshake: Handshake,
    early: Uint8Array,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#settings = settings;
    this.#info = info;
    this.#head = head;
    this.#handshake = handshake;
    this.#ahead = new ByteBacklog(early);
    this.#flow = new WriteFlow(socket, context, this);
    this.#path = scopePath(head, context);
    this.#startedAtMs = context.access === undefined
      ? 0
      : context.monotonicMs();
    this.#cycle = new WebSocketCycle(this, context);
    context.connections.add(this);
    this.#timeouts = new WebSocketTimeouts(socket, context, settings, this);
    this.#trace("WebSocket connection made");
  }

  /** Calls the application. */
  start(): void {
    const context = this.#context;
    context.runningCycles++;
    context.concurrentCycles++;
    const scope = websocketScope(
      this.#head,
      this.#path,
      this.#handshake.subprotocols,
      context,
      this.#info,
      this.#cycle,
    );
    void this.#cycle.run(scope);
  }

  get #stream(): Http1Response {
    return this.#denial ??= new Http1Response(
      this.#flow.out,
      this.#context.defaults,
    );
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
    this.#context.logger.trace(ofClient(this.#info, what));
  }

  // -- The socket's side.

  onData(bytes: Uint8Array): void {
    try {
      switch (this.#phase) {
        case "handshake": // asgi:A-141
          this.#ahead.append(bytes);
          this.#regulate();
          break;
        case "open":
        case "closing": {
          const protocol = this.#protocol!;
          const hasUnread = this.#unreadBytes > 0;
          if (hasUnread) this.#ahead.append(bytes);
          else protocol.push(bytes, this.#socket.isLending);
          this.#pump();
          // What the application has no room for yet: the bytes are only lent.
          if (!hasUnread && protocol.unreadBytes > 0) protocol.hold();
          break;
        }
        case "denying": // nobody will ever want it
        case "ended":
          break;
      }
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onDrain(): void {
    try {
      this.#flow.onDrain();
      this.#writeOwedPong();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onEnd(): void {
    try {
      this.#hasPeerEnded = true;
      this.#applyPendingEnd();
      if (this.#isBehind && this.#phase === "open") {
        this.#pump(); // what was said before the FIN is the application's, and then the close frame
        this.#applyPendingEnd();
      }
      // Our last bytes may still be on their way; when they are, the socket closes by itself.
      if (this.#phase === "ended" && this.#socket.queuedBytes > 0) return;
      // A peer that ends without a close frame is gone: nothing it says can complete the handshake.
      this.#peerGone(ABNORMAL, "");
      this.#destroy();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onClose(error?: Error): void {
    try {
      this.#applyPendingEnd();
      this.#isClosed = true;
      this.#phase = "ended";
      const context = this.#context;
      this.#timeouts.end();
      context.connections.delete(this);
      this.#peerGone(ABNORMAL, "");
      this.#log(
        this.#denial?.isHeadCommitted ? this.#denial.status : 499,
        true,
      );
      if (!this.#cycle.hasReturned) context.detachedCalls.add(this.#cycle);
      this.#compression?.close();
      this.#flow.close(undefined);
      if (error !== undefined) {
        context.logger.debug(`Connection lost: ${error.message}`);
      }
      this.#trace("WebSocket connection lost");
      context.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** Nobody listens any more: the application hears of it, and senders that wait (asgi:A-215). */
  #peerGone(code: number, reason: string): void {
    this.#cycle.onPeerGone(code, reason);
    const gone = this.#cycle.disconnectError;
    if (gone !== undefined && this.#context.settings.raisesAfterDisconnect) {
      this.#flow.reject(gone);
    }
  }

  // -- Reading.

  #mayPull(): boolean {
    if (this.#pendingPeerEnd !== undefined) return false;
    if (this.#phase === "closing") return true;
    return this.#phase === "open" && !this.#isQueueFull();
  }

  #isQueueFull(): boolean {
    if (this.#hasPeerEnded) return this.#cycle.queuedBytes >= LAST_HIGH_WATER;
    return this.#cycle.queuedMessages >= this.#settings.maxQueue ||
      this.#cycle.queuedBytes >= QUEUE_HIGH_WATER;
  }

  #pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    const protocol = this.#protocol!;
    let isDry = false;
    let hasDelivered = false;
    while (!isDry && this.#mayPull()) {
      switch (protocol.next()) {
        case "needMore":
          if (this.#ahead.length > 0) protocol.push(this.#ahead.take(), false);
          else isDry = true;
          break;
        case "message":
          this.#cycle.deliver(protocol.text ?? null, protocol.binary ?? null);
          hasDelivered = true;
          break;
        case "ping":
          this.#onPing(protocol.payload);
          break;
        case "pong":
          this.#timeouts.onPong(protocol.payload);
          break;
        case "close":
          this.#onPeerEnd("close", hasDelivered);
          break;
        case "fault":
          this.#onPeerEnd("fault", hasDelivered);
          break;
      }
    }
    this.#isPumping = false;
    // Room for more is the ordinary case, and was so before.
    if (!isDry || this.#isBehind || this.#isPaused) this.#regulate();
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get isFull(): boolean {
    return this.#flow.isFull;
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Bytes read ahead of what the application has room for. */
  get #unreadBytes(): number {
    return this.#ahead.length + (this.#protocol?.unreadBytes ?? 0);
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get heardBytes(): number {
    return this.#protocol!.messageBytes + this.#unreadBytes;
  }

  /** Stops and restarts the socket's reading, and with it the timeouts for pongs (wishes:R-002). */
  #regulate(): void {
    if (this.#isClosed) return;
    const isBehind = this.#phase === "open" && this.#isQueueFull();
    if (this.#isBehind && !isBehind) this.#timeouts.resume();
    this.#isBehind = isBehind;
    const isFull = (isBehind || this.#phase === "handshake") &&
      this.#unreadBytes >= READ_HIGH_WATER;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  #onPing(payload: Uint8Array): void {
    if (!this.#flow.isFull) {
      writeControl(this.#flow.out.writer, OPCODE.PONG, payload);
    } else {
      // RFC 6455 §5.5.3: the last ping alone may be answered. A peer that sends pings and does not
      // read must not make us hold a pong for each.
      this.#owedPong = payload;
    }
    this.#flow.scheduleFlush();
  }

  #writeOwedPong(): void {
    const payload = this.#owedPong;
    if (payload === undefined || this.#phase !== "open") return;
    if (this.#flow.isFull) return;
    this.#owedPong = undefined;
    writeControl(this.#flow.out.writer, OPCODE.PONG, payload);
    this.#flow.out.flush();
  }

  /**
   * Who sends a message and closes right behind it may still want the answer: the application has
   * this turn for it.
   */
  #onPeerEnd(how: "close" | "fault", hasDelivered: boolean): void {
    this.#pendingPeerEnd = how;
    if (hasDelivered && this.#phase === "open") this.#flow.scheduleFlush();
    else this.#applyPendingEnd();
  }

  #applyPendingEnd(): void {
    const how = this.#pendingPeerEnd;
    if (how === undefined) return;
    this.#pendingPeerEnd = undefined;
    if (this.#phase === "ended") return;
    const protocol = this.#protocol!;
    if (how === "fault") this.#onFault(protocol.fault);
    else this.#onPeerClose(protocol.closeCode, protocol.closeReason);
  }

  #onPeerClose(code: number, reason: string): void {
    if (this.#phase === "open") {
      this.#peerGone(code, reason);
      // Echoed as it came; an empty one is answered by an empty one (websocket:W-076, W-077).
      writeClose(
        this.#flow.out.writer,
        code === NO_STATUS ? undefined : code,
        reason,
      );
    }
    this.#end();
  }

  /** The peer broke the protocol: it is told why, so is the application, and the log once. */
  #onFault(code: WebSocketFaultCode): void {
    const { closeCode, reason } = WEBSOCKET_FAULTS[code];
    const client = clientText(this.#info);
    const text = webSocketFaultText(code, client, this.#settings);
    // A peer that vanished did nothing wrong.
    if (code === "PING_TIMEOUT") this.#context.logger.debug(text);
    else this.#context.logger.warning(text);
    if (this.#phase === "open") {
      this.#peerGone(closeCode, reason);
      writeClose(this.#flow.out.writer, closeCode, reason);
    }
    this.#end();
  }

  // -- The application's side.

  accept(
    subprotocol: string | undefined,
    headers: HeaderInput,
  ): string | undefined {
    const context = this.#context;
    const { key, extensions } = this.#handshake;
    const agreement = this.#settings.deflate
      ? negotiateDeflate(extensions, this.#settings.deflate)
      : undefined;
    const problem = writeHandshakeAnswer(
      this.#flow.out.writer,
      context.defaults,
      {
        accept: context.acceptKey(key),
        subprotocol,
        extensions: agreement?.answer,
      },
      headers,
    );
    if (problem !== undefined) return problem;
    if (agreement !== undefined) {
      this.#compression = new MessageCompression(agreement, context);
    }
    this.#log(101, false);
    this.#open();
    return undefined;
  }

  #open(): void {
    this.#phase = "open";
    const compression = this.#compression;
    this.#protocol = new WebSocketProtocol(
      this.#settings.limits,
      compression && ((bytes, max) => compression.inflate(bytes, max)),
    );
    this.#flow.scheduleFlush();
    this.#timeouts.awaitPings();
    this.#pump();
  }

  writeMessage(message: Uint8Array | string, compress: boolean): void {
    const opcode = typeof message === "string" ? OPCODE.TEXT : OPCODE.BINARY;
    if (
      compress && this.#compression !== undefined &&
      message.length >= MIN_COMPRESSED
    ) {
      const bytes = typeof message === "string"
        ? encoder.encode(message)
        : message;
      this.#writeCompressed(opcode, this.#compression.deflate(bytes));
    } else if (typeof message !== "string") {
      this.#writeFrame(opcode, message);
    } else if (message.length <= MAX_DIRECT_TEXT) {
      writeText(this.#flow.out.writer, message);
    } else {
      this.#writeFrame(opcode, encoder.encode(message));
    }
  }

  /** @param payload Lent, so that it is copied however large it is. */
  #writeCompressed(opcode: number, payload: Uint8Array): void {
    const { writer } = this.#flow.out;
    writeFrameHeader(writer, opcode, payload.length, true);
    writer.writeBytes(payload);
  }

  #writeFrame(opcode: number, payload: Uint8Array): void {
    writeFrameHeader(this.#flow.out.writer, opcode, payload.length, false);
    if (payload.length <= COPY_LIMIT) this.#flow.out.writer.writeBytes(payload);
    else this.#flow.out.writeLarge(payload);
  }

  close(code: number, reason: string): void {
    if (this.#phase !== "open") return;
    writeClose(this.#flow.out.writer, code, reason);
    this.#flow.out.flush();
    this.#protocol!.closeSent();
    this.#phase = "closing";
    this.#timeouts.awaitClose(this.#settings.closeMs);
    // The reply must be seen, whatever lies in front of it (websocket:W-097).
    this.#regulate();
    this.#pump();
  }

  refuse(status: number): void {
    this.#stream.begin(this.#head, true);
    // 403 says all there is to say (websocket:W-027); a failure says so in words.
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
    this.#phase = "denying";
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
    return this.#flow.afterWrite(bytes);
  }

  onReceive(): void {
    if (
      this.#isBehind &&
      this.#cycle.queuedMessages * 2 <= this.#settings.maxQueue
    ) {
      this.#pump();
    }
  }

  onReturned(cycle: WebSocketCycle): void {
    this.#context.runningCycles--;
    this.#context.concurrentCycles--;
    this.#context.detachedCalls.delete(cycle);
    this.#context.onProgress();
  }

  /** The head of a denial stays until its body says how it is framed. */
  get holdsWrites(): boolean {
    return this.#denial !== undefined && this.#denial.isHeadOpen;
  }

  beforeTurnEnd(): void {
    this.#applyPendingEnd();
    if (this.holdsWrites) this.#stream.endHead(-1);
  }

  afterTurnEnd(): void {
    this.#writeOwedPong();
  }

  // -- Time.

  sendPing(payload: Uint8Array): void {
    writeControl(this.#flow.out.writer, OPCODE.PING, payload);
    this.#flow.out.flush();
  }

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
    this.#peerGone(ABNORMAL, "");
    this.refuse(500);
  }

  onPongLate(): void {
    this.#onFault("PING_TIMEOUT");
  }

  onCloseLate(): void {
    this.#destroy();
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

  // -- Endings.

  drain(): void {
    switch (this.#phase) {
      case "handshake":
        this.#peerGone(ABNORMAL, "");
        this.refuse(503);
        break;
      case "closing": // websocket:W-073
        this.#end();
        break;
      case "open":
        // asgi:A-147: the drain signal was raised in this turn; what applications answer to it
        // with goes first.
        this.#context.afterTurn(guarded(this, () => this.#restart()));
        break;
    }
  }

  #restart(): void {
    if (this.#phase !== "open") return;
    this.#peerGone(SERVICE_RESTART, "");
    writeClose(this.#flow.out.writer, SERVICE_RESTART, "");
    this.#end();
  }

  abort(reason: Error): void {
    this.#cycle.cancel(reason);
    if (this.#phase === "open") {
      this.#peerGone(INTERNAL_ERROR, "");
      writeClose(this.#flow.out.writer, INTERNAL_ERROR, "");
    }
    this.#flow.out.flush();
    this.#destroy();
  }

  destroy(): void {
    this.#destroy();
  }

  /** Sends what there is, then FIN; the peer has a moment to do the same. */
  #end(): void {
    if (this.#phase === "ended") return;
    this.#flow.out.flush();
    this.#phase = "ended";
    this.#ahead.clear();
    this.#timeouts.awaitClose(LINGER_MS);
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    this.#socket.end();
  }

  #destroy(): void {
    this.#phase = "ended";
    this.#timeouts.awaitNothing();
    this.#socket.destroy();
  }

  /** Counts and logs the answer to the handshake, once. */
  #log(status: number, isAborted: boolean): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const context = this.#context;
    context.totalRequests++;
    context.access?.log({
      client: clientText(this.#info),
      method: "WebSocket",
      path: this.#path,
      query: this.#head.query,
      httpVersion: "",
      status,
      durationMs: context.monotonicMs() - this.#startedAtMs,
      bodyBytes: this.#denial?.bodyBytes ?? 0,
      isAborted,
    });
    context.onProgress();
  }
}
