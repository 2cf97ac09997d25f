/** Members of a response that fix its head, and what hands the head over. */
import { STATUS_CODES } from "node:http";
import { type HeadersInput, isList, pairsOf } from "./headers_input.ts";
import { headersSent, invalidStatus } from "../node_errors.ts";
import type { ResponseHeaders } from "./response_headers.ts";
import {
  HEADERS,
  IS_STARTED,
  OWNER,
  type ResponseState,
} from "./response_state.ts";

export function implicitHeader(this: ResponseState): void {
  this.writeHead(this.statusCode);
}

export function writeHead(
  this: ResponseState,
  status: number,
  reason?: string | HeadersInput,
  headers?: HeadersInput,
): ResponseState {
  if (this.headersSent) throw headersSent("write");
  const code = Number(status) | 0;
  if (code < 100 || code > 999) throw invalidStatus(status);
  if (typeof reason === "string") this.statusMessage = reason;
  else {
    this.statusMessage ||= STATUS_CODES[code] ?? "unknown";
    headers ??= reason;
  }
  if (headers) mergeHeaders(this[HEADERS], headers);
  this.statusCode = code;
  this.headersSent = true;
  // Middleware asks for it, express-session for one: any text says that the head is fixed.
  this._header = `HTTP/1.1 ${code} ${this.statusMessage}\r\n\r\n`;
  return this;
}

/** Takes the fields of `writeHead` over those that were set. */
function mergeHeaders(own: ResponseHeaders, headers: HeadersInput): void {
  const pairs = pairsOf(headers);
  if (!isList(headers)) {
    for (const [name, value] of pairs) own.set(name, value);
    return;
  }
  // They replace what was set, but repeat as they please.
  for (const [name] of pairs) own.remove(name);
  for (const [name, value] of pairs) own.append(name, value);
}

/** Fixes the head if that is still to be done, and hands it over. */
export function beginBody(response: ResponseState, isWhole: boolean): void {
  if (!response.headersSent) response._implicitHeader();
  if (response[IS_STARTED]) return;
  response[IS_STARTED] = true;
  response[OWNER].start(
    response.statusCode,
    response[HEADERS].pairs(),
    isWhole,
  );
}

export function flushHeaders(this: ResponseState): void {
  if (this.destroyed) return;
  beginBody(this, false);
}
