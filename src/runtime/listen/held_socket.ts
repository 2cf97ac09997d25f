/**
 * Sockets that this process binds and listens on, and never accepts from: its children do, which have
 * the descriptor. So a connection waits in the kernel as long as this process lives, whatever becomes
 * of the children.
 */
import { bindTarget, contextOf } from "./listen.ts";
import type { Binder, BoundSocket, GivenSocket } from "./bound_socket.ts";
import { refusal } from "./listen_errors.ts";
import type {
  Address,
  HeldSocket,
  Listener,
  ListenOptions,
  ListenTarget,
} from "../types.ts";

/** A bound socket that nobody accepts from. */
export interface Held {
  readonly descriptor: number;
  /** The port the kernel chose; 0 on a UNIX socket. */
  readonly port: number;
  /** Lets go of the descriptor. What lies at a path may be removed. */
  close(): void;
}

/** The ways to bind without accepting, as one runtime does them. */
export interface Holder {
  /** `host` is an IP address. Rejects with the system's error. */
  tcp(host: string, port: number, options: ListenOptions): Promise<Held>;
  unix(path: string, options: ListenOptions): Promise<Held>;
  /** Listens on an inherited socket, and tells what it is bound to. */
  given(fd: number, options: ListenOptions): Promise<Address>;
}

/**
 * Binds `target` with `holder`, and listens.
 *
 * @throws ListenError
 */
export async function holdWith(
  holder: Holder,
  target: ListenTarget,
  options: ListenOptions,
): Promise<HeldSocket> {
  let descriptor: number | undefined;
  const binder: Binder = {
    async tcp(host, port) {
      const held = await holder.tcp(host, port, options);
      descriptor = held.descriptor;
      return neverAccepting(held);
    },
    async unix(path) {
      const held = await holder.unix(path, options);
      descriptor = held.descriptor;
      return neverAccepting(held);
    },
    async given(given): Promise<GivenSocket> {
      if (given.kind === "server") {
        const reason = "other processes cannot accept from it, expected an " +
          "address or a descriptor";
        throw refusal(target, "ENOTSUP", reason);
      }
      const { fd } = given;
      const address = await holder.given(fd, options);
      descriptor = fd;
      // It stays as it was inherited: closing it here would take it from nobody but ourselves.
      const held = { descriptor: fd, port: 0, close() {} };
      return Object.assign(neverAccepting(held), { address });
    },
  };
  const listener = await bindTarget(
    target,
    binder,
    options,
    contextOf(target),
  );
  return new KeptOpen(listener, descriptor!);
}

/**
 * For want of a descriptor: `target` is bound, to see that it can be and which port it gets, and
 * closed again. Children then bind it themselves, and share it by SO_REUSEPORT.
 *
 * @throws ListenError; also for what cannot be shared in this way.
 */
export async function reserve(
  target: ListenTarget,
  options: ListenOptions,
  bind: (target: ListenTarget, options: ListenOptions) => Promise<Listener>,
): Promise<HeldSocket> {
  if (target.kind !== "tcp") {
    const reason = "this runtime cannot share it with other processes here, " +
      "expected a TCP address";
    throw refusal(target, "ENOTSUP", reason);
  }
  const { address } = await closed(await bind(target, options));
  return { address, descriptor: undefined, close: () => Promise.resolve() };
}

async function closed(listener: Listener): Promise<Listener> {
  await listener.close();
  return listener;
}

class KeptOpen implements HeldSocket {
  readonly address: Address;
  readonly descriptor: number;
  readonly #listener: Listener;

  constructor(listener: Listener, descriptor: number) {
    this.#listener = listener;
    this.address = listener.address;
    this.descriptor = descriptor;
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}

function neverAccepting(held: Held): BoundSocket {
  return {
    port: held.port,
    accept() {
      throw new Error("Cannot accept from a socket that is held for others");
    },
    async close() {
      held.close();
    },
    ref() {},
    unref() {},
  };
}
