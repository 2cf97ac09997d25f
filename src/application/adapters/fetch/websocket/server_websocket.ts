/** The server's side of a WebSocket, with the interface of the standard `WebSocket`. */
import type { Send, WebSocketReceiveEvent } from "../../../../asgi.ts";
import { closeEvent } from "./close_event.ts";
import { type MessageData, MessageSender } from "./message_sender.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** What may be said of a single message. */
export interface MessageOptions {
  /** `false` sends it uncompressed. Default: `true`, where compression was negotiated. */
  readonly compress?: boolean;
}

/** An `on…` field: what is called with the event, or `null`. */
export type Handler<E extends Event> = ((event: E) => unknown) | null;

/**
 * A WebSocket that a client has opened. Its events are `open`, `message`, `error` and `close`, for
 * listeners and for the `on…` fields; what a listener throws is an uncaught exception.
 */
export class ServerWebSocket extends EventTarget {
  /** Value of `readyState` before the WebSocket is open. */
  static readonly CONNECTING: 0 = CONNECTING;
  /** Value of `readyState` while messages can be sent. */
  static readonly OPEN: 1 = OPEN;
  /** Value of `readyState` during the closing handshake. */
  static readonly CLOSING: 2 = CLOSING;
  /** Value of `readyState` at the end. */
  static readonly CLOSED: 3 = CLOSED;
  /** Value of `readyState` before the WebSocket is open. */
  readonly CONNECTING: 0 = CONNECTING;
  /** Value of `readyState` while messages can be sent. */
  readonly OPEN: 1 = OPEN;
  /** Value of `readyState` during the closing handshake. */
  readonly CLOSING: 2 = CLOSING;
  /** Value of `readyState` at the end. */
  readonly CLOSED: 3 = CLOSED;

  /** The URL that was asked for, with `ws:` or `wss:`. */
  readonly url: string;
  /** The subprotocol that was chosen; `""` if none. */
  readonly protocol: string;
  /** Extensions are negotiated by the server, and none is told of. */
  readonly extensions = "";
  /** How binary messages are given. Default: `"blob"`, as everywhere. */
  binaryType: "blob" | "arraybuffer" = "blob";
  #readyState: 0 | 1 | 2 | 3 = CONNECTING;
  #sender: MessageSender | undefined;
  readonly #handlers = new Map<string, Handler<never>>();

  /** @internal */
  constructor(url: string, protocol: string) {
    super();
    this.url = url;
    this.protocol = protocol;
  }

  /** 0 while connecting, 1 while open, 2 while closing, 3 once closed. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  /** Bytes of messages that have not left. */
  get bufferedAmount(): number {
    return this.#sender?.bufferedAmount ?? 0;
  }

  /** Called when messages can be sent. */
  get onopen(): Handler<Event> {
    return this.#handler("open");
  }
  set onopen(handler: Handler<Event>) {
    this.#handle("open", handler);
  }

  /** Called with each message of the client. */
  get onmessage(): Handler<MessageEvent> {
    return this.#handler("message");
  }
  set onmessage(handler: Handler<MessageEvent>) {
    this.#handle("message", handler);
  }

  /** Called before `onclose` if the connection broke. */
  get onerror(): Handler<Event> {
    return this.#handler("error");
  }
  set onerror(handler: Handler<Event>) {
    this.#handle("error", handler);
  }

  /** Called once, at the end. */
  get onclose(): Handler<CloseEvent> {
    return this.#handler("close");
  }
  set onclose(handler: Handler<CloseEvent>) {
    this.#handle("close", handler);
  }

  #handler<E extends Event>(type: string): Handler<E> {
    return (this.#handlers.get(type) ?? null) as Handler<E>;
  }

  #handle(type: string, handler: unknown): void {
    const isFirst = !this.#handlers.has(type);
    this.#handlers.set(
      type,
      typeof handler === "function" ? handler as Handler<never> : null,
    );
    // One listener for ever keeps the handler's place among the others.
    if (isFirst) {
      this.addEventListener(type, (event) => {
        this.#handlers.get(type)?.call(this, event as never);
      });
    }
  }

  /**
   * Sends a message. It does nothing once the WebSocket closes.
   *
   * @throws DOMException `InvalidStateError` before `open`.
   */
  send(data: MessageData, options: MessageOptions = {}): void {
    if (this.#sender === undefined) {
      throw new DOMException(
        "Cannot send: the WebSocket is not open yet",
        "InvalidStateError",
      );
    }
    const message = typeof data === "object" ? data : String(data);
    this.#sender.write(message, options.compress ?? true);
  }

  /**
   * Closes the WebSocket behind what was sent.
   *
   * @param code 1000, or 3000 to 4999. Default: 1000.
   * @param reason At most 123 bytes.
   * @throws DOMException `InvalidAccessError` for another code, `SyntaxError` for a longer reason.
   */
  close(code?: number, reason?: string): void {
    if (
      code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)
    ) {
      throw new DOMException(
        `Cannot close with code ${code}: expected 1000, or 3000 to 4999`,
        "InvalidAccessError",
      );
    }
    if (
      reason !== undefined && new TextEncoder().encode(reason).length > 123
    ) {
      throw new DOMException(
        "Cannot close: expected a reason of at most 123 bytes",
        "SyntaxError",
      );
    }
    if (this.#readyState >= CLOSING) return;
    this.#readyState = CLOSING;
    this.#sender?.close(code, reason);
  }

  // -- The server's side.

  /** @internal The handshake was accepted. */
  onAccepted(send: Send): void {
    this.#sender = new MessageSender(send);
    if (this.#readyState === CLOSING) {
      this.#sender.close(undefined, undefined); // closed before it was open
      return;
    }
    this.#readyState = OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** @internal Takes what the client does. @returns Whether it was the end. */
  onEvent(event: WebSocketReceiveEvent): boolean {
    if (event.type === "websocket.disconnect") {
      this.onClosed(event.code, event.reason);
      return true;
    }
    if (event.type === "websocket.receive" && this.#readyState === OPEN) {
      const data = event.text ?? this.#binary(event.bytes!);
      this.dispatchEvent(
        new MessageEvent("message", { data, origin: this.url }),
      );
    }
    return false;
  }

  /** @internal The connection has ended, or the handshake was refused. */
  onClosed(code: number, reason: string): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    if (code === 1006) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(closeEvent(code, reason));
  }

  #binary(bytes: Uint8Array): Blob | ArrayBuffer {
    return this.binaryType === "blob"
      ? new Blob([bytes as Uint8Array<ArrayBuffer>])
      : wholeBuffer(bytes);
  }
}

/** A buffer that holds `bytes` and nothing else. */
export function wholeBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes;
  return (byteLength === buffer.byteLength
    ? buffer
    : bytes.slice().buffer) as ArrayBuffer;
}
