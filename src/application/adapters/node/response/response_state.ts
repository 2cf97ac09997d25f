/** What the members of a response share: where they find its exchange, and what they read and set. */
import type { BodyInput, HeaderPair } from "../../../../asgi.ts";
import type { HeadersInput } from "./headers_input.ts";
import type { RequestSocket } from "../request_socket.ts";
import type { ResponseHeaders } from "./response_headers.ts";

/** The exchange behind a response. */
export interface ResponseOwner {
  readonly socket: RequestSocket;
  readonly isHead: boolean;
  /**
   * Hands the head over.
   *
   * @param isWhole Whether the whole body follows at once.
   */
  start(status: number, headers: HeaderPair[], isWhole: boolean): void;
  /** Hands a piece of the body over. Resolves when more can be taken. */
  write(body: BodyInput): Promise<void>;
  /** Ends the response with the last piece. */
  end(body: BodyInput | undefined): void;
  addTrailers(fields: readonly HeaderPair[]): void;
  /** Sends an interim response. */
  inform(status: number, fields: readonly HeaderPair[]): void;
  /** The client may send its body. */
  proceed(): void;
}

/** Told of the end of a write, or why there was none. */
export type Callback = (error?: Error | null) => void;

/** Where the members of a response find its exchange. */
export const OWNER: unique symbol = Symbol("owner");
/** Where they find its fields. */
export const HEADERS: unique symbol = Symbol("headers");
/** Whether the head was handed over. */
export const IS_STARTED: unique symbol = Symbol("isStarted");

/** A response as its own members see it. Those that middleware replaces are called through it. */
export interface ResponseState {
  readonly [OWNER]: ResponseOwner;
  readonly [HEADERS]: ResponseHeaders;
  [IS_STARTED]: boolean;
  statusCode: number;
  statusMessage: string | undefined;
  headersSent: boolean;
  destroyed: boolean;
  finished: boolean;
  errored: Error | null;
  writableEnded: boolean;
  writableFinished: boolean;
  /** Bytes handed over and not yet taken. */
  writableLength: number;
  writableNeedDrain: boolean;
  _header: string | null;
  _implicitHeader(): void;
  writeHead(status: number, headers?: HeadersInput): ResponseState;
  writeContinue(callback?: Callback): void;
  emit(event: string, ...args: unknown[]): boolean;
  on(event: string, listener: Callback): void;
  once(event: string, listener: Callback): void;
}
