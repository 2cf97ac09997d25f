/**
 * A request as `http.IncomingMessage`. Frameworks put prototypes of their own under requests
 * (Express does), so that what is ours are own members and not methods of the class.
 */
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import process from "node:process";
import type { HeaderPair, HttpScope } from "../../../asgi.ts";
import { distinctHeaders, joinHeaders, rawHeaders } from "./request_headers.ts";

/** The exchange behind a request. */
export interface RequestOwner {
  readonly scope: HttpScope;
  readonly socket: { destroy(error?: Error): unknown };
  /** The application reads the body. */
  pull(): void;
}

/** Where the members of a request find its exchange. */
const OWNER = Symbol("owner");

/** A request of ours. */
interface OwnRequest extends IncomingMessage {
  readonly [OWNER]: RequestOwner;
}

const { _read: nativeRead } = IncomingMessage.prototype;

function pull(this: OwnRequest, size: number): void {
  // Node holds reading back until its own method was called: without it, bodies of several pieces
  // are never asked for again.
  nativeRead.call(this, size);
  this[OWNER].pull();
}

/** As `node:http` does: a request that ends before it is whole is aborted, and its connection too. */
function destroyRequest(
  this: OwnRequest,
  error: Error | null,
  callback: (error?: Error | null) => void,
): void {
  if (!this.readableEnded || !this.complete) {
    (this as { aborted: boolean }).aborted = true;
    this.emit("aborted");
    this[OWNER].socket.destroy(error ?? undefined);
  }
  process.nextTick(() => {
    callback(this.listenerCount("error") > 0 ? error : null);
  });
}

const DISTINCT_HEADERS: PropertyDescriptor = {
  configurable: true,
  enumerable: false,
  get(this: OwnRequest) {
    return distinctHeaders(this[OWNER].scope.headers);
  },
};

/** Node from 24 on has it; where it is missing, this is it. */
const SIGNAL: PropertyDescriptor = {
  configurable: true,
  enumerable: false,
  get(this: OwnRequest) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    if (this.destroyed) abort();
    else this.once("close", abort);
    Object.defineProperty(this, "signal", { value: controller.signal });
    return controller.signal;
  },
};

const HAS_SIGNAL = "signal" in IncomingMessage.prototype;

/** Members of the class that are set here. */
interface Base extends IncomingMessage {
  _read(size: number): void;
  _destroy(
    error: Error | null,
    callback: (error?: Error | null) => void,
  ): void;
}
const Base = IncomingMessage as unknown as new (socket: Socket) => Base;

class NodeRequest extends Base {
  readonly [OWNER]: RequestOwner;
  override _read = pull as never;
  override _destroy = destroyRequest as never;

  constructor(owner: RequestOwner) {
    super(owner.socket as unknown as Socket);
    this[OWNER] = owner;
  }
}

/**
 * Makes the request of an exchange.
 *
 * @param hasBody Whether a body follows.
 */
export function createRequest(
  owner: RequestOwner,
  hasBody: boolean,
): IncomingMessage {
  const { scope } = owner;
  const request = new NodeRequest(owner);
  request.method = scope.method;
  request.url = targetOf(scope);
  const version = scope.http_version;
  request.httpVersion = version;
  request.httpVersionMajor = Number(version[0]);
  request.httpVersionMinor = Number(version[2] ?? 0);
  request.headers = joinHeaders(scope.headers) as typeof request.headers;
  request.rawHeaders = rawHeaders(scope.headers);
  request.complete = !hasBody;
  Object.defineProperty(request, "headersDistinct", DISTINCT_HEADERS);
  if (!HAS_SIGNAL) Object.defineProperty(request, "signal", SIGNAL);
  return request;
}

/** The target as it was sent: `request.url`. */
function targetOf(scope: HttpScope): string {
  const path = scope.raw_path ?? encodeURI(scope.path);
  return scope.query_string === "" ? path : `${path}?${scope.query_string}`;
}

/** Sets what came behind the body. */
export function setTrailers(
  request: IncomingMessage,
  fields: readonly HeaderPair[],
): void {
  request.trailers = joinHeaders(fields) as typeof request.trailers;
  request.rawTrailers = rawHeaders(fields);
}

/** Whether the fields announce a body (RFC 9112 §6.3). */
export function announcesBody(scope: HttpScope): boolean {
  for (const [name, value] of scope.headers) {
    if (name === "transfer-encoding") return true;
    if (name === "content-length") return value !== "0";
  }
  return false;
}
