/** Which accepted connections are served: limits, and PROXY headers from trusted peers. */
import { printable } from "../../text/printable.ts";
import type { ServerContext } from "../../connection/context.ts";
import {
  type ProtocolConnection,
  startProtocol,
} from "../../connection/protocol_selection.ts";
import type {
  ProxyHeaderConnection,
  ProxyPrefaceHost,
} from "../../connection/proxy_header_connection.ts";
import type { ConnectionRefusal } from "../../connection/tracking/server_observer.ts";
import { PROXY_FAULTS, type ProxyFaultCode } from "../../faults.ts";
import type { TrustedPeers } from "../../proxy/trusted_peers.ts";
import type {
  Address,
  PendingHandshake,
  Socket,
  SocketHandler,
  TlsContext,
} from "../../runtime/types.ts";

/** How many connections there may be; `Infinity` for any number. */
export interface AdmissionLimits {
  readonly connections: number;
  /** Of one client, by address. */
  readonly connectionsPerClient: number;
}

/** What a server does with connections that begin with a PROXY header. */
export interface ProxyRules {
  /** Who may send one. */
  readonly peers: TrustedPeers;
  /** Reads one. */
  readonly newPreface: (
    socket: Socket,
    context: ServerContext,
    host: ProxyPrefaceHost,
  ) => ProxyHeaderConnection;
  /** What is spoken behind it; `undefined` is plain HTTP. */
  readonly tls: TlsContext | undefined;
  /** See ListenOptions: the handshake that follows is one of ours. */
  readonly beforeHandshake: (
    pending: PendingHandshake,
  ) => ((isComplete: boolean) => void) | undefined;
}

/** Least time between two lines about refused connections, in milliseconds. */
const QUIET_MS = 10_000;

const REFUSED: SocketHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};

/** Decides on the connections of one server. */
export class Admission {
  readonly #context: ServerContext;
  readonly #limits: AdmissionLimits;
  /** TLS handshakes in progress: they hold descriptors too. */
  #handshakes = 0;
  #proxy: ProxyRules | undefined;
  #refused = 0;
  #loggedAtMs = -Infinity;

  constructor(context: ServerContext, limits: AdmissionLimits) {
    this.#context = context;
    this.#limits = limits;
  }

  /** From now on connections begin with a PROXY header. */
  demandProxyHeaders(rules: ProxyRules): void {
    this.#proxy = rules;
  }

  /** Gives `socket` to the protocol that will speak on it, or closes it. */
  admit(socket: Socket): SocketHandler {
    return this.#proxy === undefined
      ? this.#serve(socket) ?? this.#refuse(socket)
      : this.#readProxyHeader(socket, this.#proxy);
  }

  #refuse(socket: Socket): SocketHandler {
    socket.destroy();
    return REFUSED;
  }

  /** A connection of a proxy counts for the client that its header names, once that is known. */
  #readProxyHeader(socket: Socket, rules: ProxyRules): SocketHandler {
    const { remoteAddress, localAddress } = socket;
    if (!rules.peers.trusts(remoteAddress, localAddress)) {
      // Already disconnected (such as a TCP health check): there is no address to log.
      if (remoteAddress !== undefined) {
        const who = peerText(remoteAddress, localAddress);
        this.#logRefusal(
          "untrusted_proxy",
          `${who} is not in forwarded-allow-ips`,
        );
      }
      return this.#refuse(socket);
    }
    if (!this.#hasRoomFor(undefined)) return this.#refuse(socket);
    const preface = rules.newPreface(socket, this.#context, {
      wantsFirstByte: rules.tls !== undefined,
      onHeader: (rest) =>
        this.#afterHeader(socket, rest, rules, preface.expiresAt),
      onFault: (code) =>
        this.#logFault(code, peerText(remoteAddress, localAddress)),
    });
    if (this.#context.tracker.isDraining) preface.drain();
    return preface;
  }

  /** @param peer The proxy. */
  #logFault(code: ProxyFaultCode, peer: string): void {
    const { message, source } = PROXY_FAULTS[code];
    this.#context.logger.debug(`${peer} - ${message} (${source})`);
    this.#context.tracker.observers.onFault(code);
    this.#logRefusal(
      "proxy_header",
      `${message} (proxy-protocol), from ${peer}`,
    );
  }

  #afterHeader(
    socket: Socket,
    rest: Uint8Array,
    rules: ProxyRules,
    expiresAt: number,
  ): void {
    const { tls, beforeHandshake } = rules;
    if (tls === undefined) {
      const connection = this.#serve(socket);
      if (connection === undefined) {
        this.#closeRefused(socket);
        return;
      }
      socket.handler = connection;
      // The time for the first byte runs from the connect on, header and all.
      const { firstByteMs, headMs } = this.#context.settings;
      connection.capDeadline(expiresAt + firstByteMs - headMs);
      if (rest.length > 0) connection.onData(rest);
      return;
    }
    const onSettled = beforeHandshake({
      remoteAddress: socket.remoteAddress,
      destroy: () => socket.destroy(),
    });
    if (onSettled === undefined) {
      this.#closeRefused(socket);
    } else {
      const serve = (secured: Socket) =>
        this.#serve(secured) ?? this.#refuse(secured);
      tls.secure(socket, rest, serve, onSettled);
    }
  }

  /** Closes a connection whose PROXY header has been read: it is tracked no longer. */
  #closeRefused(socket: Socket): void {
    socket.handler = this.#refuse(socket);
    this.#context.tracker.onProgress();
  }

  /** `undefined` if there is no room for it. */
  #serve(socket: Socket): ProtocolConnection | undefined {
    if (!this.#hasRoomFor(socket.remoteAddress)) return undefined;
    const context = this.#context;
    const connection = startProtocol(socket, context);
    // Accepted by the kernel before the listener was closed, reported to us after it.
    if (context.tracker.isDraining) connection.drain();
    return connection;
  }

  /** See ListenOptions. */
  beforeHandshake(
    pending: PendingHandshake,
  ): ((isComplete: boolean) => void) | undefined {
    const { remoteAddress } = pending;
    if (!this.#hasRoomFor(remoteAddress)) return undefined;
    const host = hostOf(remoteAddress);
    this.#handshakes++;
    const { tracker, monotonicMs } = this.#context;
    const { observers } = tracker;
    tracker.connections.enter(host);
    const startedAtMs = observers.observesConnections ? monotonicMs() : 0;
    return (isComplete) => {
      this.#handshakes--;
      tracker.connections.leave(host);
      if (observers.observesConnections) {
        observers.onTlsHandshake(isComplete, monotonicMs() - startedAtMs);
      }
    };
  }

  #hasRoomFor(client: Address | undefined): boolean {
    const { connections } = this.#context.tracker;
    const { connections: limit, connectionsPerClient } = this.#limits;
    if (connections.size + this.#handshakes >= limit) {
      this.#logRefusal("limit", `all ${limit} are open (limit-connections)`);
      return false;
    }
    if (
      connectionsPerClient !== Infinity &&
      connections.countOf(hostOf(client)) >= connectionsPerClient
    ) {
      this.#logRefusal(
        "client_limit",
        `a client has ${connectionsPerClient} open (limit-connections-per-client)`,
      );
      return false;
    }
    return true;
  }

  /** Logs one line for many refusals: a flood must not fill the log. */
  #logRefusal(reason: ConnectionRefusal, why: string): void {
    this.#context.tracker.observers.onConnectionRefused(reason);
    this.#refused++;
    const now = this.#context.monotonicMs();
    if (now - this.#loggedAtMs < QUIET_MS) return;
    this.#loggedAtMs = now;
    const count = this.#refused === 1
      ? "a connection"
      : `${this.#refused} connections`;
    this.#refused = 0;
    this.#context.logger.warning(`Refused ${count}: ${why}`);
  }
}

/** The entry of forwarded-allow-ips for a peer: of a UNIX one, the path that it connected to. */
function peerText(peer: Address | undefined, local: Address): string {
  if (peer === undefined) return "a peer that is gone";
  if (peer.kind === "tcp") return peer.host;
  return `unix:${local.kind === "unix" ? printable(local.path) : ""}`;
}

function hostOf(address: Address | undefined): string | undefined {
  return address?.kind === "tcp" ? address.host : undefined;
}
