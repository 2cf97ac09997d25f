/** Serves the hooks of crossws: what they say of a handshake, and the WebSocket behind it. */
import type { ChannelAdapter } from "../../../../../config/options/topics.ts";
import type { BunHandlers, BunSocket } from "../bun_socket.ts";
import { type OwnHandlers, upgradeOf } from "../upgrade_request.ts";
import { Message } from "./crossws_message.ts";
import { messageData, Peer } from "./crossws_peer.ts";
import type {
  CrosswsHooks,
  CrosswsOptions,
  CrosswsPeer,
  CrosswsSendOptions,
  CrosswsUpgrade,
} from "./crossws_types.ts";
import { PeerGroup, type Relay } from "./peer_group.ts";

/** What crossws calls an adapter: accepts handshakes, and publishes. */
export interface CrosswsAdapter {
  /** All open WebSockets, by namespace. */
  readonly peers: ReadonlyMap<string, ReadonlySet<CrosswsPeer>>;
  /**
   * Lets the hooks decide about a handshake.
   *
   * @param request The request that the handler was given, not a copy.
   * @param _info What adapters of some runtimes need, and this one does not.
   * @param hooks Further hooks of this WebSocket. Default: none.
   * @returns What to return from the handler.
   * @throws TypeError if it does not ask for a WebSocket; what a hook throws.
   */
  handleUpgrade(
    request: Request,
    _info?: unknown,
    hooks?: CrosswsHooks,
  ): Promise<Response>;
  /** Sends to all that have subscribed to `topic`, of one namespace or of all. */
  publish(
    topic: string,
    data: unknown,
    options?: CrosswsSendOptions & { readonly namespace?: string },
  ): void;
  /** Closes all, and ends `sync`. */
  close(code?: number, reason?: string): Promise<void>;
}

type Publish = ChannelAdapter["publish"];

/**
 * An adapter for crossws: its hooks run on WebSockets of this server, the same on every runtime.
 * H3 needs none: what its `defineWebSocketHandler` makes is served as it is.
 *
 * Options are those that crossws gives to its own adapters; `idleTimeout` is `--ws-ping-interval`
 * and `--ws-ping-timeout` of the server.
 *
 * @example
 * ```ts ignore
 * import { defineHooks } from "crossws";
 * import { crosswsAdapter } from "jsr:@tricorn/serve/adapters/fetch";
 *
 * const ws = crosswsAdapter({
 *   hooks: defineHooks({
 *     open: (peer) => peer.subscribe("room"),
 *     message: (peer, message) => peer.publish("room", message.text()),
 *   }),
 * });
 * export default {
 *   fetch: (request: Request) =>
 *     request.headers.get("upgrade") === "websocket"
 *       ? ws.handleUpgrade(request)
 *       : new Response("Hello, world!"),
 * };
 * ```
 */
export function crosswsAdapter(options: CrosswsOptions = {}): CrosswsAdapter {
  const groups = new Map<string, PeerGroup>();
  const sync = options.sync && startSync(options, groups);
  const relay: Relay = sync?.relay ?? (() => {});
  return {
    get peers() {
      return new Map(
        [...groups].map(([name, { peers }]) => [name, peers] as const),
      );
    },

    async handleUpgrade(request, _info, hooks) {
      const upgrade = upgradeOf(request);
      const all = [options.hooks, await options.resolve?.(request), hooks]
        .filter((one) => one !== undefined);
      const decision = await askHooks(all, request);
      if (decision instanceof Response) return decision;
      const headers = new Headers(decision.headers);
      const protocol = decision.protocol ??
        headers.get("sec-websocket-protocol") ??
        await chosen(options, upgrade.offered, request);
      if (protocol) headers.set("sec-websocket-protocol", protocol);
      const namespace = decision.namespace ??
        options.getNamespace?.(request) ?? new URL(request.url).pathname;
      const { context = {} } = decision;
      const own = handlersFor(all, (socket) => {
        let group = groups.get(namespace);
        if (group === undefined) {
          groups.set(namespace, group = new PeerGroup(namespace, relay));
        }
        const parts = { request, protocol: protocol || "", context, group };
        const peer = new Peer(socket, parts);
        group.peers.add(peer);
        return peer;
      }, (peer) => {
        const group = groups.get(namespace);
        group?.peers.delete(peer);
        // Clients choose the path.
        if (group?.peers.size === 0) groups.delete(namespace);
      });
      return upgrade.acceptFor(own, headers);
    },

    publish(topic, data, { namespace, ...rest } = {}) {
      const message = messageData(data);
      deliver(groups, namespace, topic, message, rest);
      relay({ namespace: namespace ?? "", topic, data: message });
    },

    async close(code, reason) {
      for (const { peers } of groups.values()) {
        for (const peer of peers) peer.close(code, reason);
      }
      await sync?.close();
    },
  };
}

function deliver(
  groups: ReadonlyMap<string, PeerGroup>,
  namespace: string | undefined,
  topic: string,
  data: string | Uint8Array,
  options?: CrosswsSendOptions,
): void {
  if (namespace) return groups.get(namespace)?.deliver(topic, data, options);
  for (const group of groups.values()) group.deliver(topic, data, options);
}

/** Asks all hooks; the last one that has something to say decides. */
async function askHooks(
  all: readonly CrosswsHooks[],
  request: Request,
): Promise<Response | CrosswsUpgrade> {
  let decision: Response | CrosswsUpgrade = {};
  for (const hooks of all) {
    let said: unknown;
    try {
      said = await hooks.upgrade?.(request);
    } catch (error) {
      const { response } = Object(error) as { response?: unknown };
      said = response instanceof Response ? response : error;
      if (!(said instanceof Response)) throw error;
    }
    if (said instanceof Response) return said;
    if (said) decision = said as CrosswsUpgrade;
  }
  return decision;
}

/** The subprotocol that the option chooses. */
async function chosen(
  options: CrosswsOptions,
  offered: readonly string[],
  request: Request,
): Promise<string | undefined> {
  if (offered.length === 0) return undefined;
  const answer = await options.handleProtocols?.(new Set(offered), request);
  return typeof answer === "string" ? answer : undefined;
}

/** Hands on what happens to one WebSocket. */
function handlersFor(
  all: readonly CrosswsHooks[],
  open: (socket: BunSocket) => Peer,
  close: (peer: Peer) => void,
): OwnHandlers {
  let peer: Peer;
  const call = <Name extends keyof CrosswsHooks>(
    name: Name,
    ...args: Parameters<NonNullable<CrosswsHooks[Name]>>
  ): unknown => {
    type Hook = (...args: unknown[]) => unknown;
    const results = all.map((hooks) => (hooks[name] as Hook)?.(...args));
    const pending = results.filter((result) => result instanceof Promise);
    return pending.length === 0 ? undefined : Promise.all(pending);
  };
  const handlers: BunHandlers = {
    open(socket) {
      peer = open(socket);
      return call("open", peer);
    },
    message: (_socket, data) =>
      call("message", peer, new Message(data as string | Uint8Array, peer)),
    drain: () => call("drain", peer),
    async close(_socket, code, reason) {
      close(peer);
      peer.onLeft();
      try {
        if (code === 1006) await call("error", peer, lost());
      } finally {
        await call("close", peer, { code, reason });
      }
    },
  };
  return { handlers, onLeft: () => peer.onLeft() };
}

function lost(): Error {
  return new Error("The connection ended without a close frame");
}

/** Connects to other processes. What that fails with ends nothing here. */
function startSync(
  options: CrosswsOptions,
  groups: ReadonlyMap<string, PeerGroup>,
): { readonly relay: Relay; close(): Promise<void> } {
  const report = (stage: string, error: unknown): void => {
    if (options.onError === undefined) console.error(error);
    else options.onError(error, { stage: stage as never });
  };
  const attempt = (stage: string, work: () => unknown): void => {
    try {
      Promise.resolve(work()).catch((error) => report(stage, error));
    } catch (error) {
      report(stage, error);
    }
  };
  const driver = options.sync!({ id: crypto.randomUUID() });
  attempt(
    "subscribe",
    () =>
      driver.subscribe(({ namespace, topic, data }) =>
        attempt("delivery", () => deliver(groups, namespace, topic, data))
      ),
  );
  return {
    relay: (message: Parameters<Publish>[0]) =>
      attempt("publish", () => driver.publish(message)),
    close: async () => await driver.close?.(),
  };
}
