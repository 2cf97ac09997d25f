/**
 * A response as `http.ServerResponse`, whose head and body go straight to `send()`: Node's own code
 * would make bytes of them, to be parsed again.
 *
 * Frameworks put prototypes of their own under responses (Express does), so that what is ours are
 * own members and not methods of the class. Middleware replaces `writeHead`, `write` and `end` by
 * wrappers: they call each other through the response, as those of Node do.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import {
  addTrailers,
  writeContinue,
  writeEarlyHints,
  writeInformation,
  writeProcessing,
} from "./interim_responses.ts";
import type { RequestSocket } from "../request_socket.ts";
import { end, write } from "./response_body.ts";
import {
  appendHeader,
  getHeader,
  getHeaderNames,
  getHeaders,
  getRawHeaderNames,
  hasHeader,
  removeHeader,
  setHeader,
  setHeaders,
} from "./response_fields.ts";
import { flushHeaders, implicitHeader, writeHead } from "./response_head.ts";
import { ResponseHeaders } from "./response_headers.ts";
import {
  type Callback,
  HEADERS,
  IS_STARTED,
  OWNER,
  type ResponseOwner,
  type ResponseState,
} from "./response_state.ts";

/** What of the runtime's class is used as it is. */
interface Base {
  statusCode: number;
  statusMessage: string | undefined;
  destroyed: boolean;
  finished: boolean;
  _header: string | null;
  emit(event: string, ...args: unknown[]): boolean;
  on(event: string, listener: Callback): void;
  once(event: string, listener: Callback): void;
}
const Base = ServerResponse as unknown as new (
  request: IncomingMessage,
) => Base;

class NodeResponse extends Base implements ResponseState {
  readonly [OWNER]: ResponseOwner;
  readonly [HEADERS]: ResponseHeaders = new ResponseHeaders();
  [IS_STARTED] = false;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  writableLength = 0;
  writableNeedDrain = false;
  closed = false;
  errored: Error | null = null;
  readonly socket: RequestSocket;
  readonly connection: RequestSocket;
  setHeader = setHeader;
  appendHeader = appendHeader;
  setHeaders = setHeaders;
  getHeader = getHeader;
  getHeaders = getHeaders;
  getHeaderNames = getHeaderNames;
  getRawHeaderNames = getRawHeaderNames;
  hasHeader = hasHeader;
  removeHeader = removeHeader;
  writeHead = writeHead;
  flushHeaders = flushHeaders;
  write = write;
  end = end;
  addTrailers = addTrailers;
  writeContinue = writeContinue;
  writeProcessing = writeProcessing;
  writeEarlyHints = writeEarlyHints;
  writeInformation = writeInformation;
  cork = nothing;
  uncork = nothing;
  destroy = destroy;
  _implicitHeader = implicitHeader;

  constructor(request: IncomingMessage, owner: ResponseOwner) {
    super(request);
    this[OWNER] = owner;
    this.socket = owner.socket;
    this.connection = owner.socket;
  }
}

/** What the end of a response changes. */
export interface OwnResponse {
  destroyed: boolean;
  closed: boolean;
  readonly writableEnded: boolean;
  writableFinished: boolean;
  writableLength: number;
  emit(event: string, ...args: unknown[]): boolean;
}

/** Makes the response to `request`. */
export function createResponse(
  request: IncomingMessage,
  owner: ResponseOwner,
): OwnResponse {
  return new NodeResponse(request, owner);
}

function nothing(): void {}

function destroy(this: ResponseState, error?: Error): ResponseState {
  if (this.destroyed) return this;
  this.errored = error ?? null;
  this[OWNER].socket.destroy(error);
  return this;
}

/** Every piece was handed over. */
export function finishResponse(response: OwnResponse): void {
  if (response.destroyed) return;
  response.writableFinished = true;
  response.writableLength = 0;
  response.emit("finish");
  closeResponse(response);
}

/** The response is over, complete or not: told once. */
export function closeResponse(response: OwnResponse): void {
  if (response.closed) return;
  response.destroyed = true;
  response.closed = true;
  response.emit("close");
}
