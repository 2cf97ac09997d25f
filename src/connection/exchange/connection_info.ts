/** What all requests of one connection share. */
import type { ServerAddress, TlsExtension } from "../../asgi.ts";
import type { Address, Socket, TlsConnection } from "../../runtime/types.ts";
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

/** What connections of one server share and count. */
export interface ConnectionInfoShared {
  readonly settings: { readonly rootPath: string };
  readonly serverAddresses: ServerAddresses;
  /** The last number that was given. */
  nextConnectionId: number;
}

/** Reads a socket's addresses once for all of its requests, and numbers the connection. */
export function connectionInfo(
  socket: Socket,
  shared: ConnectionInfoShared,
): ConnectionInfo {
  const { tls, localAddress, remoteAddress } = socket;
  return {
    // A UNIX peer has no address, and one that is already gone cannot be asked for it.
    client: remoteAddress?.kind === "tcp" ? remoteAddress : undefined,
    scheme: tls === undefined ? "http" : "https",
    rootPath: shared.settings.rootPath,
    clientText: undefined,
    server: shared.serverAddresses.entryOf(localAddress),
    id: `${++shared.nextConnectionId}`,
    requests: 0,
    alpn: tls?.alpn ?? null,
    tls,
    tlsExtension: undefined,
  };
}

/**
 * The entries `server` of the scopes of one server. Most of its connections have the same local address, down to the object: one
 * frozen entry for all of them saves Bun a quarter of a kB for each.
 */
export class ServerAddresses {
  #address: Address | undefined;
  #entry: ServerAddress | null = null;

  /** The entry for connections accepted at `address`; `null` if it has no name. */
  entryOf(address: Address): ServerAddress | null {
    if (this.#address !== address) {
      this.#address = address;
      this.#entry = newEntry(address);
    }
    return this.#entry;
  }
}

function newEntry(address: Address): ServerAddress | null {
  if (address.kind === "tcp") {
    return Object.freeze([address.host, address.port] as const);
  }
  // An inherited socket need not tell its path.
  return address.path === ""
    ? null
    : Object.freeze([address.path, null] as const);
}
