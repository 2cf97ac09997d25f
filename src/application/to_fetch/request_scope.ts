/** The scope of a `Request`, for applications that are called without a connection. */
import type {
  AsgiVersions,
  ClientAddress,
  HttpScope,
  State,
} from "../../asgi.ts";
import { decodePath } from "../../http/percent.ts";

const VERSIONS: AsgiVersions = Object.freeze({
  version: "3.0",
  spec_version: "2.5",
});

/** What the platform tells a fetch handler besides the request, in one of its forms. */
interface PlatformInfo {
  /** Of the Fetch Server API draft. */
  readonly remoteAddress?: { address?: unknown; port?: unknown } | null;
  /** By `transport`, beside `hostname` and `port`. */
  readonly remoteAddr?: { hostname?: unknown; port?: unknown };
  /** For who asks with the request. */
  readonly requestIP?: (
    request: Request,
  ) => { address?: unknown; port?: unknown } | null;
  /** Of Node servers. */
  readonly incoming?: {
    readonly socket?: { remoteAddress?: unknown; remotePort?: unknown };
  };
}

function pair(host: unknown, port: unknown): ClientAddress | null {
  if (typeof host !== "string" || host === "") return null;
  return [host, typeof port === "number" ? port : 0];
}

/** The client, as far as the platform tells; `null` if it does not. */
export function clientOf(request: Request, env: unknown): ClientAddress | null {
  const info = Object(env) as PlatformInfo;
  const { remoteAddress: remote, remoteAddr, incoming } = info;
  if (typeof remote === "object" && remote !== null) {
    return pair(remote.address, remote.port);
  }
  if (typeof remoteAddr === "object") {
    return pair(remoteAddr.hostname, remoteAddr.port);
  }
  if (typeof info.requestIP === "function") {
    const found = info.requestIP(request);
    return pair(found?.address, found?.port);
  }
  const socket = incoming?.socket;
  return pair(socket?.remoteAddress, socket?.remotePort);
}

/** What surrounds the scope of a request. */
export interface ScopeParts {
  readonly client: ClientAddress | null;
  /** Decoded, without trailing slash. */
  readonly rootPath: string;
  /** Whether `path` gets it in front. */
  readonly prefixesRootPath: boolean;
  readonly state: State;
  readonly drainSignal: AbortSignal;
  /** Breaks the response off. */
  abort(): void;
}

/** Builds the scope of `request`. */
export function requestScope(
  request: Request,
  { client, rootPath, prefixesRootPath, state, drainSignal, abort }: ScopeParts,
): HttpScope<State> {
  const url = new URL(request.url);
  const isSecure = url.protocol === "https:";
  const headers: [string, string][] = [...request.headers];
  if (!request.headers.has("host")) headers.unshift(["host", url.host]);
  return {
    type: "http",
    asgi: VERSIONS,
    http_version: "1.1", // a Request does not say
    method: request.method,
    scheme: isSecure ? "https" : "http",
    path: (prefixesRootPath ? rootPath : "") + decodePath(url.pathname),
    raw_path: url.pathname,
    query_string: url.search.slice(1),
    root_path: rootPath,
    headers,
    client,
    server: [
      url.hostname.replace(/^\[|\]$/g, ""),
      Number(url.port) || (isSecure ? 443 : 80),
    ],
    state: { ...state },
    extensions: {
      abort_signal: {
        get signal() {
          return request.signal;
        },
        abort,
      },
      drain_signal: { signal: drainSignal },
    },
  };
}
