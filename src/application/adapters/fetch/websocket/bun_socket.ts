/** A WebSocket with the interface that Bun's server gives to the `websocket` handlers of its applications. */
import type { Send, WebSocketReceiveEvent } from "../../../../asgi.ts";
import { MessageSender } from "./message_sender.ts";
import { wholeBuffer } from "./server_websocket.ts";
import type { Subscriber, Topics } from "./topics.ts";

type Data = string | ArrayBufferLike | ArrayBufferView;

/** The handlers of one application, for all of its WebSockets. */
export interface BunHandlers {
  open?(socket: BunSocket): unknown;
  message?(
    socket: BunSocket,
    message: string | Uint8Array | ArrayBuffer,
  ): unknown;
  /** Messages that had to wait have left. */
  drain?(socket: BunSocket): unknown;
  close?(socket: BunSocket, code: number, reason: string): unknown;
  /** What a handler throws; by default it is logged. */
  error?(socket: BunSocket, error: unknown): unknown;
}

/** What belongs to one WebSocket. */
export interface BunSocketParts {
  readonly data: unknown;
  readonly remoteAddress: string;
  readonly topics: Topics;
  onError(error: unknown): void;
  /** Is told when one message has left. */
  readonly onLeft?: (() => void) | undefined;
}

/** One WebSocket. */
export class BunSocket implements Subscriber {
  /** What `server.upgrade()` was given. */
  data: unknown;
  /** IP address of the client; `""` behind a UNIX socket. */
  readonly remoteAddress: string;
  /** How binary messages are given. Default: `"nodebuffer"`, bytes in any case. */
  binaryType: "nodebuffer" | "uint8array" | "arraybuffer" = "nodebuffer";
  readonly #handlers: BunHandlers;
  readonly #sender: MessageSender;
  readonly #topics: Topics;
  readonly #subscriptions = new Set<string>();
  readonly #onError: (error: unknown) => void;
  #readyState: 1 | 2 | 3 = 1;

  constructor(handlers: BunHandlers, send: Send, parts: BunSocketParts) {
    this.data = parts.data;
    this.remoteAddress = parts.remoteAddress;
    this.#topics = parts.topics;
    this.#onError = parts.onError;
    this.#handlers = handlers;
    this.#sender = new MessageSender(
      send,
      () => this.#call("drain"),
      parts.onLeft,
    );
  }

  /** 1 while open, 2 while closing, 3 once closed. */
  get readyState(): 1 | 2 | 3 {
    return this.#readyState;
  }

  /** Topics that it is subscribed to. */
  get subscriptions(): string[] {
    return [...this.#subscriptions];
  }

  /** Bytes of messages that have not left. */
  getBufferedAmount(): number {
    return this.#sender.bufferedAmount;
  }

  /** Sends a message. @returns Its size in bytes; -1 if it has to wait; 0 if it was dropped. */
  send(data: Data, compress = true): number {
    if (this.#readyState !== 1) return 0;
    const waits = this.#sender.isHeldUp;
    const size = this.#sender.write(data, compress);
    return waits ? -1 : size;
  }

  /** See {@linkcode send}. */
  sendText(data: string, compress?: boolean): number {
    return this.send(data, compress);
  }

  /** See {@linkcode send}. */
  sendBinary(
    data: ArrayBufferLike | ArrayBufferView,
    compress?: boolean,
  ): number {
    return this.send(data, compress);
  }

  /** Closes it behind what was sent. */
  close(code?: number, reason?: string): void {
    if (this.#readyState !== 1) return;
    this.#readyState = 2;
    this.#sender.close(code, reason);
  }

  /** Closes it; the server takes the connection down when the client does not answer. */
  terminate(): void {
    this.close(1001, "");
  }

  /** Messages of one turn leave together in any case. */
  cork<T>(callback: (socket: this) => T): T {
    return callback(this);
  }

  /** Pings are the server's: `--ws-ping-interval`. @returns 0. */
  ping(): number {
    return 0;
  }

  /** See {@linkcode ping}. */
  pong(): number {
    return 0;
  }

  subscribe(topic: string): void {
    this.#subscriptions.add(topic);
    this.#topics.subscribe(topic, this);
  }

  unsubscribe(topic: string): void {
    this.#subscriptions.delete(topic);
    this.#topics.unsubscribe(topic, this);
  }

  isSubscribed(topic: string): boolean {
    return this.#subscriptions.has(topic);
  }

  /** Sends to all other subscribers. */
  publish(topic: string, data: Data, compress?: boolean): number {
    return this.#topics.publish(topic, data, compress, this);
  }

  /** See {@linkcode publish}. */
  publishText(topic: string, data: string, compress?: boolean): number {
    return this.publish(topic, data, compress);
  }

  /** See {@linkcode publish}. */
  publishBinary(
    topic: string,
    data: ArrayBufferLike | ArrayBufferView,
    compress?: boolean,
  ): number {
    return this.publish(topic, data, compress);
  }

  // -- The server's side.

  /** @internal */
  onAccepted(): void {
    this.#call("open");
  }

  /** @internal Takes what the client does. @returns Whether it was the end. */
  onEvent(event: WebSocketReceiveEvent): boolean {
    if (event.type === "websocket.disconnect") {
      this.#readyState = 3;
      this.#call("close", event.code, event.reason);
      for (const topic of this.#subscriptions) {
        this.#topics.unsubscribe(topic, this);
      }
      return true;
    }
    if (event.type === "websocket.receive" && this.#readyState === 1) {
      this.#call("message", event.text ?? this.#binary(event.bytes!));
    }
    return false;
  }

  #binary(bytes: Uint8Array): Uint8Array | ArrayBuffer {
    const buffer = wholeBuffer(bytes);
    return this.binaryType === "arraybuffer" ? buffer : new Uint8Array(buffer);
  }

  /** Calls a handler. What it throws ends neither the WebSocket nor the process. */
  #call(name: keyof BunHandlers, ...rest: unknown[]): void {
    const handler = this.#handlers[name] as
      | ((this: BunHandlers, ...all: unknown[]) => unknown)
      | undefined;
    if (typeof handler !== "function") return;
    try {
      const result = handler.call(this.#handlers, this, ...rest);
      if (result instanceof Promise) result.catch((error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#handlers.error === undefined) return this.#onError(error);
    try {
      this.#handlers.error(this, error);
    } catch (second) {
      this.#onError(second);
    }
  }
}
