/** The start of a connection through a proxy: the PROXY header, before TLS and before HTTP. */
import { ByteBacklog } from "../bytes/byte_backlog.ts";
import type { ProxyFaultCode } from "../faults.ts";
import { type ProxyReading, readProxyHeader } from "../proxy/proxy_header.ts";
import type { Socket, SocketHandler } from "../runtime/types.ts";
import { afterWholeTurn, logFailure } from "./containment.ts";
import type { Deadline } from "./tracking/deadlines.ts";
import type { ServerContext } from "./context.ts";
import type { TrackedConnection } from "./tracking/open_connections.ts";

/** How long one is waited for once draining has begun, in milliseconds: its client may be there. */
const LAST_CALL_MS = 250;

/** Who waits for the header. */
export interface ProxyPrefaceHost {
  /**
   * Whether to wait for a byte behind the header: only that tells TLS from a peer that does not
   * speak it.
   */
  readonly wantsFirstByte: boolean;
  /**
   * Takes the socket over, which has the addresses of the header by now.
   *
   * @param rest What has arrived behind the header; lent.
   */
  onHeader(rest: Uint8Array): void;
  /** There is no header that could be believed. The socket is closed after this. */
  onFault(code: ProxyFaultCode): void;
}

/** What the bytes that arrive are for. */
type Awaiting =
  | "header"
  /** The client's first byte, behind the header. */
  | "firstByte"
  /** Nothing: somebody else has the socket, or it is closed. */
  | "nothing";

/**
 * Reads one header, gives the socket the addresses in it, and hands over. A header is never
 * guessed: a connection without one is closed, or anybody could leave it out.
 *
 * One deadline holds for all of it, from connect on: who dribbles gains nothing.
 */
export class ProxyHeaderConnection implements SocketHandler, TrackedConnection {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  /** The address is the proxy's: whose connection it is stands in the header. */
  readonly clientHost: string | undefined = undefined;
  /** See {@linkcode TrackedConnection}. */
  readonly isBusy: boolean = false;
  /** See {@linkcode TrackedConnection}. */
  readonly isWebSocket: boolean = false;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #host: ProxyPrefaceHost;
  readonly #deadline: Deadline;
  #awaiting: Awaiting = "header";
  /** What has arrived of a header that is not whole. */
  readonly #begun = new ByteBacklog();
  #isLastCall = false;

  constructor(socket: Socket, context: ServerContext, host: ProxyPrefaceHost) {
    this.#socket = socket;
    this.#context = context;
    this.#host = host;
    this.#deadline = {
      listIndex: -1,
      expiresAt: context.deadlines.in(context.settings.headMs),
      onExpire: () => this.#onExpire(),
      onFailure: (thrown) => this.onFailure(thrown),
    };
    context.tracker.connections.add(this);
    context.deadlines.watch(this.#deadline);
  }

  /** When all of it is late, on the coarse clock. */
  get expiresAt(): number {
    return this.#deadline.expiresAt;
  }

  onData(bytes: Uint8Array): void {
    try {
      if (this.#awaiting === "firstByte") return this.#handOver(bytes);
      if (this.#awaiting === "nothing") return;
      const joined = this.#join(bytes);
      const reading = readProxyHeader(joined);
      switch (reading.kind) {
        case "needMore": // bounded: what is too long is refused before it has arrived
          if (this.#begun.length === 0) this.#begun.append(bytes);
          break;
        case "fault":
          this.#refuse(reading.fault);
          break;
        case "header":
          this.#onHeader(reading, joined.subarray(reading.size));
          break;
      }
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** All that has arrived: `bytes` themselves, lent, if they are the first. */
  #join(bytes: Uint8Array): Uint8Array {
    if (this.#begun.length === 0) return bytes;
    this.#begun.append(bytes);
    return this.#begun.bytes;
  }

  #onHeader(
    { addresses }: ProxyReading & { kind: "header" },
    rest: Uint8Array,
  ): void {
    if (addresses !== undefined) {
      this.#socket.overrideAddresses(addresses.source, addresses.destination);
    }
    if (rest.length > 0 || !this.#host.wantsFirstByte) this.#handOver(rest);
    else this.#awaiting = "firstByte";
  }

  #handOver(rest: Uint8Array): void {
    this.#leave();
    this.#host.onHeader(rest);
  }

  #refuse(code: ProxyFaultCode): void {
    this.#host.onFault(code);
    this.#close();
  }

  onDrain(): void {}

  onEnd(): void {
    try {
      // Balancers look whether somebody listens by connecting and saying nothing.
      const hasBegun = this.#awaiting === "header" && this.#begun.length > 0;
      if (hasBegun) this.#refuse("PROXY_HEADER_CUT_OFF");
      else this.#close();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onClose(): void {
    try {
      this.#leave();
      this.#context.tracker.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  #onExpire(): void {
    this.#deadline.expiresAt = Infinity;
    if (this.#isLastCall) this.#hangUp();
    else if (this.#awaiting === "header") this.#refuse("PROXY_HEADER_TIMEOUT");
    else this.#close();
  }

  drain(): void {
    this.#isLastCall = true;
    this.#deadline.expiresAt = Math.min(
      this.#deadline.expiresAt,
      this.#context.deadlines.in(LAST_CALL_MS),
    );
  }

  /** Closes, unless something has arrived that nobody has read yet: that takes a whole turn. */
  #hangUp(): void {
    afterWholeTurn(this.#context, this, () => {
      if (this.#awaiting !== "nothing") this.#close();
    });
  }

  /** Something of ours threw: this connection ends, and no other. */
  onFailure(thrown: unknown): void {
    logFailure(this.#context.logger, thrown);
    this.#close();
  }

  /** Nothing is in progress that could be told. */
  abort(): void {
    this.#close();
  }

  destroy(): void {
    this.#close();
  }

  #leave(): void {
    if (this.#awaiting === "nothing") return;
    this.#awaiting = "nothing";
    this.#context.tracker.connections.delete(this);
    this.#context.deadlines.unwatch(this.#deadline);
  }

  #close(): void {
    this.#deadline.expiresAt = Infinity;
    this.#socket.destroy();
  }
}
