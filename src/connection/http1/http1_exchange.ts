/**
 * One request on an HTTP/1.1 connection, and its response: judges the head, starts the application,
 * counts the body, answers in the application's place, and reports the response once it is over.
 * Made for each request, so that a `send` kept by an application never reaches a later one.
 */
import type { HttpFaultCode } from "../../faults.ts";
import { listItems } from "../../http/lists.ts";
import type { RequestHead } from "../../http/request_head.ts";
import {
  type Handshake,
  isRefusal,
  readHandshake,
} from "../../websocket/handshake.ts";
import type { ServerContext } from "../context.ts";
import { type CycleHost, HttpCycle } from "../exchange/http_cycle.ts";
import type { ConnectionInfo } from "../exchange/connection_info.ts";
import {
  clientText,
  ofClient,
  originOf,
  type RequestOrigin,
} from "../exchange/request_origin.ts";
import { httpScope, scopePath } from "../exchange/scope.ts";
import type { WriteFlow } from "../output/write_flow.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import type { Http1Response } from "./http1_response.ts";

/** Unread body bytes that are read and dropped to keep a connection; past this, closing is cheaper. */
const MAX_DISCARDED_BYTES = 256 * 1024;
/**
 * The same for a chunked body behind a response that promised to keep the connection, whose size is
 * only known at its end.
 */
const MAX_PROMISED_BYTES = 16 * 1024 * 1024;
const NO_TRAILERS: readonly (readonly [string, string])[] = [];

/** The connection that an exchange takes place on. */
export interface ExchangeOwner {
  /** Refilled for each exchange. */
  readonly response: Http1Response;
  readonly flow: WriteFlow;
  readonly info: ConnectionInfo;
  /**
   * The application asks for body bytes.
   *
   * @param isFirst Whether the peer has sent none because it waits to be asked.
   */
  onReceive(isFirst: boolean): void;
  /** The peer broke the protocol or exceeded a limit. */
  refuse(code: HttpFaultCode): void;
  /** Hands the socket to a WebSocket: the last call of this exchange. */
  upgrade(handshake: Handshake, exchange: Http1Exchange): void;
  /** The response is whole. Resolves when the transport can take more. */
  onResponseComplete(): Promise<void>;
  /** The response cannot become whole: the connection ends, in a way that the peer notices. */
  truncate(): void;
  /** The application has returned. */
  onReturned(exchange: Http1Exchange): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** Whether an `upgrade` field offers a WebSocket among others (RFC 6455 §4.2.1, RFC 9110 §7.8). */
function includesWebSocket(upgrade: string): boolean {
  return upgrade === "websocket" || listItems(upgrade).includes("websocket");
}

/** One request and its response. */
export class Http1Exchange implements CycleHost {
  readonly head: RequestHead;
  readonly cycle: HttpCycle;
  readonly origin: RequestOrigin;
  /** Decoded, as scope and log have it. */
  readonly path: string;
  readonly #owner: ExchangeOwner;
  readonly #context: ServerContext;
  /** On the clock of the access log; 0 without one. */
  readonly #startedAtMs: number;
  #handshake: Handshake | undefined;
  /** Whether the application is still to be called, which waits for the end of the read. */
  isUnstarted = true;
  /** Whether the response has been completed or cut off, and reported. */
  isOver = false;
  #hasSentContinue = false;
  /** Body bytes that have arrived, dropped ones included. */
  receivedBytes = 0;

  /** Prepares the response: `owner.response` is this exchange's from here on. */
  constructor(
    head: RequestHead,
    owner: ExchangeOwner,
    context: ServerContext,
    mustClose: boolean,
  ) {
    this.head = head;
    this.#owner = owner;
    this.#context = context;
    const { originRule, prefixesRootPath } = context.settings;
    this.origin = originOf(head, owner.info, originRule);
    this.path = scopePath(head, this.origin, prefixesRootPath);
    this.#startedAtMs = context.access === undefined
      ? 0
      : context.monotonicMs();
    owner.response.begin(head, mustClose);
    if (head.hasBody) this.#noteRest();
    this.cycle = new HttpCycle(head, this, context);
  }

  // -- The connection's side.

  /** Judges the head: its body's length, and the upgrade it asks for. */
  judge(): void {
    const { head } = this;
    const context = this.#context;
    if (head.contentLength > context.settings.maxBodyBytes) {
      this.#owner.refuse("BODY_TOO_LARGE"); // without a 100 (RFC 9110 §10.1.1)
    } else if (head.upgrade !== undefined) {
      this.#judgeUpgrade(head.upgrade);
    } else if (head.version === "1.0") {
      this.#warnOfOldUpgrade();
    }
  }

  #judgeUpgrade(upgrade: string): void {
    const context = this.#context;
    const asksForWebSocket = includesWebSocket(upgrade);
    if (asksForWebSocket && context.settings.websocket) {
      this.#judgeHandshake();
      return;
    }
    context.logger.warning("Unsupported upgrade request.");
    if (asksForWebSocket) {
      context.logger.warning('WebSockets are disabled by the option "ws".');
    }
  }

  /** Refuses a bad WebSocket handshake at once; a good one is answered by the application. */
  #judgeHandshake(): void {
    const handshake = readHandshake(this.head);
    if (!isRefusal(handshake)) {
      this.#handshake = handshake;
      return;
    }
    const { status, message, headers } = handshake;
    this.#context.logger.warning(ofClient(this.origin, message));
    this.#skipApplication();
    this.cycle.refuse(status, message, headers);
  }

  /**
   * An upgrade over HTTP/1.0 must be ignored (RFC 9110 §7.8). It nearly always comes from a proxy
   * that was not told to speak HTTP/1.1 to this server.
   */
  #warnOfOldUpgrade(): void {
    const context = this.#context;
    if (context.hasWarnedOfOldUpgrade) return;
    const asks = this.head.headers.some(([name, value]) =>
      name === "upgrade" && includesWebSocket(value)
    );
    if (!asks) return;
    context.hasWarnedOfOldUpgrade = true;
    context.logger.warning(
      "WebSocket handshake over HTTP/1.0 served as an ordinary request: the proxy in front must " +
        'speak HTTP/1.1, which nginx does with "proxy_http_version 1.1;".',
    );
  }

  /** Calls the application, or refuses in its place. */
  start(): void {
    const context = this.#context;
    this.isUnstarted = false;
    if (context.concurrentCycles >= context.settings.maxConcurrency) {
      context.logger.warning("Exceeded concurrency limit.");
      this.cycle.skip();
      this.cycle.refuse(503, undefined, [["retry-after", "1"]]);
      return;
    }
    if (this.#handshake !== undefined) {
      this.cycle.skip();
      // A draining server would close the WebSocket with its first frame.
      if (context.isDraining) this.cycle.refuse(503);
      else this.#owner.upgrade(this.#handshake, this);
      return;
    }
    context.runningCycles++;
    context.concurrentCycles++;
    this.cycle.isCounted = true;
    void this.cycle.run(
      httpScope(
        this.head,
        this.path,
        this.origin,
        this.#owner.info,
        context,
        this.cycle,
      ),
    );
  }

  #skipApplication(): void {
    if (this.isUnstarted) this.cycle.skip();
    this.isUnstarted = false;
  }

  /** Answers with an error, or cuts off a response whose head has left: there is never a second one. */
  refuse(status: number, text: string | undefined): void {
    if (this.stream.isHeadCommitted) {
      this.cycle.onPeerGone();
      this.truncateResponse();
    } else {
      this.#skipApplication();
      this.cycle.refuse(status, text);
    }
  }

  /** Body bytes `[start, end)` of `bytes` have arrived. */
  onBody(
    bytes: Uint8Array,
    start: number,
    end: number,
    isLent: boolean,
  ): void {
    this.receivedBytes += end - start;
    if (this.receivedBytes > this.#context.settings.maxBodyBytes) {
      this.#owner.refuse("BODY_TOO_LARGE");
      return;
    }
    this.cycle.body.append(bytes, start, end, isLent);
    this.#noteRest();
  }

  /** The request has arrived whole. */
  onBodyEnd(trailers: readonly (readonly [string, string])[]): void {
    this.stream.closesIfUnread = false;
    this.cycle.body.complete(trailers.length === 0 ? NO_TRAILERS : trailers);
  }

  /**
   * `size` body bytes have arrived behind the response, and are dropped.
   *
   * @returns Whether that is still worth it: a promise to keep the connection covers a bounded body.
   */
  discard(size: number): boolean {
    this.receivedBytes += size;
    return this.receivedBytes <=
      Math.min(this.#context.settings.maxBodyBytes, MAX_PROMISED_BYTES);
  }

  /**
   * Tells the response whether the unread rest of the body forces the connection to close. If the
   * head promises to keep it, no FIN may follow: the client's next request may be on its way by then
   * (RFC 9112 §9.6). A chunked body, whose size is known only at its end, is dropped up to there,
   * unless a whole buffer of it came before the head of the response left.
   */
  #noteRest(): void {
    const { isChunked, contentLength } = this.head;
    this.stream.closesIfUnread = isChunked
      ? this.receivedBytes >= READ_HIGH_WATER
      : contentLength - this.receivedBytes > MAX_DISCARDED_BYTES;
  }

  /**
   * Whether the body's time runs. It does not while the peer waits for our 100, unless the
   * application waits for the bytes: it may have begun its response first, and then the peer need
   * not send them (RFC 9110 §10.1.1).
   */
  get isBodyDue(): boolean {
    return !this.head.expectsContinue || this.#hasSentContinue ||
      this.receivedBytes > 0 || this.cycle.body.isWaitedFor;
  }

  /** Whether the peer waits for `100 Continue`. */
  get #awaitsContinue(): boolean {
    return this.head.expectsContinue && !this.#hasSentContinue &&
      this.receivedBytes === 0 && !this.cycle.body.isComplete;
  }

  /** The connection is gone. */
  onClose(): void {
    if (!this.isOver) {
      this.cycle.onPeerGone();
      this.#end(true);
    }
    this.detach();
  }

  /** The connection goes on without it; an application that has not returned is still known. */
  detach(): void {
    if (!this.cycle.hasReturned) this.#context.detachedCalls.add(this.cycle);
  }

  // -- The cycle's side.

  get stream(): Http1Response {
    return this.#owner.response;
  }

  beforeHead(): void {
    // A draining server keeps no connection. And a body that the peer holds back until it is asked
    // for may come or not: where the next request begins is unknown (RFC 9110 §10.1.1).
    if (this.#context.isDraining || this.#awaitsContinue) {
      this.stream.closes = true;
    }
  }

  onReceive(): void {
    const isFirst = this.#awaitsContinue;
    if (isFirst && this.cycle.state === "unsent") {
      this.#hasSentContinue = true;
      this.stream.writeContinue();
      this.flush();
    }
    this.#owner.onReceive(isFirst);
  }

  afterWrite(bytes: number): Promise<void> {
    return this.#owner.flow.afterWrite(bytes);
  }

  get queuedBytes(): number {
    return this.#owner.flow.queuedBytes;
  }

  flush(): void {
    this.#owner.flow.flush();
  }

  onResponseComplete(): Promise<void> {
    this.cycle.body.finish();
    // A refusal in the application's place ends the response, not its work for it.
    if (this.cycle.disconnectError === undefined) this.#uncount();
    this.#end(false);
    return this.#owner.onResponseComplete();
  }

  truncateResponse(): void {
    this.#end(true);
    this.#owner.truncate();
  }

  onReturned(): void {
    const context = this.#context;
    context.runningCycles--;
    this.#uncount();
    context.detachedCalls.delete(this.cycle);
    this.#owner.onReturned(this);
    context.onProgress();
  }

  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** Takes the call from those in progress, once: later work must not refuse the next request. */
  #uncount(): void {
    if (!this.cycle.isCounted) return;
    this.cycle.isCounted = false;
    this.#context.concurrentCycles--;
  }

  /** Counts and logs the response, once. */
  #end(isAborted: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    const context = this.#context;
    context.totalRequests++;
    if (context.access !== undefined) {
      const { head, stream } = this;
      context.access.log({
        client: clientText(this.origin),
        method: head.method,
        path: this.path,
        query: head.query,
        httpVersion: head.version,
        status: isAborted && !stream.isHeadCommitted ? 499 : stream.status,
        durationMs: context.monotonicMs() - this.#startedAtMs,
        bodyBytes: stream.bodyBytes,
        isAborted,
      });
    }
    context.onProgress();
  }
}
