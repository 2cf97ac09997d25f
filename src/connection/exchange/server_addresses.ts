/** The entry `server` of scopes: where a connection was accepted. */
import type { ServerAddress } from "../../asgi.ts";
import type { Address } from "../../runtime/types.ts";

/**
 * Those of one server. Most of its connections have the same local address, down to the object: one
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
