/** Whose word is taken for who the client is. */
import { ipOctets, unmapped } from "../text/ip_octets.ts";
import type { Address } from "../runtime/types.ts";

interface Network {
  readonly octets: Uint8Array;
  readonly bits: number;
  /** The interface a link-local address belongs to; `undefined` for any. */
  readonly zone: string | undefined;
}

/** Bits in front of the IPv4 address in an IPv4-mapped one. */
const MAPPED_BITS = 96;

/** What stands for every peer behind a UNIX socket. */
const ANY_UNIX = "unix:";

/** The peers of one list. Immutable. */
export class TrustedPeers {
  readonly #trustsAll: boolean;
  readonly #networks: readonly Network[];
  readonly #literals: ReadonlySet<string>;

  /**
   * @param entries Addresses, networks such as `10.0.0.0/8`, `unix:` for every UNIX socket,
   * `unix:/path` for one, or `*`, alone, for everybody. Anything else never matches an address.
   */
  constructor(entries: readonly string[]) {
    this.#trustsAll = entries.length === 1 && entries[0] === "*";
    const networks: Network[] = [];
    const literals = new Set<string>();
    for (const entry of entries) {
      const network = networkOf(entry);
      if (network === undefined) literals.add(entry);
      else networks.push(network);
    }
    this.#networks = networks;
    this.#literals = literals;
  }

  /**
   * Whether `peer` is one of them.
   *
   * @param local Where it connected to: a UNIX peer is known by nothing else.
   */
  trusts(peer: Address | undefined, local: Address): boolean {
    if (this.#trustsAll) return true;
    if (peer === undefined) return false;
    if (peer.kind === "unix") {
      return local.kind === "unix" && (
        this.#literals.has(ANY_UNIX) ||
        (local.path !== "" && (this.#literals.has(local.path) ||
          this.#literals.has(`${ANY_UNIX}${local.path}`)))
      );
    }
    const [host = "", zone] = peer.host.split("%");
    const octets = ipOctets(host);
    return octets !== undefined && this.trustsAddress(octets, zone);
  }

  /** Whether an address is one of theirs. */
  trustsAddress(octets: Uint8Array, zone?: string): boolean {
    if (this.#trustsAll) return true;
    const bare = unmapped(octets);
    for (const network of this.#networks) {
      if (
        (network.zone === undefined || network.zone === zone) &&
        contains(network, bare)
      ) return true;
    }
    return false;
  }
}

/** An address or a network with no bits set outside of it; `undefined` for anything else. */
function networkOf(entry: string): Network | undefined {
  const [place = "", size, ...rest] = entry.split("/");
  const [host = "", zone] = place.split("%");
  const octets = ipOctets(host);
  if (octets === undefined || rest.length > 0) return undefined;
  if (size === undefined) {
    const bare = unmapped(octets);
    if (zone !== undefined && bare.length === 4) return undefined;
    return { octets: bare, bits: bare.length * 8, zone };
  }
  if (zone !== undefined) return undefined;
  const bits = /^(0|[1-9]\d{0,2})$/.test(size) ? Number(size) : NaN;
  if (!(bits <= octets.length * 8)) return undefined;
  const isMapped = octets.length === 16 && bits >= MAPPED_BITS &&
    unmapped(octets).length === 4;
  const network = isMapped
    ? { octets: unmapped(octets), bits: bits - MAPPED_BITS, zone }
    : { octets, bits, zone };
  // Bits of a host in a network are a mistake, and what was meant is not guessed.
  const hasHostBits = octets.some((octet, i) =>
    octet !== masked(octet, i, bits)
  );
  return hasHostBits ? undefined : network;
}

function contains(network: Network, octets: Uint8Array): boolean {
  if (octets.length !== network.octets.length) return false;
  for (let i = 0; i < octets.length; i++) {
    if (masked(octets[i]!, i, network.bits) !== network.octets[i]) return false;
  }
  return true;
}

/** `octet`, the `i`th, without what lies beyond the first `bits` of the address. */
function masked(octet: number, i: number, bits: number): number {
  const kept = Math.min(8, Math.max(0, bits - 8 * i));
  return octet & (0xff << (8 - kept)) & 0xff;
}

/**
 * Why `entry` would match nobody, to follow its name; `undefined` if it is good. An entry that trusts
 * nobody is a slip of the pen, and what was meant is not guessed: too few trusted are a server that
 * logs its proxy as the client, too many are clients that choose their address.
 *
 * @param list What it is an entry of.
 */
export function problemOfPeer(
  entry: string,
  list: readonly string[] = [entry],
): string | undefined {
  if (entry === "*") {
    return list.length === 1
      ? undefined
      : "stands for everybody only where it stands alone";
  }
  if (/^unix:|^\.{0,2}\//.test(entry) || networkOf(entry) !== undefined) {
    return undefined;
  }
  const [place = "", size, ...rest] = entry.split("/");
  const [host = "", zone] = place.split("%");
  const octets = ipOctets(host);
  if (octets === undefined) return problemOfHost(entry, host);
  if (zone !== undefined) {
    return size === undefined
      ? "has an interface behind it, which only IPv6 addresses may have"
      : "is no network: an interface belongs to an address";
  }
  const isPrefix = rest.length === 0 && /^(0|[1-9]\d{0,2})$/.test(size ?? "");
  const bits = octets.length * 8;
  if (!isPrefix || Number(size) > bits) {
    return `is no network: expected a prefix of 0 to ${bits} bits`;
  }
  return "is no network: it has bits set behind its prefix";
}

function problemOfHost(entry: string, host: string): string {
  if (/^\[/.test(host)) {
    return "is no IP address: expected one without brackets and port";
  }
  // Digits and dots, or hexadecimal digits and two colons at least, with a size or without.
  if (/^[\d.]+$|^[\da-f:]*:[\da-f:]*:[\da-f:.]*$/i.test(host)) {
    return entry.includes("/") ? "is no network" : "is no IP address";
  }
  if (/^[\d.]+:\d*$/.test(host)) {
    return "is no IP address: expected one without a port";
  }
  if (/^(\d+|\*)(\.(\d+|\*))*$/.test(host)) {
    return "is no network: expected one such as 10.0.0.0/8";
  }
  return "is neither an IP address nor a network, nor 'unix:', 'unix:' with a path, or '*'";
}
