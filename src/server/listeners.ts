/** Every address of one server, opened and closed together. */
import type {
  Address,
  Listener,
  ListenOptions,
  ListenTarget,
  Socket,
  SocketHandler,
  Transport,
} from "../runtime/types.ts";

/** One target and the sockets that serve it. */
export interface Binding {
  readonly target: ListenTarget;
  readonly transport: Transport;
}

/** What a server listens on. */
export class Listeners {
  /** What was bound, in the order of the bindings. */
  readonly addresses: readonly Address[];
  readonly #listeners: readonly Listener[];

  private constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
    this.addresses = listeners.map((listener) => listener.address);
  }

  /**
   * Listens on all of `bindings`, or on none.
   *
   * @throws ListenError for the first that cannot be had.
   */
  static async open(
    bindings: readonly Binding[],
    options: ListenOptions,
    accept: (socket: Socket) => SocketHandler,
  ): Promise<Listeners> {
    const opened: Listener[] = [];
    try {
      for (const { target, transport } of bindings) {
        opened.push(await transport.listen(target, options, accept));
      }
    } catch (error) {
      await new Listeners(opened).close();
      throw error;
    }
    return new Listeners(opened);
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
