/** A host name becomes the addresses to listen on. */
import { ipOctets } from "../../text/ip_octets.ts";
import { builtins } from "../process/builtins.ts";
import { listenError } from "./listen_errors.ts";
import { demandNet } from "./listen_permissions.ts";
import type { ListenTarget } from "../types.ts";

/** Finds the IP addresses of `host`, in any order; rejects if there is none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/**
 * All targets that `target` expands to: itself, or one for each address that its name resolves to,
 * IPv4 first. A client that resolves the same name may try any of them, so a server binds them all.
 * Resolvers have no common order, so the order is fixed here.
 *
 * @throws ListenError if the name does not resolve, or Deno does not permit the lookup.
 */
export async function resolveTarget(
  target: ListenTarget,
  addressesOf: Lookup = lookupAll,
): Promise<readonly ListenTarget[]> {
  if (target.kind !== "tcp") return [target];
  const name = target.host;
  if (name === "" || ipOctets(name) !== undefined) return [target];
  const { isIP } = builtins.net; // which also knows addresses with a zone, fe80::1%eth0
  if (isIP(name) !== 0) return [target];
  // Resolved here, because the runtimes report an unknown name differently: on Bun 1.4 the error has
  // no code (https://github.com/oven-sh/bun/pull/37690).
  demandNet(target, name, target.port);
  try {
    const found = [...new Set(await addressesOf(name))];
    const families = [4, 6].map((family) =>
      found.filter((address) => isIP(address) === family)
    );
    return families.flat().map((host) => ({ ...target, host, name }));
  } catch (cause) {
    throw listenError(target, cause);
  }
}

async function lookupAll(host: string): Promise<readonly string[]> {
  const found = await builtins.dns.lookup(host, { all: true });
  return found.map(({ address }) => address);
}
