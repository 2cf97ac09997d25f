/** Which protocol is spoken on a connection that has been accepted. */
import type { Socket, SocketHandler } from "../runtime/types.ts";
import type { ServerContext } from "./context.ts";
import { Http1Connection } from "./http1/http1_connection.ts";
import type { TrackedConnection } from "./tracking/open_connections.ts";

/** Names of the protocols offered to TLS clients by ALPN (RFC 7301), the preferred first. */
export const ALPN_PROTOCOLS: readonly string[] = ["http/1.1"];

/** A connection whose protocol is known. */
export interface ProtocolConnection extends SocketHandler, TrackedConnection {
  /** Bounds the wait for its first byte. @param expiresAt On the coarse clock. */
  capDeadline(expiresAt: number): void;
}

/** Starts the protocol on `socket`: HTTP/1.1, whatever ALPN chose. */
export function startProtocol(
  socket: Socket,
  context: ServerContext,
): ProtocolConnection {
  return new Http1Connection(socket, context);
}
