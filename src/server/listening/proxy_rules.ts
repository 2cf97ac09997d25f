/** What a server with the option `proxyProtocol` needs and others do not: loaded only for it. */
import { ProxyHeaderConnection } from "../../connection/proxy_header_connection.ts";
import { TrustedPeers } from "../../proxy/trusted_peers.ts";
import type { ProxyRules } from "./admission.ts";

/** The rules for connections through proxies in `forwardedAllowIps`. */
export function proxyRules(
  forwardedAllowIps: readonly string[],
  behind: Pick<ProxyRules, "tls" | "beforeHandshake">,
): ProxyRules {
  return {
    ...behind,
    peers: new TrustedPeers(forwardedAllowIps),
    newPreface: (socket, context, host) =>
      new ProxyHeaderConnection(socket, context, host),
  };
}
