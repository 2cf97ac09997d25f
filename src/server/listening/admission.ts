/** Who is let in: what becomes of a connection that was accepted. */
import { printable } from "../../config/options/value_types.ts";
import { Http1Connection } from "../../connection/http1/http1_connection.ts";
import type { ServerContext } from "../../connection/context.ts";
import type {
  ProxyHeaderConnection,
  ProxyPrefaceHost,
} from "../../connection/proxy_header_connection.ts";
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
  ) => (() => void) | undefined;
}

/** Least time between two lines about refused connections, in milliseconds. */
const QUIET_MS = 10_000;

const NOBODY: SocketHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};

/** The door of one server. */
export class Admission {
  readonly #context: ServerContext;
  readonly #limits: AdmissionLimits;
  /** TLS handshakes in progress: they hold descriptors too. */
  #handshakes = 0;
  #proxy: ProxyRules | undefined;
  #refused = 0;
  #toldAtMs = -Infinity;

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
      ? this.#serve(socket)
      : this.#greet(socket, this.#proxy);
  }

  #refuse(socket: Socket): SocketHandler {
    socket.destroy();
    return NOBODY;
  }

  /** A proxy's connection is its client's: that one is looked at when it is known. */
  #greet(socket: Socket, rules: ProxyRules): SocketHandler {
    const { remoteAddress, localAddress } = socket;
    if (!rules.peers.trusts(remoteAddress, localAddress)) {
      // Who is gone already, as after a health check, cannot be named and needs no words.
      if (remoteAddress !== undefined) {
        const who = peerText(remoteAddress, localAddress);
        this.#tell(`${who} is not in forwarded-allow-ips`);
      }
      return this.#refuse(socket);
    }
    if (!this.#hasRoomFor(undefined)) return this.#refuse(socket);
    const preface = rules.newPreface(socket, this.#context, {
      wantsFirstByte: rules.tls !== undefined,
      onHeader: (rest) =>
        this.#afterHeader(socket, rest, rules, preface.expiresAt),
      onFault: (code) =>
        this.#tellFault(code, peerText(remoteAddress, localAddress)),
    });
    if (this.#context.isDraining) preface.drain();
    return preface;
  }

  /** @param peer The proxy. */
  #tellFault(code: ProxyFaultCode, peer: string): void {
    const { message, source } = PROXY_FAULTS[code];
    this.#context.logger.debug(`${peer} - ${message} (${source})`);
    this.#tell(`${message} (proxy-protocol), from ${peer}`);
  }

  #afterHeader(
    socket: Socket,
    rest: Uint8Array,
    rules: ProxyRules,
    expiresAt: number,
  ): void {
    const { tls, beforeHandshake } = rules;
    if (tls === undefined) {
      const handler = socket.handler = this.#serve(socket);
      // The time for the first byte runs from the connect on, header and all.
      if (handler instanceof Http1Connection) {
        const { firstByteMs, headMs } = this.#context.settings;
        handler.capDeadline(expiresAt + firstByteMs - headMs);
      }
      if (handler === NOBODY) this.#context.onProgress(); // the preface has gone
      else if (rest.length > 0) handler.onData(rest);
      return;
    }
    const onSettled = beforeHandshake({
      remoteAddress: socket.remoteAddress,
      destroy: () => socket.destroy(),
    });
    if (onSettled === undefined) {
      socket.handler = this.#refuse(socket);
      this.#context.onProgress();
    } else {
      tls.secure(socket, rest, (secured) => this.#serve(secured), onSettled);
    }
  }

  #serve(socket: Socket): SocketHandler {
    if (!this.#hasRoomFor(socket.remoteAddress)) return this.#refuse(socket);
    const context = this.#context;
    const connection = new Http1Connection(socket, context);
    // Accepted by the kernel before the listener was closed, told to us after it.
    if (context.isDraining) connection.drain();
    return connection;
  }

  /** See ListenOptions. */
  beforeHandshake(pending: PendingHandshake): (() => void) | undefined {
    const { remoteAddress } = pending;
    if (!this.#hasRoomFor(remoteAddress)) return undefined;
    const host = hostOf(remoteAddress);
    this.#handshakes++;
    this.#context.connections.enter(host);
    return () => {
      this.#handshakes--;
      this.#context.connections.leave(host);
    };
  }

  #hasRoomFor(client: Address | undefined): boolean {
    const { connections } = this.#context;
    const { connections: limit, connectionsPerClient } = this.#limits;
    if (connections.size + this.#handshakes >= limit) {
      this.#tell(`all ${limit} are open (limit-connections)`);
      return false;
    }
    if (
      connectionsPerClient !== Infinity &&
      connections.countOf(hostOf(client)) >= connectionsPerClient
    ) {
      this.#tell(
        `a client has ${connectionsPerClient} open (limit-connections-per-client)`,
      );
      return false;
    }
    return true;
  }

  /** One line for many: whoever is refused usually comes again, and a flood must not fill the log. */
  #tell(why: string): void {
    this.#refused++;
    const now = this.#context.monotonicMs();
    if (now - this.#toldAtMs < QUIET_MS) return;
    this.#toldAtMs = now;
    const count = this.#refused === 1
      ? "a connection"
      : `${this.#refused} connections`;
    this.#refused = 0;
    this.#context.logger.warning(`Refused ${count}: ${why}`);
  }
}

/** What stands for that peer in forwarded-allow-ips: of a UNIX one, where it connected to. */
function peerText(peer: Address | undefined, local: Address): string {
  if (peer === undefined) return "a peer that is gone";
  if (peer.kind === "tcp") return peer.host;
  return `unix:${local.kind === "unix" ? printable(local.path) : ""}`;
}

function hostOf(address: Address | undefined): string | undefined {
  return address?.kind === "tcp" ? address.host : undefined;
}
