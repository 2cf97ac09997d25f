/** What all connections of one server share. */
import type { AsgiApp, SignalExtension, State, TlsExtension } from "../asgi.ts";
import type { HttpLimits } from "../http/limits.ts";
import type { AccessLog } from "../logging/access_log.ts";
import type { Logger } from "../logging/logger.ts";
import type {
  MessageDeflater,
  MessageInflater,
  OpenFile,
  TlsConnection,
} from "../runtime/types.ts";
import type { WebSocketLimits } from "../websocket/limits.ts";
import type { DeflatePreferences } from "../websocket/permessage_deflate.ts";
import type { OriginRule } from "./exchange/request_origin.ts";
import type { ServerAddresses } from "./exchange/connection_info.ts";
import type { Deadlines } from "./tracking/deadlines.ts";
import type { DefaultHeaders } from "./output/default_headers.ts";
import type { OpenConnections } from "./tracking/open_connections.ts";
import type { Indexed, IndexedList } from "./tracking/indexed_list.ts";
import type { WriterPool } from "./output/output_buffer.ts";
import type { FlushScheduler } from "./output/flush_scheduler.ts";

/** How a server treats its connections. Fixed while it runs. */
export interface HttpSettings {
  /** Finds the origins of requests that a proxy passed on; `undefined` takes the connection's. */
  readonly originRule: OriginRule | undefined;
  readonly limits: HttpLimits;
  /** Mount point, decoded, without trailing slash. */
  readonly rootPath: string;
  /** Whether `path` gets `rootPath` in front. */
  readonly prefixesRootPath: boolean;
  /** Idle time after a response, in milliseconds; 0 closes after each. */
  readonly keepAliveMs: number;
  /** For the first byte of a connection, in milliseconds. */
  readonly firstByteMs: number;
  /** For a request head, from its first byte, in milliseconds. */
  readonly headMs: number;
  /** Between two arrivals of body bytes, in milliseconds. */
  readonly bodyMs: number;
  /** Of one request; `Infinity` for any number. */
  readonly maxBodyBytes: number;
  /** Bytes of a request body that must arrive in a second, on average; 0 for none. */
  readonly minBodyRate: number;
  /**
   * For which the application may leave unread what made us stop reading, in milliseconds;
   * `Infinity` for ever.
   */
  readonly pauseMs: number;
  /** In which a peer must take some of what waits for it, in milliseconds. */
  readonly stallMs: number;
  /** `concurrentCycles` at which further requests get 503; `Infinity` for none. */
  readonly maxConcurrency: number;
  /** Whether `send` after the peer left rejects. */
  readonly raisesAfterDisconnect: boolean;
  /** Whether `http.response.early_hint` is offered. */
  readonly offersEarlyHints: boolean;
  /** `undefined` serves upgrade requests as ordinary ones. */
  readonly websocket: WebSocketSettings | undefined;
}

/** How a server treats its WebSockets. */
export interface WebSocketSettings {
  readonly limits: WebSocketLimits;
  /** Undelivered messages at which the socket stops reading, at least 1. */
  readonly maxQueue: number;
  /** Between pings, in milliseconds; `Infinity` for none. */
  readonly pingIntervalMs: number;
  /** For a pong, in milliseconds; `Infinity` waits for ever. */
  readonly pingTimeoutMs: number;
  /** For the peer's close frame after ours, in milliseconds. */
  readonly closeMs: number;
  /** For the application to answer the handshake, in milliseconds. */
  readonly handshakeMs: number;
  /** What is agreed on where a client offers compression; `undefined` never does. */
  readonly deflate: DeflatePreferences | undefined;
}

/** What the server does with an application's call. */
export interface TrackedCall extends Indexed {
  /** Stops waiting for it. @param reason What its signal tells. */
  cancel(reason: Error): void;
}

/** What connections use, and what they report to. One for each server. */
export interface ServerContext {
  readonly app: AsgiApp;
  readonly settings: HttpSettings;
  readonly logger: Logger;
  /** `undefined` when nobody reads it: then no entry is built. */
  readonly access: AccessLog | undefined;
  readonly defaults: DefaultHeaders;
  readonly deadlines: Deadlines;
  readonly flushScheduler: FlushScheduler;
  readonly writers: WriterPool;
  /** Opens the file of a pathsend. */
  readonly openFile: (path: string) => Promise<OpenFile>;
  /** Digests a handshake's key (RFC 6455 §4.2.2). */
  readonly acceptKey: (key: string) => string;
  /** What scopes tell of a TLS connection; `undefined` on a server without. */
  readonly tlsExtension: ((tls: TlsConnection) => TlsExtension) | undefined;
  readonly createDeflater: (bits: number, keeps: boolean) => MessageDeflater;
  readonly createInflater: (bits: number, keeps: boolean) => MessageInflater;
  /** Calls back when the current turn of the event loop is over. */
  readonly afterTurn: (callback: () => void) => void;
  /** Milliseconds, for durations in the access log. */
  readonly monotonicMs: () => number;
  /** What lifespan startup left; copied for each request. */
  readonly state: State;
  /** Raised when draining begins; the same for every scope. */
  readonly drainSignal: SignalExtension;
  /** Open connections. */
  readonly connections: OpenConnections;
  /** Applications that still run though their connection has gone on or is gone. */
  readonly detachedCalls: IndexedList<TrackedCall>;
  /** Whether the server is shutting down: answers close their connection. */
  isDraining: boolean;
  /** Applications that have not returned. */
  runningCycles: number;
  /**
   * Those among them that count against the concurrency limit: all but the ones whose response is
   * complete. A call whose client has left counts until it returns.
   */
  concurrentCycles: number;
  /** Responses completed or cut off, refusals included. */
  totalRequests: number;
  readonly serverAddresses: ServerAddresses;
  /** Numbers connections. */
  nextConnectionId: number;
  /** Called after each change that draining may be waiting for, and after each response. */
  onProgress: () => void;
  /** Whether the application was already told that its return value is ignored. */
  hasWarnedOfReturnValue: boolean;
  /** Whether the operator was already told of a handshake over HTTP/1.0. */
  hasWarnedOfOldUpgrade: boolean;
}
