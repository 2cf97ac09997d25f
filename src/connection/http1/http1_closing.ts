/**
 * How one HTTP/1.1 connection ends: whether it may carry another request, and every way to close it,
 * in order, after a moment in which nothing comes, or at once. http1_connection.ts says when, and so
 * do the exchange and a shutdown.
 */
import type { Socket } from "../../runtime/types.ts";
import { afterWholeTurn, type Contained } from "../containment.ts";
import type { ServerContext } from "../context.ts";
import type { WriteFlow } from "../output/write_flow.ts";
import type { Http1Exchange } from "./http1_exchange.ts";
import type { Http1Reader } from "./http1_reader.ts";
import type { Http1Response, ResponseOwner } from "./http1_response.ts";
import type { Http1Timeouts } from "./http1_timeouts.ts";
import { RequestPace } from "./request_pace.ts";

/** The connection that ends. */
export interface ClosingOwner extends Contained {
  readonly response: Http1Response;
  readonly flow: WriteFlow;
  /** The request in progress; or the last one, until its application returns. */
  readonly exchange: Http1Exchange | undefined;
  /** Whether a response is owed. */
  readonly isBusy: boolean;
  readonly timeouts: Http1Timeouts;
}

/** One connection's. */
export class Http1Closing implements ResponseOwner {
  /** At which pace the client has asked. */
  readonly pace: RequestPace;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #reader: Http1Reader;
  readonly #owner: ClosingOwner;
  #isDecided = false;

  constructor(
    socket: Socket,
    context: ServerContext,
    reader: Http1Reader,
    owner: ClosingOwner,
  ) {
    this.pace = new RequestPace(context.monotonicMs);
    this.#socket = socket;
    this.#context = context;
    this.#reader = reader;
    this.#owner = owner;
  }

  /** Whether the connection ends after the response whose head ended last. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** See {@linkcode ResponseOwner}. The only place that assigns `#isDecided`. */
  decideClose(isNeeded: boolean): boolean {
    return this.#isDecided = isNeeded || !this.#canContinue();
  }

  /** Whether another request may follow this one, whatever its response says. */
  #canContinue(): boolean {
    const { tracker, settings } = this.#context;
    const { exchange } = this.#owner;
    // HTTP/1.0 clients that want the connection kept have said so (RFC 9112 §9.3).
    return exchange !== undefined && exchange.head.keepAlive &&
      !tracker.isDraining &&
      settings.keepAliveMs > 0 && exchange.canBeReadOut;
  }

  /** The response cannot become whole: the connection ends, in a way that the peer notices. */
  truncate(): void {
    // A missing last chunk, or missing bytes, tell the peer. A body that ends with the connection
    // would look whole behind FIN, so that one is reset.
    const { response, flow, exchange } = this.#owner;
    if (response.endsByClosing) {
      flow.flushAll();
      exchange?.cycle.body.finish();
      this.#reset();
    } else {
      this.close();
    }
  }

  /**
   * Draining begins: a connection that has long been idle closes now, one that was just in use
   * after one more request or a moment, a busy one after its response.
   */
  drain(): void {
    if (this.#owner.isBusy) return;
    if (this.#reader.reading === "discard") return this.close();
    if (this.#reader.reading !== "head") return;
    const hasHeadBegun = !this.#reader.parser.isBetweenMessages;
    if (!this.#owner.timeouts.awaitLastRequest(hasHeadBegun)) this.hangUp();
  }

  /** Closes if nothing is in progress, nor likely to be on its way. */
  closeIdle(): void {
    const isIdle = !this.#owner.isBusy && this.#reader.reading === "head" &&
      this.#reader.parser.isBetweenMessages;
    // A client that has asked at a pace may be about to ask again.
    if (isIdle && this.pace.isOver) this.hangUp();
  }

  /** Closes after one whole turn, so that a request that is already in the kernel is read first. */
  hangUp(): void {
    const { timeouts } = this.#owner;
    timeouts.awaitSilence();
    afterWholeTurn(this.#context, this.#owner, () => {
      if (!timeouts.isSilent || this.#reader.isClosed) return;
      this.closeUnlessQueued();
    });
  }

  /** Closes in order if bytes are still to leave, else at once. */
  closeUnlessQueued(): void {
    this.#owner.flow.flushAll();
    if (this.#socket.queuedBytes > 0) this.close();
    else this.destroy();
  }

  /** Sends what there is, then FIN, and waits for the peer's; what still arrives is dropped. */
  close(): void {
    if (this.#reader.isClosed || this.#reader.reading === "linger") return;
    const { flow, exchange, timeouts } = this.#owner;
    flow.flushAll();
    this.#reader.linger();
    exchange?.cycle.body.finish();
    timeouts.awaitClose(this.#socket);
    this.#socket.end();
  }

  /** Closes now, whatever is queued. A body that the end would make look whole is reset. */
  destroy(): void {
    this.#reader.enter("linger");
    const { response, isBusy } = this.#owner;
    const isPartial = isBusy || this.#socket.queuedBytes > 0;
    if (response.endsByClosing && isPartial) this.#reset();
    else this.#socket.destroy();
  }

  #reset(): void {
    this.#reader.enter("linger");
    this.#socket.reset();
  }
}
