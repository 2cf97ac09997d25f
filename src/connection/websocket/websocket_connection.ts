/**
 * One open WebSocket: feeds the protocol, frames messages, pings on the clock, and sees the closing
 * handshake through. The opening handshake was websocket_upgrade.ts's.
 */
import { WEBSOCKET_FAULTS, type WebSocketFaultCode } from "../../faults.ts";
import type { Socket, SocketHandler } from "../../runtime/types.ts";
import {
  ABNORMAL,
  INTERNAL_ERROR,
  NO_STATUS,
  SERVICE_RESTART,
} from "../../websocket/close_codes.ts";
import { OPCODE } from "../../websocket/frame_reader.ts";
import { writeClose, writeControl } from "../../websocket/frame_writer.ts";
import type { DeflateAgreement } from "../../websocket/permessage_deflate.ts";
import { WebSocketProtocol } from "../../websocket/protocol.ts";
import type { ByteBacklog } from "../../bytes/byte_backlog.ts";
import { guarded, logFailure } from "../containment.ts";
import { webSocketFaultText } from "../fault_text.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import { countEnd } from "../exchange/application_call.ts";
import type { ServerContext, WebSocketSettings } from "../context.ts";
import { MessageCompression } from "./message_compression.ts";
import { writeMessage } from "./message_writer.ts";
import type { ConnectionInfo } from "../exchange/connection_info.ts";
import {
  clientText,
  ofClient,
  type RequestOrigin,
} from "../exchange/request_origin.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";
import { LINGER_MS } from "../output/send_progress.ts";
import type {
  MessageHost,
  WebSocketCycle,
} from "../exchange/websocket_cycle.ts";
import {
  WebSocketTimeouts,
  type WebSocketTimeoutsOwner,
} from "./websocket_timeouts.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";

/** How far the connection has come. */
type Phase =
  /** Messages go both ways. */
  | "open"
  /** Our close frame is sent, the peer's is awaited. */
  | "closing"
  /** Nothing is expected any more but the end of the socket. */
  | "ended";

/** Octets of undelivered messages at which no further ones are queued. */
const QUEUE_HIGH_WATER = 256 * 1024;
/** The same behind the peer's FIN, with what could be read ahead: it is the last that comes. */
const LAST_HIGH_WATER = QUEUE_HIGH_WATER + READ_HIGH_WATER;
/** What the handshake leaves to the WebSocket. */
export interface AcceptedHandshake {
  readonly settings: WebSocketSettings;
  readonly origin: RequestOrigin;
  readonly cycle: WebSocketCycle;
  /** What was agreed on of compression; `undefined` for none. */
  readonly agreement: DeflateAgreement | undefined;
  /** Frames that have come already; given away. */
  readonly ahead: ByteBacklog;
  /** Whether reading has stopped because of them. */
  readonly isPaused: boolean;
}

/** One WebSocket. Takes the place of the upgrade in its context. */
export class WebSocketConnection
  implements
    SocketHandler,
    TrackedConnection,
    MessageHost,
    WebSocketTimeoutsOwner,
    WriteFlowOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #settings: WebSocketSettings;
  readonly #info: ConnectionInfo;
  readonly #origin: RequestOrigin;
  readonly #flow: WriteFlow;
  readonly #timeouts: WebSocketTimeouts;
  readonly #cycle: WebSocketCycle;
  readonly #protocol: WebSocketProtocol;
  readonly #compression: MessageCompression | undefined;
  /**
   * Frames that came before the handshake was answered, or that the application's queue has no room
   * for. The socket reads so far ahead, because a peer that leaves shows only behind the last of its
   * bytes.
   */
  readonly #ahead: ByteBacklog;
  #phase: Phase = "open";
  /** Payload of the peer's last ping, while what was sent before it does not leave. */
  #owedPong: Uint8Array | undefined;
  /** How the peer has ended it, while what it said before may still be answered. */
  #pendingPeerEnd: "close" | "fault" | undefined;
  #isPumping = false;
  #isPaused: boolean;
  /** Whether the queue was full when there was more to read. */
  #isBehind = false;
  #hasPeerEnded = false;
  #isClosed = false;

  constructor(
    socket: Socket,
    context: ServerContext,
    info: ConnectionInfo,
    { settings, origin, cycle, agreement, ahead, isPaused }: AcceptedHandshake,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#settings = settings;
    this.#info = info;
    this.#origin = origin;
    this.#cycle = cycle;
    this.#ahead = ahead;
    this.#isPaused = isPaused;
    this.#flow = new WriteFlow(socket, context, this);
    const compression = this.#compression = agreement &&
      new MessageCompression(agreement, context);
    this.#protocol = new WebSocketProtocol(
      settings.limits,
      compression && ((bytes, max) => compression.inflate(bytes, max)),
    );
    context.connections.add(this);
    this.#timeouts = new WebSocketTimeouts(socket, context, settings, this);
  }

  /** Sends the answer to the handshake and takes the frames that came before it. */
  open(answer: Uint8Array): void {
    try {
      this.#flow.out.writer.writeBytes(answer);
      this.#flow.scheduleFlush();
      this.#pump();
    } catch (thrown) {
      this.onFailure(thrown);
    }
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

  #trace(what: string): void {
    if (!this.#context.logger.isEnabled("trace")) return;
    this.#context.logger.trace(ofClient(this.#origin, what));
  }

  /** Moves the WebSocket on: the only assignment of its phase. */
  #enter(phase: Phase): void {
    this.#phase = phase;
  }

  // -- The socket's side.

  onData(bytes: Uint8Array): void {
    try {
      if (this.#phase === "ended") return;
      const protocol = this.#protocol;
      const hasUnread = this.#unreadBytes > 0;
      if (hasUnread) this.#ahead.append(bytes);
      else protocol.push(bytes, this.#socket.isLending);
      this.#pump();
      // What the application has no room for yet: the bytes are only lent.
      if (!hasUnread && protocol.unreadBytes > 0) protocol.hold();
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
      // A peer that ends without a close frame is gone.
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
      this.#enter("ended");
      const context = this.#context;
      this.#timeouts.end();
      context.connections.delete(this);
      this.#peerGone(ABNORMAL, "");
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

  /** The peer is gone: the application gets its disconnect event, waiting senders are rejected. */
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
    const protocol = this.#protocol;
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
    // Ordinarily there is room, as there was before: reading goes on as it is.
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
    return this.#ahead.length + this.#protocol.unreadBytes;
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get heardBytes(): number {
    return this.#protocol.messageBytes + this.#unreadBytes;
  }

  /** Stops and restarts the socket's reading, and with it the timeout for pongs. */
  #regulate(): void {
    if (this.#isClosed) return;
    const isBehind = this.#phase === "open" && this.#isQueueFull();
    if (this.#isBehind && !isBehind) this.#timeouts.resume();
    this.#isBehind = isBehind;
    const isFull = isBehind && this.#unreadBytes >= READ_HIGH_WATER;
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
   * A peer that closes right behind a message may still want the answer: the application has this
   * turn for it.
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
    const protocol = this.#protocol;
    if (how === "fault") this.#onFault(protocol.fault);
    else this.#onPeerClose(protocol.closeCode, protocol.closeReason);
  }

  #onPeerClose(code: number, reason: string): void {
    if (this.#phase === "open") {
      this.#peerGone(code, reason);
      // Echoed as it came; an empty one is answered by an empty one (RFC 6455 §5.5.1).
      writeClose(
        this.#flow.out.writer,
        code === NO_STATUS ? undefined : code,
        reason,
      );
    }
    this.#end();
  }

  /** The peer broke the protocol: the reason goes to its close frame, the application and the log. */
  #onFault(code: WebSocketFaultCode): void {
    const { closeCode, reason } = WEBSOCKET_FAULTS[code];
    const client = clientText(this.#origin);
    const text = webSocketFaultText(code, client, this.#settings);
    // A peer that vanished broke no rule.
    if (code === "PING_TIMEOUT") this.#context.logger.debug(text);
    else this.#context.logger.warning(text);
    if (this.#phase === "open") {
      this.#peerGone(closeCode, reason);
      writeClose(this.#flow.out.writer, closeCode, reason);
    }
    this.#end();
  }

  // -- The application's side.

  writeMessage(message: Uint8Array | string, compress: boolean): void {
    const compression = compress ? this.#compression : undefined;
    writeMessage(this.#flow.out, message, compression);
  }

  close(code: number, reason: string): void {
    if (this.#phase !== "open") return;
    writeClose(this.#flow.out.writer, code, reason);
    this.#flow.out.flush();
    this.#protocol.closeSent();
    this.#enter("closing");
    this.#timeouts.awaitClose(this.#settings.closeMs);
    // The reply must be seen, whatever lies in front of it.
    this.#regulate();
    this.#pump();
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
    countEnd(this.#context, cycle);
  }

  /** Frames are final. */
  get holdsWrites(): boolean {
    return false;
  }

  beforeTurnEnd(): void {
    this.#applyPendingEnd();
  }

  afterTurnEnd(): void {
    this.#writeOwedPong();
  }

  // -- Time.

  sendPing(payload: Uint8Array): void {
    writeControl(this.#flow.out.writer, OPCODE.PING, payload);
    this.#flow.out.flush();
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
      ofClient(this.#origin, "Closed: the client does not read"),
    );
    this.#destroy();
  }

  // -- Endings.

  drain(): void {
    if (this.#phase === "closing") {
      this.#end();
    } else if (this.#phase === "open") {
      // The drain signal was raised in this turn; what applications answer to it goes first.
      this.#context.afterTurn(guarded(this, () => this.#restart()));
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
    this.#enter("ended");
    this.#ahead.clear();
    this.#timeouts.awaitClose(LINGER_MS);
    this.#regulate();
    this.#socket.end();
  }

  #destroy(): void {
    this.#enter("ended");
    this.#timeouts.awaitNothing();
    this.#socket.destroy();
  }
}
