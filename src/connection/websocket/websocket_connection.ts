/**
 * One open WebSocket: hands on the messages of its reader, frames those of the application, pings on
 * the clock, and sees the closing handshake through. The opening handshake was websocket_upgrade.ts's.
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
import { contained, logFailure } from "../containment.ts";
import { webSocketFaultText } from "../fault_text.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import type { ServerContext, WebSocketSettings } from "../context.ts";
import { MessageCompression } from "./message_compression.ts";
import { MessageReader, type MessageReaderOwner } from "./message_reader.ts";
import { writeMessage } from "./message_writer.ts";
import { type ConnectionInfo, reportClosed } from "../scope/connection_info.ts";
import {
  clientText,
  ofClient,
  type RequestOrigin,
} from "../scope/request_origin.ts";
import type { Activity, ActivityStart } from "../tracking/activity.ts";
import type { Observers } from "../tracking/observers.ts";
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
  /** How it began; `undefined` if nobody will look. */
  readonly start: ActivityStart | undefined;
  /** What observers returned at the start; `undefined` if none hears of it. */
  readonly started: readonly unknown[] | undefined;
}

/** One WebSocket. Takes the place of the upgrade in its context. */
export class WebSocketConnection
  implements
    SocketHandler,
    TrackedConnection,
    MessageHost,
    MessageReaderOwner,
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
  readonly #reader: MessageReader;
  readonly #compression: MessageCompression | undefined;
  readonly #start: ActivityStart | undefined;
  #phase: Phase = "open";
  /** Payload of the peer's last ping, while what was sent before it does not leave. */
  #owedPong: Uint8Array | undefined;
  /** How the peer has ended it, while what it said before may still be answered. */
  #pendingPeerEnd: "close" | "fault" | undefined;
  #hasPeerEnded = false;
  /** `undefined` if none hears of WebSockets. */
  readonly #observers: Observers | undefined;
  /** What they returned at the start. */
  readonly #started: readonly unknown[] | undefined;
  /** On the monotonic clock; 0 if it is not kept. */
  readonly #acceptedAtMs: number = 0;
  /** Of the first close frame; 1006 as long as there is none. */
  #closeCode = ABNORMAL;

  constructor(
    socket: Socket,
    context: ServerContext,
    info: ConnectionInfo,
    accepted: AcceptedHandshake,
  ) {
    const { settings, origin, cycle, agreement, ahead, isPaused } = accepted;
    this.#socket = socket;
    this.#context = context;
    this.#start = accepted.start;
    this.#settings = settings;
    this.#info = info;
    this.#origin = origin;
    this.#cycle = cycle;
    this.#flow = new WriteFlow(socket, context, this);
    const compression = this.#compression = agreement &&
      new MessageCompression(agreement, context);
    const protocol = new WebSocketProtocol(
      settings.limits,
      compression && ((bytes, max) => compression.inflate(bytes, max)),
    );
    this.#reader = new MessageReader(socket, protocol, ahead, isPaused, this);
    context.tracker.connections.add(this);
    const { observers } = context.tracker;
    if (observers.observesWebSockets) {
      this.#observers = observers;
      this.#started = accepted.started;
      this.#acceptedAtMs = context.monotonicMs();
      observers.onWebSocketOpen();
    }
    this.#timeouts = new WebSocketTimeouts(socket, context, settings, this);
  }

  /** Sends the answer to the handshake and takes the frames that came before it. */
  open(answer: Uint8Array): void {
    try {
      this.#flow.out.writer.writeBytes(answer);
      this.#flow.scheduleFlush();
      this.#reader.pump();
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

  /** See {@linkcode TrackedConnection}. */
  get activity(): Activity | undefined {
    if (this.#phase === "ended") return undefined;
    return {
      method: "WEBSOCKET",
      path: this.#start?.path ?? "",
      scheme: this.#origin.scheme,
      client: clientText(this.#origin),
      startedAtMs: this.#start?.startedAtMs ?? 0,
      waitsFor: this.#phase === "closing"
        ? "close"
        : this.#flow.isFull
        ? "client"
        : this.#cycle.isReceiving
        ? "message"
        : "application",
    };
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
      if (this.#phase !== "ended") this.#reader.read(bytes);
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
      if (this.#reader.isBehind && this.#phase === "open") {
        this.#reader.pump(); // what was said before the FIN is the application's, and then the close frame
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
      this.#reader.close();
      this.#enter("ended");
      const context = this.#context;
      this.#timeouts.end();
      context.tracker.connections.delete(this);
      this.#peerGone(ABNORMAL, "");
      if (!this.#cycle.hasReturned) {
        context.tracker.detachedCalls.add(this.#cycle);
      }
      this.#compression?.close();
      this.#flow.close(undefined);
      if (error !== undefined) {
        context.logger.debug(`Connection lost: ${error.message}`);
      }
      this.#trace("WebSocket connection lost");
      this.#observers?.onWebSocketClose({
        closeCode: this.#closeCode,
        durationMs: context.monotonicMs() - this.#acceptedAtMs,
      }, this.#started);
      reportClosed(this.#info, context);
      context.tracker.onProgress();
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

  mayPull(): boolean {
    if (this.#pendingPeerEnd !== undefined) return false;
    if (this.#phase === "closing") return true;
    return this.#phase === "open" && !this.isQueueFull();
  }

  /** See {@linkcode MessageReaderOwner}. Behind a close of ours, messages are dropped. */
  isQueueFull(): boolean {
    if (this.#phase !== "open") return false;
    if (this.#hasPeerEnded) return this.#cycle.queuedBytes >= LAST_HIGH_WATER;
    return this.#cycle.queuedMessages >= this.#settings.maxQueue ||
      this.#cycle.queuedBytes >= QUEUE_HIGH_WATER;
  }

  onMessage(text: string | undefined, binary: Uint8Array | undefined): void {
    if (this.#observers !== undefined) {
      const { length } = (text ?? binary)!;
      this.#observers.onWebSocketMessage("received", length);
    }
    this.#cycle.deliver(text ?? null, binary ?? null);
  }

  onPong(payload: Uint8Array): void {
    this.#timeouts.onPong(payload);
  }

  onCaughtUp(): void {
    this.#timeouts.resume();
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get isFull(): boolean {
    return this.#flow.isFull;
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get isPaused(): boolean {
    return this.#reader.isPaused;
  }

  /** See {@linkcode WebSocketTimeoutsOwner}. */
  get heardBytes(): number {
    return this.#reader.heardBytes;
  }

  onPing(payload: Uint8Array): void {
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
  onPeerEnd(how: "close" | "fault", hasDelivered: boolean): void {
    this.#pendingPeerEnd = how;
    if (hasDelivered && this.#phase === "open") this.#flow.scheduleFlush();
    else this.#applyPendingEnd();
  }

  #applyPendingEnd(): void {
    const how = this.#pendingPeerEnd;
    if (how === undefined) return;
    this.#pendingPeerEnd = undefined;
    if (this.#phase === "ended") return;
    const { protocol } = this.#reader;
    if (how === "fault") this.#onFault(protocol.fault);
    else this.#onPeerClose(protocol.closeCode, protocol.closeReason);
  }

  #onPeerClose(code: number, reason: string): void {
    if (this.#phase === "open") {
      this.#closeCode = code;
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
    this.#context.tracker.observers.onFault(code);
    const client = clientText(this.#origin);
    const text = webSocketFaultText(code, client, this.#settings);
    // A peer that vanished broke no rule.
    if (code === "PING_TIMEOUT") this.#context.logger.debug(text);
    else this.#context.logger.warning(text);
    if (this.#phase === "open") {
      this.#closeCode = closeCode;
      this.#peerGone(closeCode, reason);
      writeClose(this.#flow.out.writer, closeCode, reason);
    }
    this.#end();
  }

  // -- The application's side.

  writeMessage(message: Uint8Array | string, compress: boolean): void {
    const compression = compress ? this.#compression : undefined;
    writeMessage(this.#flow.out, message, compression);
    this.#observers?.onWebSocketMessage("sent", message.length);
  }

  close(code: number, reason: string): void {
    if (this.#phase !== "open") return;
    this.#closeCode = code;
    writeClose(this.#flow.out.writer, code, reason);
    this.#flow.out.flush();
    this.#reader.protocol.closeSent();
    this.#enter("closing");
    this.#timeouts.awaitClose(this.#settings.closeMs);
    // The reply must be seen, whatever lies in front of it.
    this.#reader.regulate();
    this.#reader.pump();
  }

  afterWrite(bytes: number): Promise<void> {
    return this.#flow.afterWrite(bytes);
  }

  onReceive(): void {
    if (
      this.#reader.isBehind &&
      this.#cycle.queuedMessages * 2 <= this.#settings.maxQueue
    ) {
      this.#reader.pump();
    }
  }

  onReturned(cycle: WebSocketCycle): void {
    const { tracker } = this.#context;
    tracker.releaseConcurrency();
    tracker.endCall(cycle);
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
      this.#context.atTurnEnd(contained(this, () => this.#restart()));
    }
  }

  #restart(): void {
    if (this.#phase !== "open") return;
    this.#closeCode = SERVICE_RESTART;
    this.#peerGone(SERVICE_RESTART, "");
    writeClose(this.#flow.out.writer, SERVICE_RESTART, "");
    this.#end();
  }

  abort(reason: Error): void {
    this.#cycle.cancel(reason);
    if (this.#phase === "open") {
      this.#closeCode = INTERNAL_ERROR;
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
    this.#timeouts.awaitClose(LINGER_MS);
    this.#reader.drop();
    this.#socket.end();
  }

  #destroy(): void {
    this.#enter("ended");
    this.#timeouts.awaitNothing();
    this.#socket.destroy();
  }
}
