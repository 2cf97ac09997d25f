/** What all requests of one connection share. */
import type { ServerAddress, TlsExtension } from "../../asgi.ts";
import type { Address, Socket, TlsConnection } from "../../runtime/types.ts";
import type { Tracker } from "../tracking/tracker.ts";
import type { PeerOrigin } from "./request_origin.ts";

/** One connection. Also the origin of its requests, unless a rule finds another. */
export interface ConnectionInfo extends PeerOrigin {
  /** Unique within the process. */
  readonly id: string;
  /** Requests so far. */
  requests: number;
  /** On the monotonic clock, in milliseconds; 0 if nobody observes connections. */
  readonly openedAtMs: number;
  /** `undefined` on a plain connection. */
  readonly tls: TlsConnection | undefined;
  /** The extension `tls` of its scopes, made for the first of them. */
  tlsExtension: TlsExtension | undefined;
}

/** What connections of one server share. */
export interface ConnectionInfoShared {
  readonly settings: { readonly rootPath: string };
  readonly serverAddresses: ServerAddresses;
  readonly tracker: Pick<Tracker, "nextConnectionId" | "observers">;
  readonly monotonicMs: () => number;
}

/**
 * Reads a socket's addresses once for all of its requests, numbers the connection, and tells the
 * observers of it.
 */
export function connectionInfo(
  socket: Socket,
  shared: ConnectionInfoShared,
): ConnectionInfo {
  const { tls, localAddress, remoteAddress } = socket;
  const { observers } = shared.tracker;
  const info: ConnectionInfo = {
    // A UNIX peer has no address, and one that is already gone cannot be asked for it.
    client: remoteAddress?.kind === "tcp" ? remoteAddress : undefined,
    scheme: tls === undefined ? "http" : "https",
    rootPath: shared.settings.rootPath,
    host: undefined,
    clientText: undefined,
    isTrusted: undefined,
    server: shared.serverAddresses.entryOf(localAddress),
    id: `${shared.tracker.nextConnectionId()}`,
    requests: 0,
    openedAtMs: observers.observesConnections ? shared.monotonicMs() : 0,
    tls,
    tlsExtension: undefined,
  };
  if (observers.observesConnections) observers.onConnectionOpen(info);
  return info;
}

/** Tells the observers that the connection is gone. Once, whatever it has become meanwhile. */
export function reportClosed(
  info: ConnectionInfo,
  { tracker, monotonicMs }: Pick<
    ConnectionInfoShared,
    "tracker" | "monotonicMs"
  >,
): void {
  if (!tracker.observers.observesConnections) return;
  tracker.observers.onConnectionClose(info, monotonicMs() - info.openedAtMs);
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
