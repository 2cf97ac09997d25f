/** What all connections of one server share. */
import type {
  AsgiApp,
  SignalExtension,
  State,
  TlsExtension,
  Topics,
  UpgradeExtension,
} from "../asgi.ts";
import type { AbortReason } from "../logging/access/request_record.ts";
import type { HttpLimits } from "../http/limits.ts";
import type { WarnOnce } from "../logging/one_time_warnings.ts";
import type { Logger } from "../logging/logger.ts";
import type {
  MessageDeflater,
  MessageInflater,
  OpenFile,
  Socket,
  SocketHandler,
  TlsConnection,
  TurnListener,
} from "../runtime/types.ts";
import type { WebSocketLimits } from "../websocket/limits.ts";
import type { DeflatePreferences } from "../websocket/permessage_deflate.ts";
import type { RequestIdRule } from "./scope/request_id.ts";
import type { OriginRule, RequestOrigin } from "./scope/request_origin.ts";
import type { ResponseNotes } from "./exchange/response_notes.ts";
import type {
  ConnectionInfo,
  ServerAddresses,
} from "./scope/connection_info.ts";
import type { Deadlines } from "./tracking/deadlines.ts";
import type { DefaultHeaders } from "./output/default_headers.ts";
import type { Tracker } from "./tracking/tracker.ts";
import type { WriterPool } from "./output/output_buffer.ts";

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
  /** For a whole request, in milliseconds; `Infinity` for none. */
  readonly requestMs: number;
  /** For which a request over the limit may wait, in milliseconds; 0 refuses it at once. */
  readonly concurrencyWaitMs: number;
  /** `concurrentCalls` at which further requests get 503; `Infinity` for none. */
  readonly maxConcurrency: number;
  /**
   * As in the request line: its requests are for the server itself, are served beyond
   * `maxConcurrency`, and leave no record. `undefined` for none.
   */
  readonly healthPath: string | undefined;
  /** Whether `send` after the peer left rejects. */
  readonly raisesAfterDisconnect: boolean;
  /** Finds the ids of requests; `undefined` gives them none. */
  readonly requestIdRule: RequestIdRule | undefined;
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

/** An upgrade that an application may take over: that of connection/http1/raw_upgrade.ts. */
export interface OfferedUpgrade extends UpgradeExtension, SocketHandler {
  /** The connection is its own. */
  start(
    socket: Socket,
    rest: { readonly early: Uint8Array; readonly hasEnded: boolean },
    clientHost: string | undefined,
  ): void;
  /** Ends the connection, if it was taken. */
  end(): void;
}

/** The exchange whose connection may be taken over. */
export interface OfferedUpgradeOwner {
  readonly info: ConnectionInfo;
  readonly origin: RequestOrigin;
  readonly cycle: { onYieldedEnd(): void };
  /** @throws Error if a response has begun. */
  takeOver(upgrade: OfferedUpgrade): void;
  /**
   * Reports the request, once.
   *
   * @param cause Why there was no answer; `undefined` if there was one.
   */
  onAnswered(status: number, cause: AbortReason | undefined): void;
}

/** See {@linkcode OfferedUpgrade}. */
export type NewRawUpgrade = (
  owner: OfferedUpgradeOwner,
  context: ServerContext,
) => OfferedUpgrade;

/** What connections use, and report to. Only its tracker changes. One for each server. */
export interface ServerContext {
  readonly app: AsgiApp;
  /**
   * Makes what an upgrade request is offered with, if the application takes connections over;
   * `undefined` if it does not.
   */
  readonly newRawUpgrade: NewRawUpgrade | undefined;
  readonly settings: HttpSettings;
  readonly logger: Logger;
  /** Logs a warning once, at the first time that its topic comes up. */
  readonly warnOnce: WarnOnce;
  /** Connections and calls, and who observes them. */
  readonly tracker: Tracker;
  /** Notes on the responses of one connection, if an observer needs any. */
  readonly newResponseNotes: () => ResponseNotes | undefined;
  readonly defaults: DefaultHeaders;
  readonly deadlines: Deadlines;
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
  /** The same, and what is thrown ends the listener alone. */
  readonly atTurnEnd: (listener: TurnListener) => void;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** The same for requests, as exact as their observers need it. */
  readonly requestMs: () => number;
  /** What lifespan startup left; copied for each request. */
  readonly state: State;
  /** Raised when draining begins; the same for every scope. */
  readonly drainSignal: SignalExtension;
  /** Messages between all subscribers; the same for every scope. */
  readonly topics: Topics;
  readonly serverAddresses: ServerAddresses;
}
