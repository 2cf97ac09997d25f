/**
 * What arrives on one open WebSocket: reads frames ahead, pulls messages out of the protocol for as
 * long as the application has room, and pauses the socket behind that.
 */
import type { ByteBacklog } from "../../bytes/byte_backlog.ts";
import type { Socket } from "../../runtime/types.ts";
import type { WebSocketProtocol } from "../../websocket/protocol.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";

/** The WebSocket, which acts on what is read. Each of its calls may change whether reading goes on. */
export interface MessageReaderOwner {
  /** Whether the application has no room for another message. */
  isQueueFull(): boolean;
  /** Whether what the protocol has is wanted now. */
  mayPull(): boolean;
  /** Takes a message. One of the two is `undefined`. */
  onMessage(text: string | undefined, binary: Uint8Array | undefined): void;
  onPing(payload: Uint8Array): void;
  onPong(payload: Uint8Array): void;
  /**
   * The peer has closed, or broken the protocol.
   *
   * @param hasDelivered Whether messages came right before that.
   */
  onPeerEnd(how: "close" | "fault", hasDelivered: boolean): void;
  /** The application has room again, after it had none. */
  onCaughtUp(): void;
}

/** One WebSocket's. */
export class MessageReader {
  readonly protocol: WebSocketProtocol;
  readonly #socket: Socket;
  readonly #owner: MessageReaderOwner;
  /**
   * Frames that came before the handshake was answered, or that the application's queue has no room
   * for. The socket reads so far ahead, because a peer that leaves shows only behind the last of its
   * bytes.
   */
  readonly #ahead: ByteBacklog;
  #isPumping = false;
  #isPaused: boolean;
  /** Whether the queue was full when there was more to read. */
  #isBehind = false;
  #isClosed = false;

  /**
   * @param ahead Frames that have come already; given away.
   * @param isPaused Whether the socket is, because of them.
   */
  constructor(
    socket: Socket,
    protocol: WebSocketProtocol,
    ahead: ByteBacklog,
    isPaused: boolean,
    owner: MessageReaderOwner,
  ) {
    this.#socket = socket;
    this.protocol = protocol;
    this.#ahead = ahead;
    this.#isPaused = isPaused;
    this.#owner = owner;
  }

  /** Whether the socket is paused. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether the application had no room when there was more to read. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Bytes read ahead of what the application has room for. */
  #unreadBytes(): number {
    return this.#ahead.length + this.protocol.unreadBytes;
  }

  /** Bytes of messages that have arrived, whole or not, and those read ahead. */
  get heardBytes(): number {
    return this.protocol.messageBytes + this.#unreadBytes();
  }

  /** Bytes have arrived, which may be lent. */
  read(bytes: Uint8Array): void {
    const { protocol } = this;
    const hasUnread = this.#unreadBytes() > 0;
    if (hasUnread) this.#ahead.append(bytes);
    else protocol.push(bytes, this.#socket.isLending);
    this.pump();
    // What the application has no room for yet: the bytes are only lent.
    if (!hasUnread && protocol.unreadBytes > 0) protocol.hold();
  }

  /** Takes what the protocol has, for as long as it is wanted. */
  pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    const isDry = this.#pull();
    this.#isPumping = false;
    // Ordinarily there is room, as there was before: reading goes on as it is.
    if (!isDry || this.#isBehind || this.#isPaused) this.regulate();
  }

  /** @returns Whether everything has been taken. */
  #pull(): boolean {
    const { protocol } = this;
    const owner = this.#owner;
    let hasDelivered = false;
    while (owner.mayPull()) {
      switch (protocol.next()) {
        case "needMore":
          if (this.#ahead.length === 0) return true;
          protocol.push(this.#ahead.take(), false);
          break;
        case "message":
          owner.onMessage(protocol.text, protocol.binary);
          hasDelivered = true;
          break;
        case "ping":
          owner.onPing(protocol.payload);
          break;
        case "pong":
          owner.onPong(protocol.payload);
          break;
        case "close":
          owner.onPeerEnd("close", hasDelivered);
          break;
        case "fault":
          owner.onPeerEnd("fault", hasDelivered);
          break;
      }
    }
    return false;
  }

  /** Stops and restarts the socket's reading. */
  regulate(): void {
    if (this.#isClosed) return;
    const isBehind = this.#owner.isQueueFull();
    if (this.#isBehind && !isBehind) this.#owner.onCaughtUp();
    this.#isBehind = isBehind;
    const isFull = isBehind && this.#unreadBytes() >= READ_HIGH_WATER;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Drops what was read ahead, and reads on for the end. */
  drop(): void {
    this.#ahead.clear();
    this.regulate();
  }

  /** The socket has closed. */
  close(): void {
    this.#isClosed = true;
  }
}
