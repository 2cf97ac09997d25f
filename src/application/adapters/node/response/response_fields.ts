/** Members of a response that set, read and remove its fields. */
import { headersSent, wrongType } from "../node_errors.ts";
import type { HeaderValue } from "./response_headers.ts";
import { HEADERS, type ResponseState } from "./response_state.ts";

export function setHeader(
  this: ResponseState,
  name: string,
  value: HeaderValue,
): ResponseState {
  if (this.headersSent) throw headersSent("set");
  this[HEADERS].set(name, value);
  return this;
}

export function appendHeader(
  this: ResponseState,
  name: string,
  value: HeaderValue,
): ResponseState {
  if (this.headersSent) throw headersSent("append");
  this[HEADERS].append(name, value);
  return this;
}

export function setHeaders(
  this: ResponseState,
  headers: Iterable<[string, HeaderValue]>,
): ResponseState {
  if (this.headersSent) throw headersSent("set");
  if (!(headers instanceof Headers) && !(headers instanceof Map)) {
    throw wrongType("headers", "an instance of Headers or Map", headers);
  }
  const own = this[HEADERS];
  const cookies: string[] = [];
  for (const [name, value] of headers) {
    // `Headers` yields each cookie by itself.
    if (name === "set-cookie" && !Array.isArray(value)) {
      cookies.push(value as string);
    } else own.set(name, value);
  }
  if (cookies.length > 0) own.set("set-cookie", cookies);
  return this;
}

export function getHeader(
  this: ResponseState,
  name: string,
): HeaderValue | undefined {
  return this[HEADERS].get(name);
}

export function getHeaders(this: ResponseState): Record<string, HeaderValue> {
  return this[HEADERS].all();
}

export function getHeaderNames(this: ResponseState): string[] {
  return this[HEADERS].names();
}

export function getRawHeaderNames(this: ResponseState): string[] {
  return this[HEADERS].rawNames();
}

export function hasHeader(this: ResponseState, name: string): boolean {
  return this[HEADERS].has(name);
}

export function removeHeader(this: ResponseState, name: string): void {
  if (this.headersSent) throw headersSent("remove");
  this[HEADERS].remove(name);
}
