/**
 * X-Forwarded-For, and Forwarded read the same way: which of the hops in the list is the client.
 *
 * Each proxy appends who its own client was, so that the last hop is what the peer itself says. The
 * list is read from there, right to left, for as long as those who wrote the hops are trusted: the
 * first address that is not trusted is the client, and what stands to its left is only what that
 * client claims. It is not even looked at, whatever it is. Pure.
 */
import { trimBlanks } from "../text/blanks.ts";
import { type NodeAddress, readNode } from "./forwarded_node.ts";
import type { TrustedPeers } from "./trusted_peers.ts";

/** The hops of a list, from the last to the first. */
export interface HopReader {
  /** Goes on to the next hop. `malformed`: there is something that is none; the reader ends there. */
  next(): "hop" | "end" | "malformed";
  /** Who the hop's client is; `""` if it does not say. */
  readonly node: string;
  /** What stands to the left of the hop, unread. */
  readonly rest: string;
}

/** Who the client is, and what is to be said of it in the log. */
export interface ClientFinding {
  /** `undefined`: nobody is told, so that it is the peer. */
  readonly client: NodeAddress | undefined;
  /** What is odd about it, if something is. */
  readonly oddity:
    | undefined
    /** An entry that is no address stands where the client should. */
    | "malformed"
    /** No entry does. */
    | "missing"
    /** A trusted proxy hides the client's address. */
    | "hidden"
    /** The client has sent a list of its own, which is not believed: `text`. */
    | "claimed";
  /** What it is about. */
  readonly text: string;
}

/** Finds the client in a list that a trusted peer has sent. Takes time linear in the list. */
export function findClient(
  hops: HopReader,
  peers: TrustedPeers,
): ClientFinding {
  let client: NodeAddress | undefined;
  for (;;) {
    switch (hops.next()) {
      case "end": // all are trusted: the first of them asks for itself
        return {
          client,
          oddity: client === undefined ? "missing" : undefined,
          text: "",
        };
      case "malformed":
        return { client: undefined, oddity: "malformed", text: hops.rest };
    }
    const text = hops.node;
    if (text === "") return { client: undefined, oddity: "missing", text };
    const node = readNode(text);
    if (node === undefined) {
      return { client: undefined, oddity: "malformed", text };
    }
    if (node.kind === "hidden") {
      return { client: undefined, oddity: "hidden", text };
    }
    client = node;
    if (!peers.trustsAddress(node.octets)) {
      const { rest } = hops;
      return {
        client,
        oddity: rest === "" ? undefined : "claimed",
        text: rest,
      };
    }
  }
}

/** The hops of X-Forwarded-For: addresses between commas. */
export class ForwardedForHops implements HopReader {
  /** See {@linkcode HopReader}. Empty between two commas, too. */
  node = "";
  readonly #list: string;
  /** Where the part that is not read ends; -1 once all is. */
  #end: number;

  /** @param list Of several fields, all in their order, with commas between them. */
  constructor(list: string) {
    this.#list = list;
    this.#end = list.length;
  }

  next(): "hop" | "end" {
    if (this.#end < 0) return "end";
    // Not lastIndexOf(",", -1), which looks at the first character.
    const comma = this.#end === 0
      ? -1
      : this.#list.lastIndexOf(",", this.#end - 1);
    this.node = trimBlanks(this.#list.slice(comma + 1, this.#end));
    this.#end = comma;
    return "hop";
  }

  get rest(): string {
    return this.#end < 0 ? "" : this.#list.slice(0, this.#end);
  }
}
