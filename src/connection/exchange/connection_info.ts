/** What all requests of one connection share. */
import type { ServerAddress, TlsExtension } from "../../asgi.ts";
import type { Socket, TlsConnection } from "../../runtime/types.ts";
import type { ServerContext } from "../context.ts";
import type { RequestOrigin } from "./request_origin.ts";

/** One connection. Also the origin of its requests, unless a rule finds another. */
export interface ConnectionInfo extends RequestOrigin {
  readonly server: ServerAddress | null;
  /** Unique within the process. */
  readonly id: string;
  /** Requests so far. */
  requests: number;
  /** What TLS agreed on. */
  readonly alpn: string | null;
  /** `undefined` on a plain connection. */
  readonly tls: TlsConnection | undefined;
  /** The extension `tls` of its scopes, made for the first of them. */
  tlsExtension: TlsExtension | undefined;
}

/** Reads a socket's addresses once for all of its requests, and numbers the connection. */
export function connectionInfo(
  socket: Socket,
  context: ServerContext,
): ConnectionInfo {
  const { tls, localAddress, remoteAddress } = socket;
  return {
    // A UNIX peer has no address, and one that is already gone cannot be asked for it.
    client: remoteAddress?.kind === "tcp" ? remoteAddress : undefined,
    scheme: tls === undefined ? "http" : "https",
    rootPath: context.settings.rootPath,
    clientText: undefined,
    server: context.serverAddresses.entryOf(localAddress),
    id: `${++context.nextConnectionId}`,
    requests: 0,
    alpn: tls?.alpn ?? null,
    tls,
    tlsExtension: undefined,
  };
}
