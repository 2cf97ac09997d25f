/** A host name becomes the addresses to listen on. */
import { ipOctets } from "../../text/ip_octets.ts";
import { builtins } from "../process/builtins.ts";
import { listenError } from "./listen_errors.ts";
import { demandNet } from "./listen_permissions.ts";
import type { ListenTarget } from "../types.ts";

/** Finds the IP addresses of `host`, in any order; rejects if there is none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/**
 * All targets that `target` stands for: itself, or one for each address that its name leads to,
 * those of IPv4 first. A client that resolves the same name may try any of them, so a server has to
 * be found on all; and the answer of a resolver has no order that would be the same everywhere.
 *
 * @throws ListenError if the name leads nowhere, or Deno does not allow to ask.
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
  // Resolved here, because each runtime has its own error for a name that does not exist, and Bun
  // 1.4 gives it no code at all.
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
