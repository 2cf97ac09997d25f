/** One WebSocket, as hooks of crossws are given it. */
import type { BunSocket } from "../bun_socket.ts";
import type { PeerGroup } from "./peer_group.ts";
import type {
  CrosswsPeer,
  CrosswsSendOptions,
  CrosswsSocket,
} from "./crossws_types.ts";

/** What is known of a WebSocket when its handshake is accepted. */
export interface PeerParts {
  readonly request: Request;
  readonly protocol: string;
  readonly context: Record<string, unknown>;
  readonly group: PeerGroup;
}

/** What a WebSocket sends: text and bytes as they are, nothing as empty text, the rest as JSON. */
export function messageData(data: unknown): string | Uint8Array {
  if (typeof data === "string" || data instanceof Uint8Array) return data;
  if (data === undefined || data === null) return "";
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    return new Uint8Array(data);
  }
  return typeof data === "object" ? JSON.stringify(data) : String(data);
}

/** See {@linkcode CrosswsPeer}. */
export class Peer implements CrosswsPeer {
  readonly request: Request;
  readonly context: Record<string, unknown>;
  readonly websocket: CrosswsSocket;
  readonly topics: Set<string> = new Set();
  readonly #socket: BunSocket;
  readonly #group: PeerGroup;
  #id: string | undefined;
  /** Who waits until messages have left, or the end has come. */
  #waiting: (() => void)[] = [];

  constructor(socket: BunSocket, parts: PeerParts) {
    const { request, protocol } = parts;
    this.request = request;
    this.context = parts.context;
    this.#socket = socket;
    this.#group = parts.group;
    this.websocket = {
      protocol,
      extensions: "",
      get readyState() {
        return socket.readyState;
      },
      get url() {
        return request.url.replace(/^http/, "ws");
      },
      get bufferedAmount() {
        return socket.getBufferedAmount();
      },
    };
  }

  get id(): string {
    return this.#id ??= crypto.randomUUID();
  }

  get namespace(): string {
    return this.#group.namespace;
  }

  get peers(): ReadonlySet<CrosswsPeer> {
    return this.#group.peers;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress;
  }

  get bufferedAmount(): number {
    return this.#socket.getBufferedAmount();
  }

  async waitForDrain(
    options: { threshold?: number; signal?: AbortSignal } = {},
  ): Promise<void> {
    const { threshold = 0, signal } = options;
    while (this.bufferedAmount > threshold && this.#socket.readyState !== 3) {
      signal?.throwIfAborted();
      const changed = Promise.withResolvers<void>();
      const wake = () => changed.resolve();
      this.#waiting.push(wake);
      signal?.addEventListener("abort", wake);
      await changed.promise;
      signal?.removeEventListener("abort", wake);
    }
  }

  send(data: unknown, options?: CrosswsSendOptions): number {
    return this.#socket.send(messageData(data), options?.compress);
  }

  publish(topic: string, data: unknown, options?: CrosswsSendOptions): void {
    this.#group.publish(topic, messageData(data), options, this);
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  ping(): number {
    return this.#socket.ping();
  }

  toString(): string {
    return this.id;
  }

  // -- The adapter's side.

  /** A message has left, or none will any more. */
  onLeft(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
