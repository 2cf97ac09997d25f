/**
 * What crossws calls hooks, peers and messages: interfaces that its own classes satisfy, so that
 * hooks which are typed by crossws fit, and nothing of crossws is needed.
 */
import type { ChannelDriver } from "../../../../../config/options/topics.ts";
import type { HeadersInput } from "../../../../../runtime/web_types.ts";

/** The WebSocket below a peer, as far as it can be looked at. */
export interface CrosswsSocket {
  /** 1 while open, 2 while closing, 3 once closed. */
  readonly readyState: number;
  /** The subprotocol that was chosen; `""` if none. */
  readonly protocol: string;
  /** Extensions are negotiated by the server, and none is told of. */
  readonly extensions: string;
  /** The URL that was asked for, with `ws:` or `wss:`. */
  readonly url: string;
  /** Bytes of messages that have not left. */
  readonly bufferedAmount: number;
}

/** How a message is sent. */
export interface CrosswsSendOptions {
  /** `false` sends it uncompressed. Default: `true`, where compression was negotiated. */
  compress?: boolean;
}

/** One WebSocket, as hooks are given it. */
export interface CrosswsPeer {
  /** A random id. */
  readonly id: string;
  /** Who can be published to: by default the path that was asked for. */
  readonly namespace: string;
  /** What the hook `upgrade` gave. */
  readonly context: Record<string, unknown>;
  /** The request of the handshake. */
  readonly request: Request;
  /** IP address of the client; `""` behind a UNIX socket. */
  readonly remoteAddress: string | undefined;
  /** The WebSocket below. */
  readonly websocket: Partial<CrosswsSocket>;
  /** All of the namespace. */
  readonly peers: ReadonlySet<CrosswsPeer>;
  /** What it is subscribed to. */
  readonly topics: ReadonlySet<string>;
  /** Bytes of messages that have not left. */
  readonly bufferedAmount: number;
  /** Resolves when no more than `threshold` bytes (default: 0) wait, or the WebSocket has closed. */
  waitForDrain(
    options?: { threshold?: number; signal?: AbortSignal },
  ): Promise<void>;
  /** Sends text or bytes, and what is neither as JSON. */
  send(
    data: unknown,
    options?: CrosswsSendOptions,
  ): number | void | undefined;
  /** Sends to all others of the namespace that have subscribed to `topic`. */
  publish(topic: string, data: unknown, options?: CrosswsSendOptions): void;
  /** Gets what is published to `topic`. */
  subscribe(topic: string): void;
  /** Ends {@linkcode subscribe}. */
  unsubscribe(topic: string): void;
  /** Closes it behind what was sent. */
  close(code?: number, reason?: string): void;
  /** Closes it; the server takes the connection down when the client does not answer. */
  terminate(): void;
  /** Pings are the server's: `--ws-ping-interval`. */
  ping(data?: unknown): number | void | undefined;
}

/** One message, as hooks are given it. */
export interface CrosswsMessage {
  /** A random id. */
  readonly id: string;
  /** Text, or bytes. */
  readonly rawData: unknown;
  /** The same. */
  readonly data: unknown;
  /** As text. */
  text(): string;
  /** As JSON. */
  json<T = unknown>(): T;
  /** As bytes; text as UTF-8. */
  uint8Array(): Uint8Array;
  /** See `uint8Array()`. */
  arrayBuffer(): ArrayBufferLike;
  /** See `uint8Array()`. */
  blob(): Blob;
}

/** What the hook `upgrade` may give to accept a handshake. */
export interface CrosswsUpgrade {
  /** Further fields of the answer. */
  readonly headers?: HeadersInput;
  /** One of the subprotocols that the client offers. Default: none. */
  readonly protocol?: string;
  /** Default: the path. */
  readonly namespace?: string;
  /** Becomes `peer.context`. */
  readonly context?: Record<string, unknown>;
}

/** The hooks of one WebSocket, or of all. What one throws is logged. */
export interface CrosswsHooks {
  // Methods, so that the types of crossws, which name its classes, fit.
  /** Accepts by an object or nothing, and refuses by a `Response`, returned or thrown. */
  upgrade?(request: Request): unknown;
  /** Messages can be sent. */
  open?(peer: CrosswsPeer): unknown;
  /** The client has sent one. */
  message?(peer: CrosswsPeer, message: CrosswsMessage): unknown;
  /** Messages that had to wait have left. */
  drain?(peer: CrosswsPeer): unknown;
  /** The connection broke; `close` follows. */
  error?(peer: CrosswsPeer, error: Error): unknown;
  /** It has ended, with 1006 if the connection broke. */
  close?(
    peer: CrosswsPeer,
    details: { code?: number; reason?: string },
  ): unknown;
}

/** The options that crossws gives to its adapters. */
export interface CrosswsOptions {
  /** Called for every WebSocket. Default: none. */
  readonly hooks?: CrosswsHooks;
  /** Finds further hooks of a WebSocket by its request, once. Default: none. */
  resolve?(
    request: Request,
  ): CrosswsHooks | undefined | Promise<CrosswsHooks | undefined>;
  /** Default: the path that was asked for. */
  getNamespace?(request: Request): string;
  /** Chooses one of the subprotocols that are offered, if `upgrade` did not. Default: none. */
  handleProtocols?(protocols: Set<string>, request: Request): unknown;
  /** Carries what is published to other processes: a driver of `crossws/sync`. Default: none. */
  readonly sync?: ChannelDriver;
  /** Told what `sync` fails with. Default: it is written to the console. */
  onError?(error: unknown, context: { readonly stage: never }): void;
}
