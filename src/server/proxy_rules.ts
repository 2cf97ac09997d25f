/** What a server with the option `proxyProtocol` needs and others do not: loaded only for it. */
import { printable } from "../config/option_types.ts";
import { ProxyPreface } from "../connection/proxy_preface.ts";
import type { Logger } from "../logging/logger.ts";
import { doubtAbout, TrustedPeers } from "../proxy/trusted_peers.ts";
import type { ProxyRules } from "./admission.ts";

/**
 * The rules for connections through proxies in `forwardedAllowIps`; entries of it that trust nobody
 * are warned of.
 */
export function proxyRules(
  forwardedAllowIps: readonly string[],
  logger: Logger,
  behind: Pick<ProxyRules, "tls" | "beforeHandshake">,
): ProxyRules {
  for (const entry of forwardedAllowIps) {
    const doubt = doubtAbout(entry, forwardedAllowIps);
    if (doubt === undefined) continue;
    logger.warning(
      `"${printable(entry)}" in forwarded-allow-ips trusts nobody: ${doubt}`,
    );
  }
  return {
    ...behind,
    peers: new TrustedPeers(forwardedAllowIps),
    newPreface: (socket, context, host) =>
      new ProxyPreface(socket, context, host),
  };
}
