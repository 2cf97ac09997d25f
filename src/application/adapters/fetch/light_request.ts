/**
 * A request that answers by itself what handlers ask of most requests, and becomes a real `Request`
 * behind the scenes for the rest: `clone()`, streams, forms, and whatever the runtime's own
 * functions make of it, such as `new Request(request)` and `fetch(request)`. Making a real one takes
 * as long as half of a small response (bench/connection/fetch_bench.ts).
 */
import type { HttpScope, Receive, WebSocketScope } from "../../../asgi.ts";
import { wholeBody } from "../../whole_body.ts";
import {
  type RequestShell,
  requestShell,
} from "../../../runtime/request_shell.ts";
import { forwardState } from "../../../runtime/node/internals/fetch_state.ts";
import { abortReason, isBodyless, lookAt, methodOf } from "./request_facts.ts";
import { REAL } from "./request_globals.ts";
import { requestStream, type StreamInit } from "./request_stream.ts";
import { normalUrl } from "./request_url.ts";
import type { ServerInfo } from "./server_info.ts";
import { standFor } from "./stand_in.ts";
import type { UpgradeRequest } from "./websocket/upgrade_request.ts";
import { UPGRADE } from "./websocket/upgrade_key.ts";

const Shell: RequestShell = requestShell();
/**
 * Whether functions of the runtime find the body of the shell, and not that of `body`: without one,
 * `Bun.write(path, request)` writes nothing.
 */
const HOLDS_BODY = "body" in Shell.prototype;
/** Tells whether something has read it. */
const isShellRead = Object.getOwnPropertyDescriptor(
  Shell.prototype,
  "bodyUsed",
)?.get as (() => boolean) | undefined;

/** Stands for a `Request`: `instanceof` says that it is one. */
export class LightRequest extends Shell {
  readonly #scope: HttpScope | WebSocketScope;
  readonly #receive: Receive;
  readonly #info: ServerInfo;
  readonly #url: string;
  readonly #hasBody: boolean;
  /** Whether the body was read without a stream. */
  #isBodyRead = false;
  #headers: Headers | undefined;
  #real: Request | undefined;
  /** The body of the shell, if it holds one. */
  readonly #stream: ReadableStream | undefined;

  /** @throws TypeError if the host that was asked for cannot stand in a URL. */
  constructor(
    scope: HttpScope | WebSocketScope,
    receive: Receive,
    info: ServerInfo,
  ) {
    const { host, announcesBody } = lookAt(scope.headers);
    const url = normalUrl(scope, host);
    const hasBody = announcesBody && !isBodyless(methodOf(scope));
    const stream = hasBody && HOLDS_BODY
      ? requestStream(receive, () => abortReason(scope))
      : undefined;
    super(url, stream && streamInit(scope, stream));
    this.#scope = scope;
    this.#receive = receive;
    this.#info = info;
    this.#url = url;
    this.#hasBody = hasBody;
    this.#stream = stream;
  }

  get url(): string {
    return this.#url;
  }

  get method(): string {
    const method = methodOf(this.#scope);
    return method === "GET" || method === "POST" ? method : normalised(method);
  }

  get headers(): Headers {
    return this.#headers ??= this.#real?.headers ??
      new Headers(this.#scope.headers as [string, string][]);
  }

  get signal(): AbortSignal {
    return this.#info.signal;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#hasBody ? LightRequest.realOf(this).body : null;
  }

  get bodyUsed(): boolean {
    return this.#isBodyRead ||
      (this.#real?.bodyUsed ?? isShellRead?.call(this) ?? false);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#ownsBody()
      ? this.#read().then(ownBuffer)
      : LightRequest.realOf(this).arrayBuffer();
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ownsBody()
      ? this.#read().then((bytes) => new Uint8Array(ownBuffer(bytes)))
      : LightRequest.realOf(this).bytes();
  }

  json(): Promise<unknown> {
    return this.#ownsBody()
      ? this.#read().then((bytes) => JSON.parse(decoder.decode(bytes)))
      : LightRequest.realOf(this).json();
  }

  text(): Promise<string> {
    return this.#ownsBody()
      ? this.#read().then((bytes) => decoder.decode(bytes))
      : LightRequest.realOf(this).text();
  }

  clone(): Request {
    return LightRequest.realOf(this).clone();
  }

  /** Whether there is a body, which nobody has read and no real request holds. */
  #ownsBody(): boolean {
    return this.#hasBody && !this.#isBodyRead && this.#real === undefined;
  }

  #read(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#stream?.locked) {
      return Promise.reject(new TypeError("Body is already used"));
    }
    this.#isBodyRead = true;
    this.#stream?.getReader(); // nobody else can read it
    return wholeBody(this.#receive, () => abortReason(this.#scope));
  }

  /** The address of the client, as some frameworks look for it. */
  get ip(): string | undefined {
    return this.#info.remoteAddress?.address;
  }

  /** The trailer fields of the request, once its body has been read to the end. */
  get trailers(): Promise<Headers> {
    return this.#info.requestTrailers;
  }

  /** Lets the server wait for `promise` when it shuts down. */
  get waitUntil(): (promise: Promise<unknown>) => void {
    const info = this.#info;
    return (promise) => info.waitUntil(promise);
  }

  /** @internal What belongs to the request. */
  static infoOf(light: LightRequest): ServerInfo {
    return light.#info;
  }

  /** @internal Whether `value` is one. */
  static is(value: unknown): value is LightRequest {
    return typeof value === "object" && value !== null && #real in value;
  }

  /** @internal The real request, made when it is first needed. */
  static realOf(light: LightRequest): Request {
    const made = light.#real;
    if (made === undefined) return light.#real = light.#makeReal();
    if (light.#headers !== undefined && light.#headers !== made.headers) {
      copyFields(light.#headers, made.headers);
    }
    return made;
  }

  #makeReal(): Request {
    const init: StreamInit = {
      method: methodOf(this.#scope),
      headers: this.#headers ?? this.#scope.headers as [string, string][],
      signal: this.signal,
    };
    if (!this.#hasBody) return new Request(this.#url, init);
    init.duplex = "half";
    init.body = this.#isBodyRead ? emptyStream() : this.#stream ??
      requestStream(this.#receive, () => abortReason(this.#scope));
    const real = new Request(this.#url, init);
    // What was read without a stream counts as read.
    if (this.#isBodyRead) void real.text();
    return real;
  }
}

function streamInit(
  scope: HttpScope | WebSocketScope,
  body: ReadableStream,
): StreamInit {
  return { method: methodOf(scope), body, duplex: "half" };
}

const decoder = new TextDecoder();

function emptyStream(): ReadableStream {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** The bytes in a buffer that has nothing else. */
function ownBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const { buffer } = bytes;
  return bytes.length === buffer.byteLength ? buffer : bytes.slice().buffer;
}

/** Methods whose case the Fetch standard mends; others are left as they are. */
const NORMALISED: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "POST",
  "PUT",
]);

function normalised(method: string): string {
  const upper = method.toUpperCase();
  return NORMALISED.has(upper) ? upper : method;
}

/** Makes `target` have the fields of `source`: handlers may have changed theirs. */
function copyFields(source: Headers, target: Headers): void {
  for (const name of [...target.keys()]) target.delete(name);
  for (const [name, value] of source) target.append(name, value);
}

const { prototype } = LightRequest;
standFor(prototype, Request, LightRequest.realOf);
Object.defineProperty(prototype, REAL, {
  configurable: true,
  value(this: LightRequest): Request {
    return LightRequest.realOf(this);
  },
});
Object.defineProperty(prototype, UPGRADE, {
  configurable: true,
  get(this: LightRequest): UpgradeRequest | undefined {
    return LightRequest.infoOf(this).upgradeRequest;
  },
});
forwardState(prototype, (light) => LightRequest.realOf(light as LightRequest));
