/**
 * The clients in X-Forwarded-For, remembered: a client asks more than once, and the same list says
 * the same of it each time. Pure.
 */
import {
  type ClientFinding,
  findClient,
  ForwardedForHops,
} from "./forwarded_for.ts";
import type { TrustedPeers } from "./trusted_peers.ts";

/** Most lists that are remembered. */
const MAX_LISTS = 512;
/** The longest of them, in characters: four IPv6 addresses. */
const MAX_LENGTH = 160;

/** What is known for one set of proxies. */
export class KnownClients {
  readonly #peers: TrustedPeers;
  #findings = new Map<string, ClientFinding>();

  constructor(peers: TrustedPeers) {
    this.#peers = peers;
  }

  /** Finds the client in a list that a trusted peer has sent, as `findClient`. */
  find(list: string): ClientFinding {
    return this.#findings.get(list) ?? this.#read(list);
  }

  #read(list: string): ClientFinding {
    if (list.length > MAX_LENGTH) return this.#look(list);
    // Whoever sends a new list each time gets as much as without, and the memory is bounded.
    if (this.#findings.size >= MAX_LISTS) this.#findings.clear();
    // A part of a string can keep all of it: here that may be a whole head.
    const own = ` ${list}`.slice(1);
    const finding = this.#look(own);
    this.#findings.set(own, finding);
    return finding;
  }

  #look(list: string): ClientFinding {
    return findClient(new ForwardedForHops(list), this.#peers);
  }
}
