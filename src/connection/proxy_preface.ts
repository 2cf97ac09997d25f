/** The start of a connection through a proxy: the PROXY header, before TLS and before HTTP. */
import { readProxyHeader } from "../proxy/proxy_header.ts";
import type { Socket, SocketHandler } from "../runtime/types.ts";
import type { Deadline } from "./deadlines.ts";
import type { HttpContext } from "./http_context.ts";
import type { TrackedConnection } from "./open_connections.ts";

/** How long one is waited for once draining has begun, in milliseconds: its client may be there. */
const LAST_CALL_MS = 250;

/**
 * Reads one header, gives the socket the addresses in it, and hands over. A header is never
 * guessed: a connection without one is closed, or anybody could leave it out.
 */
export class ProxyPreface
  implements SocketHandler, TrackedConnection, Deadline {
  expiresAt: number;
  readonly #socket: Socket;
  readonly #context: HttpContext;
  readonly #then: (rest: Uint8Array) => void;
  readonly #wantsMore: boolean;
  #bytes = new Uint8Array(0);
  #isOver = false;

  /**
   * @param wantsMore Whether to wait for a byte behind the header: only that tells TLS from a peer
   * that does not speak it.
   * @param then Called with the bytes behind the header; takes the socket over.
   */
  constructor(
    socket: Socket,
    context: HttpContext,
    wantsMore: boolean,
    then: (rest: Uint8Array) => void,
  ) {
    this.#wantsMore = wantsMore;
    this.#socket = socket;
    this.#context = context;
    this.#then = then;
    this.expiresAt = context.deadlines.in(context.settings.headMs);
    context.connections.add(this);
    context.deadlines.watch(this);
  }

  /** The address is the proxy's: whose connection it is stands in the header. */
  readonly clientHost: string | undefined = undefined;
  readonly isBusy: boolean = false;
  readonly isWebSocket: boolean = false;

  onData(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const { length } = this.#bytes;
    const joined = new Uint8Array(length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, length);
    const reading = readProxyHeader(joined);
    switch (reading.kind) {
      case "needMore":
        this.#bytes = joined; // bounded: what is too long is refused before it has arrived
        return;
      case "fault":
        this.#context.logger.warning(
          `Closed a connection of ${this.#peer} with ${reading.fault}: the option ` +
            '"proxy-protocol" wants one',
        );
        this.#close();
        return;
      case "header": {
        const { addresses, size } = reading;
        if (this.#wantsMore && size === joined.length) {
          this.#bytes = joined;
          return;
        }
        if (addresses !== undefined) {
          this.#socket.readdress(addresses.source, addresses.destination);
        }
        this.#leave();
        this.#then(joined.subarray(size));
      }
    }
  }

  onDrain(): void {}

  onEnd(): void {
    this.#close();
  }

  onClose(): void {
    this.#leave();
    this.#context.onProgress();
  }

  onExpire(): void {
    this.#context.logger.info(
      `Closed a connection of ${this.#peer}: its PROXY header is late`,
    );
    this.#close();
  }

  drain(): void {
    this.expiresAt = Math.min(
      this.expiresAt,
      this.#context.deadlines.in(LAST_CALL_MS),
    );
  }

  abort(): void {
    this.#close();
  }

  destroy(): void {
    this.#close();
  }

  get #peer(): string {
    const address = this.#socket.remoteAddress;
    return address?.kind === "tcp" ? address.host : "a UNIX socket";
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#bytes = new Uint8Array(0);
    this.#context.connections.delete(this);
    this.#context.deadlines.unwatch(this);
  }

  #close(): void {
    this.expiresAt = Infinity;
    this.#socket.destroy();
  }
}
