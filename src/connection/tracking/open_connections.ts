/** The connections of one server, and how many of them each client has. */
import { ipOctets } from "../../text/ip_octets.ts";
import type { Activity } from "./activity.ts";
import { type Indexed, IndexedList } from "./indexed_list.ts";

/** What the server does with a connection. */
export interface TrackedConnection extends Indexed {
  /** Address of the client, if it has one. */
  readonly clientHost: string | undefined;
  /** Whether a response is owed, or a WebSocket is open. */
  readonly isBusy: boolean;
  /** Whether it is a WebSocket, or on the way to become one. */
  readonly isWebSocket: boolean;
  /** The request or WebSocket in progress; `undefined` if there is none. Made when it is read. */
  readonly activity?: Activity | undefined;
  /** Closes it soon: if it is idle and nothing arrives, else after its response. */
  drain(): void;
  /** While it drains: closes it now if it is idle, and its client not about to ask again. */
  closeIdle?(): void;
  /** Stops waiting for its response. @param reason What the application's signal tells. */
  abort(reason: Error): void;
  /** Closes it now, whatever is queued. */
  destroy(): void;
  /** Something of ours threw: it is logged, and this connection ends. Must not throw. */
  onFailure(thrown: unknown): void;
}

/**
 * Open connections. Clients are counted by address, and only if they are limited; those that have
 * none, behind UNIX sockets, are not.
 */
export class OpenConnections implements Iterable<TrackedConnection> {
  readonly #connections = new IndexedList<TrackedConnection>();
  readonly #perClient: Map<string, number> | undefined;

  /** @param countsClients Whether {@linkcode countOf} will be asked. */
  constructor(countsClients = false) {
    this.#perClient = countsClients ? new Map() : undefined;
  }

  /** How many there are. */
  get size(): number {
    return this.#connections.size;
  }

  /**
   * Does `action` to each that is open now. What it throws ends that connection: the others have
   * their turn.
   */
  each(action: (connection: TrackedConnection) => void): void {
    for (const connection of [...this.#connections]) {
      try {
        action(connection);
      } catch (thrown) {
        connection.onFailure(thrown);
      }
    }
  }

  [Symbol.iterator](): Iterator<TrackedConnection> {
    return this.#connections[Symbol.iterator]();
  }

  /** Adds one that has opened. */
  add(connection: TrackedConnection): void {
    if (this.#connections.add(connection)) this.enter(connection.clientHost);
  }

  /** Removes one that has closed, or became another. */
  delete(connection: TrackedConnection): void {
    if (this.#connections.delete(connection)) this.leave(connection.clientHost);
  }

  /** Counts one more for the client at `host`, which is not a connection yet. */
  enter(host: string | undefined): void {
    if (this.#perClient === undefined || host === undefined) return;
    const key = clientKey(host);
    this.#perClient.set(key, (this.#perClient.get(key) ?? 0) + 1);
  }

  /** Takes back an `enter`. */
  leave(host: string | undefined): void {
    if (this.#perClient === undefined || host === undefined) return;
    const key = clientKey(host);
    const count = this.#perClient.get(key) ?? 0;
    if (count <= 1) this.#perClient.delete(key);
    else this.#perClient.set(key, count - 1);
  }

  /** How many the client at `host` has; 0 if clients are not counted. */
  countOf(host: string | undefined): number {
    if (this.#perClient === undefined || host === undefined) return 0;
    return this.#perClient.get(clientKey(host)) ?? 0;
  }
}

/**
 * What one client is known by: an IPv4 address whole, of an IPv6 address the network, /64, because
 * a single host has all of that at its disposal.
 */
export function clientKey(host: string): string {
  if (!host.includes(":")) return host;
  const octets = ipOctets(host.split("%")[0]!);
  return octets === undefined ? host : octets.subarray(0, 8).join(".");
}
