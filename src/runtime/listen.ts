/**
 * What listening has in common on every transport: permission, name resolution, wildcards, UNIX
 * paths, wording of failures. A transport adds the two calls that bind.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { sharedLocalAddress } from "./addresses.ts";
import type { Binder, BoundSocket } from "./bound_socket.ts";
import { listenError, refusal } from "./listen_errors.ts";
import { demandNet, demandUnix } from "./permissions.ts";
import type {
  Address,
  Listener,
  ListenOptions,
  ListenTarget,
} from "./types.ts";
import { bindUnixPath } from "./unix_path.ts";

/** What connections need to know of the listener they came through. */
export interface AcceptContext {
  /** What the listener is bound to; until it is, what was asked for. */
  listenerAddress: Address;
  /** The local address of every connection, where all have the same. */
  localAddress: Address | undefined;
  /** Whether they are UNIX sockets. */
  readonly isUnix: boolean;
}

/** The context of connections to `target`, before it is bound. */
export function contextOf(target: ListenTarget): AcceptContext {
  const isUnix = target.kind === "unix";
  return {
    listenerAddress: target,
    localAddress: isUnix ? target : undefined,
    isUnix,
  };
}

/** What the sockets of Deno and Bun themselves are not used for: see Transport.lacks. */
export function lacksNatively(
  _target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  if (options.tls !== undefined) return "TLS";
  if (options.reusePort) return "reusePort";
  if (options.ipv6Only) return "ipv6Only";
  return undefined;
}

/** Every interface: `::` takes IPv4 too; without IPv6 on this machine there is `0.0.0.0`. */
const EVERY_INTERFACE = ["::", "0.0.0.0"];
const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

/**
 * Listens on `target` by way of `binder`, and fills in `context`.
 *
 * @throws ListenError
 */
export async function listenOn(
  target: ListenTarget,
  binder: Binder,
  context: AcceptContext,
): Promise<Listener> {
  try {
    const listener = target.kind === "unix"
      ? await listenUnix(target, binder)
      : await listenTcp(target, binder);
    context.listenerAddress = listener.address;
    context.localAddress = sharedLocalAddress(listener.address);
    return listener;
  } catch (cause) {
    throw listenError(target, cause);
  }
}

async function listenTcp(
  target: ListenTarget & { kind: "tcp" },
  binder: Binder,
): Promise<Listener> {
  const { port } = target;
  if (target.host === "") {
    const [first, second] = EVERY_INTERFACE;
    try {
      return await listenIp(target, first, binder);
    } catch (cause) {
      if (!NO_IPV6.has(listenError(target, cause).code)) throw cause;
      return await listenIp(target, second, binder);
    }
  }
  if (isIP(target.host) !== 0) {
    return await listenIp(target, target.host, binder);
  }
  // Resolved here, because each runtime has its own error for a name that does not exist, and Bun
  // 1.4 gives it no code at all.
  demandNet(target, target.host, port);
  const { address } = await lookup(target.host);
  return await listenIp(target, address, binder);
}

async function listenIp(
  target: ListenTarget,
  host: string,
  binder: Binder,
): Promise<Listener> {
  const port = target.kind === "tcp" ? target.port : 0;
  demandNet(target, host, port);
  const bound = await binder.tcp(host, port);
  return new BoundListener({ kind: "tcp", host, port: bound.port }, bound);
}

async function listenUnix(
  target: ListenTarget & { kind: "unix" },
  binder: Binder,
): Promise<Listener> {
  const { path } = target;
  if (path === "" || path.includes("\0")) {
    throw refusal(target, "EINVAL", "expected the path of a file");
  }
  demandUnix(target, path);
  return new BoundListener(
    { kind: "unix", path },
    await bindUnixPath(target, (name) => binder.unix(name)),
  );
}

class BoundListener implements Listener {
  readonly address: Address;
  readonly #bound: BoundSocket;
  #closing: Promise<void> | undefined;

  constructor(address: Address, bound: BoundSocket) {
    this.address = address;
    this.#bound = bound;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#bound.close();
  }

  ref(): void {
    if (this.#closing === undefined) this.#bound.ref();
  }

  unref(): void {
    if (this.#closing === undefined) this.#bound.unref();
  }
}
