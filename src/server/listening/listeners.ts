/** Every address of one server, bound and closed together. */
import { ListenError } from "../../errors.ts";
import { resolveTarget, selectTransport } from "../../runtime/mod.ts";
import type {
  Address,
  Listener,
  ListenOptions,
  ListenTarget,
  Socket,
  SocketHandler,
  Transport,
} from "../../runtime/types.ts";

/** One target and the sockets that serve it. */
export interface Binding {
  readonly target: ListenTarget;
  readonly transport: Transport;
}

/** What was bound for which target. */
export interface Bound {
  /** As the operator named it; of a name, one for each of its addresses. */
  readonly target: ListenTarget;
  readonly address: Address;
}

type TcpTarget = ListenTarget & { kind: "tcp" };

/** How often a port is chosen anew that all addresses of a name should share. */
const PORT_TRIES = 10;
/** How a machine says that it does not have one of the addresses of a name. */
const NOT_HERE: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
]);

/**
 * The transport for each of `targets`.
 *
 * @param select Finds it for one.
 * @throws ConfigError if one cannot be had as `options` say.
 */
export function bindingsFor(
  loop: "auto" | "native" | "node",
  targets: readonly ListenTarget[],
  options: ListenOptions,
  select: typeof selectTransport = selectTransport,
): readonly Binding[] {
  return targets.map((target) => ({
    target,
    transport: select(loop, target, options),
  }));
}

/** What a server listens on. */
export class Listeners {
  /** What was bound, in the order of the bindings. */
  readonly bound: readonly Bound[];
  readonly #listeners: readonly Listener[];

  private constructor(opened: readonly Opened[]) {
    this.#listeners = opened.map(({ listener }) => listener);
    this.bound = opened.map(({ target, listener }) => ({
      target,
      address: listener.address,
    }));
  }

  /** The addresses of `bound`. */
  get addresses(): readonly Address[] {
    return this.bound.map(({ address }) => address);
  }

  /**
   * Listens on all of `bindings`, or on none: all are bound before the first connection is accepted.
   * A name is listened on at every address it leads to that this machine has, with the same port.
   *
   * @param onAccept See `Listener.accept`.
   * @param resolve Finds the addresses of a name.
   * @throws ListenError for the first that cannot be had.
   */
  static async open(
    bindings: readonly Binding[],
    options: ListenOptions,
    onAccept: (socket: Socket) => SocketHandler,
    resolve: typeof resolveTarget = resolveTarget,
  ): Promise<Listeners> {
    const opening = new Opening(options);
    try {
      for (const { target, transport } of bindings) {
        const [first, ...others] = await resolve(target);
        if (others.length === 0) await opening.open(first!, transport);
        else {
          const all = [first!, ...others] as readonly TcpTarget[];
          await opening.openAll(all, transport);
        }
      }
    } catch (error) {
      await opening.close();
      throw error;
    }
    for (const { listener } of opening.opened) listener.accept(onAccept);
    return new Listeners(opening.opened);
  }

  /** Stops accepting and resolves when the addresses are free; open sockets stay open. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  /** Lets them alone keep the process alive (the default). */
  ref(): void {
    for (const listener of this.#listeners) listener.ref();
  }

  /** See `ref`. */
  unref(): void {
    for (const listener of this.#listeners) listener.unref();
  }
}

interface Opened {
  readonly target: ListenTarget;
  readonly listener: Listener;
}

/** Bound addresses that accept nothing yet; they become a {@linkcode Listeners} together. */
class Opening {
  readonly opened: Opened[] = [];
  readonly #options: ListenOptions;

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  async open(target: ListenTarget, transport: Transport): Promise<Listener> {
    try {
      const listener = await transport.bind(target, this.#options);
      this.opened.push({ target, listener });
      return listener;
    } catch (error) {
      throw this.#withCulprit(target, error);
    }
  }

  /** Binds all addresses of one name. */
  async openAll(
    targets: readonly TcpTarget[],
    transport: Transport,
  ): Promise<void> {
    const before = this.opened.length;
    for (let tries = 1;; tries++) {
      try {
        return await this.#openWithOnePort(targets, transport);
      } catch (error) {
        await this.close(before);
        // The port that the kernel chose for one address may be busy at another.
        const isUnlucky = targets[0]!.port === 0 &&
          (error as ListenError).code === "EADDRINUSE";
        if (!isUnlucky || tries === PORT_TRIES) throw error;
      }
    }
  }

  async #openWithOnePort(
    targets: readonly TcpTarget[],
    transport: Transport,
  ): Promise<void> {
    const before = this.opened.length;
    let missing: unknown;
    let { port } = targets[0]!;
    for (const target of targets) {
      try {
        const { address } = await this.open({ ...target, port }, transport);
        if (address.kind === "tcp") port = address.port;
      } catch (error) {
        // A container without IPv6 still has ::1 in its list of hosts.
        if (!NOT_HERE.has((error as ListenError).code)) throw error;
        missing ??= error;
      }
    }
    if (this.opened.length === before) throw missing;
  }

  /** Closes what was opened after the first `from`. */
  async close(from: number = 0): Promise<void> {
    const closed = this.opened.splice(from);
    await Promise.all(closed.map(({ listener }) => listener.close()));
  }

  /** `error`, naming the address of our own that stands in the way, if one does. */
  #withCulprit(target: ListenTarget, error: unknown): unknown {
    if (!(error instanceof ListenError) || error.code !== "EADDRINUSE") {
      return error;
    }
    const isOurs = this.opened.some(({ target: other, listener }) =>
      target.kind === "tcp" && listener.address.kind === "tcp"
        ? listener.address.port === target.port
        : target.kind === "unix" && other.kind === "unix" &&
          other.path === target.path
    );
    if (!isOurs) return error;
    const message = `${error.message}, by another address of this server`;
    return new ListenError(message, error.code, { cause: error });
  }
}
