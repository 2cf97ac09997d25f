/** Whether the peer of a connection is a proxy whose fields are believed. */
import type { TrustedPeers } from "../../proxy/trusted_peers.ts";
import type { Address } from "../../runtime/types.ts";
import type { PeerOrigin } from "./request_origin.ts";

/** Whether `own` is one of `peers`; noted, because a connection has many requests. */
export function isTrustedPeer(own: PeerOrigin, peers: TrustedPeers): boolean {
  return own.isTrusted ??= trusts(peers, own);
}

function trusts(peers: TrustedPeers, own: PeerOrigin): boolean {
  const { client, server } = own;
  // An inherited UNIX socket may have no name, and then there is no `server`.
  const local: Address = server === null
    ? { kind: "unix", path: "" }
    : server[1] === null
    ? { kind: "unix", path: server[0] }
    : { kind: "tcp", host: server[0], port: server[1] };
  // Without an address the peer is behind a UNIX socket, or it is gone: `local` tells which.
  const peer: Address = client === undefined
    ? { kind: "unix", path: "" }
    : { kind: "tcp", ...client };
  return peers.trusts(peer, local);
}
