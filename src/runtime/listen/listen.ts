/**
 * What binding has in common on every transport: permissions, wildcards, UNIX paths, inherited
 * sockets, the wording of failures. A transport adds the calls that bind.
 */
import { sharedLocalAddress } from "./addresses.ts";
import type { Binder, BoundSocket, OnAccept } from "./bound_socket.ts";
import { listenError, refusal } from "./listen_errors.ts";
import { demandNet, demandUnix } from "./listen_permissions.ts";
import type {
  Address,
  Listener,
  ListenOptions,
  ListenTarget,
} from "../types.ts";

/** What connections need to know of the listener they came through. */
export interface AcceptContext {
  /** What the listener is bound to; until it is, what was asked for. */
  listenerAddress: Address;
  /** The local address of every connection, where all have the same. */
  localAddress: Address | undefined;
  /** Whether they are UNIX sockets; known once it is bound, which is before the first of them. */
  isUnix: boolean;
}

/** The context of connections to `target`, before it is bound. */
export function contextOf(target: ListenTarget): AcceptContext {
  if (target.kind === "tcp") {
    const { kind, host, port } = target;
    const listenerAddress = { kind, host, port } as const;
    return { listenerAddress, localAddress: undefined, isUnix: false };
  }
  const path = target.kind === "unix" ? target.path : "";
  const address = { kind: "unix", path } as const;
  return {
    listenerAddress: address,
    localAddress: undefined,
    isUnix: target.kind === "unix",
  };
}

/** Every interface: `::` takes IPv4 too; without IPv6 on this machine there is `0.0.0.0`. */
const EVERY_INTERFACE = ["::", "0.0.0.0"];
const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

/**
 * Binds `target` with `binder`, and fills in `context`.
 *
 * @throws ListenError
 */
export async function bindTarget(
  target: ListenTarget,
  binder: Binder,
  options: ListenOptions,
  context: AcceptContext,
): Promise<Listener> {
  try {
    const listener = await bindAny(target, binder, options);
    context.listenerAddress = listener.address;
    context.isUnix = listener.address.kind === "unix";
    context.localAddress = sharedLocalAddress(listener.address);
    return listener;
  } catch (cause) {
    throw listenError(target, cause);
  }
}

async function bindAny(
  target: ListenTarget,
  binder: Binder,
  options: ListenOptions,
): Promise<Listener> {
  if (target.kind === "tcp") return await bindTcp(target, binder, options);
  if (target.kind === "unix") return await bindUnix(target, binder);
  if (binder.given === undefined) {
    throw refusal(target, "ENOTSUP", "this transport has no inherited sockets");
  }
  const bound = await binder.given(target);
  return new BoundListener(bound.address, bound);
}

async function bindTcp(
  target: ListenTarget & { kind: "tcp" },
  binder: Binder,
  options: ListenOptions,
): Promise<Listener> {
  if (target.host !== "") return await bindIp(target, target.host, binder);
  const [first, second] = EVERY_INTERFACE;
  try {
    return await bindIp(target, first, binder);
  } catch (cause) {
    const { code } = listenError(target, cause);
    if (!NO_IPV6.has(code) || options.ipv6Only) throw cause;
    return await bindIp(target, second, binder);
  }
}

async function bindIp(
  target: ListenTarget,
  host: string,
  binder: Binder,
): Promise<Listener> {
  const port = target.kind === "tcp" ? target.port : 0;
  demandNet(target, host, port);
  const bound = await binder.tcp(host, port);
  return new BoundListener({ kind: "tcp", host, port: bound.port }, bound);
}

async function bindUnix(
  target: ListenTarget & { kind: "unix" },
  binder: Binder,
): Promise<Listener> {
  const { path } = target;
  if (path === "" || path.includes("\0")) {
    throw refusal(target, "EINVAL", "expected the path of a file");
  }
  demandUnix(target, path);
  const { bindUnixPath } = await import("./unix_path.ts");
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

  accept(onAccept: OnAccept): void {
    if (this.#closing === undefined) this.#bound.accept(onAccept);
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
