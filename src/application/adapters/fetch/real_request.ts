/**
 * A `Request` of the runtime's own class, for runtimes that take nothing else for one: only its
 * signal and body are made on first use.
 */
import type { HttpScope, Receive, WebSocketScope } from "../../../asgi.ts";
import { abortReason, isBodyless, lookAt, methodOf } from "./request_facts.ts";
import { requestStream, type StreamInit } from "./request_stream.ts";
import { requestUrl } from "./request_url.ts";
import type { ServerInfo } from "./server_info.ts";
import type { UpgradeRequest } from "./websocket/upgrade_request.ts";
import { UPGRADE } from "./websocket/upgrade_key.ts";

/** One request, as its handler sees it. */
export class RealRequest extends Request {
  readonly #info: ServerInfo;

  /** @throws TypeError if the host that was asked for cannot stand in a URL. */
  constructor(
    scope: HttpScope | WebSocketScope,
    receive: Receive,
    info: ServerInfo,
  ) {
    const { host, announcesBody } = lookAt(scope.headers);
    const method = methodOf(scope);
    const init: StreamInit = {
      method,
      headers: scope.headers as [string, string][],
    };
    if (announcesBody && !isBodyless(method)) {
      init.duplex = "half";
      init.body = requestStream(receive, () => abortReason(scope));
    }
    super(requestUrl(scope, host), init);
    this.#info = info;
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

  /** A copy that is aborted along with this one. */
  override clone(): Request {
    return new Request(super.clone(), { signal: this.signal });
  }

  /** @internal What belongs to the request. */
  static infoOf(request: RealRequest): ServerInfo {
    return request.#info;
  }
}

// An accessor of a class cannot stand for what the DOM library declares as a field.
Object.defineProperties(RealRequest.prototype, {
  signal: {
    configurable: true,
    enumerable: true,
    get(this: RealRequest): AbortSignal {
      return RealRequest.infoOf(this).signal;
    },
  },
  [UPGRADE]: {
    configurable: true,
    get(this: RealRequest): UpgradeRequest | undefined {
      return RealRequest.infoOf(this).upgradeRequest;
    },
  },
});
