/** The addresses of a server with workers: bound by the parent, which never accepts. */
import type { Config } from "../config/config.ts";
import type { Logger } from "../logging/logger.ts";
import { runtime } from "../runtime/mod.ts";
import type {
  HeldSocket,
  ListenOptions,
  ListenTarget,
  Runtime,
  Transport,
} from "../runtime/types.ts";
import { hostPort } from "../text/host_port.ts";
import type { WorkerSocket } from "./messages.ts";
import { type Bound, Listeners } from "../server/listening/listeners.ts";

/** The first descriptor that a child inherits, behind the channel to its parent. */
const FIRST_DESCRIPTOR = 4;
/** Standard input, as which supervisors hand a socket on: every child has that of its parent. */
const STDIN = 0;

/** All of them. */
export class HeldSockets {
  /** What was bound, in the order of the options. */
  readonly bound: readonly Bound[];
  /** The same as workers have them. */
  readonly places: readonly WorkerSocket[];
  /** What workers inherit, in the order of their descriptors. */
  readonly descriptors: readonly number[];
  readonly #listeners: Listeners;
  #closing: Promise<void> | undefined;

  private constructor(listeners: Listeners, held: readonly HeldSocket[]) {
    this.#listeners = listeners;
    this.bound = listeners.bound;
    const descriptors: number[] = [];
    this.places = held.map(({ address, descriptor }) => {
      if (descriptor === undefined) return { address, fd: null };
      if (descriptor === STDIN) return { address, fd: STDIN };
      return {
        address,
        fd: FIRST_DESCRIPTOR + descriptors.push(descriptor) - 1,
      };
    });
    this.descriptors = descriptors;
  }

  /**
   * Binds all addresses of `config`, or none, by the rules of a single process.
   *
   * @throws ListenError for the first that cannot be had.
   */
  static async open(
    { options, listenTargets }: Config,
    host: Pick<Runtime, "holdSocket"> = runtime,
  ): Promise<HeldSockets> {
    const { backlog, reusePort, ipv6Only } = options;
    const holding = new Holding(host);
    const listeners = await Listeners.open(
      listenTargets.map((target) => ({ target, transport: holding })),
      { backlog, reusePort, ipv6Only },
      () => {
        throw new Error("A held socket has accepted a connection");
      },
    );
    return new HeldSockets(listeners, holding.held);
  }

  /** Says which of them workers bind for themselves, and what that means. */
  tellShared(logger: Pick<Logger, "info">): void {
    for (const { address, fd } of this.places) {
      // Others than those of TCP cannot be shared so.
      if (fd !== null || address.kind !== "tcp") continue;
      logger.info(
        `Workers share ${
          hostPort(address.host, address.port)
        } by SO_REUSEPORT: ` +
          "connections that wait for a worker are lost if it dies",
      );
    }
  }

  /**
   * Lets go of them: what workers listen on stays open until they close it. The path of a UNIX
   * socket is removed. Idempotent.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#listeners.close();
  }
}

/** Binds as a transport does, and leaves the accepting to others. */
class Holding implements Transport {
  readonly name = "node";
  /** In the order in which they were bound; those that were closed again are left out. */
  readonly held: HeldSocket[] = [];
  readonly #host: Pick<Runtime, "holdSocket">;

  constructor(host: Pick<Runtime, "holdSocket">) {
    this.#host = host;
  }

  unsupported(): undefined {}

  isPreferredFor(): boolean {
    return true;
  }

  async bind(
    target: ListenTarget,
    options: ListenOptions,
  ): ReturnType<Transport["bind"]> {
    const socket = await this.#host.holdSocket(target, options);
    this.held.push(socket);
    return {
      address: socket.address,
      accept() {},
      close: () => {
        const at = this.held.indexOf(socket);
        if (at >= 0) this.held.splice(at, 1);
        return socket.close();
      },
      ref() {},
      unref() {},
    };
  }
}
