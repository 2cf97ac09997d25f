/**
 * One request on an HTTP/1.1 connection, and its response: judges the head, starts the application,
 * counts the body, answers in the application's place, and reports the response once it is over.
 * Made for each request, so that a `send` kept by an application never reaches a later one.
 */
import type { HttpFaultCode } from "../../faults.ts";
import type { Http1RequestHead } from "../../http1/request_head.ts";
import type {
  AbortReason,
  RequestRecord,
} from "../../logging/access/request_record.ts";
import { type Handshake, isRefusal } from "../../websocket/handshake.ts";
import type {
  OfferedUpgrade,
  OfferedUpgradeOwner,
  ServerContext,
} from "../context.ts";
import { type CycleHost, HttpCycle } from "../exchange/http_cycle.ts";
import type { ConnectionInfo } from "../scope/connection_info.ts";
import {
  clientText,
  ofClient,
  originOf,
  type RequestOrigin,
} from "../scope/request_origin.ts";
import type { RequestDeadline } from "../exchange/request_deadline.ts";
import {
  type LimitedRequest,
  RequestLimits,
} from "../exchange/request_limits.ts";
import {
  type RecordedRequest,
  requestRecord,
} from "../exchange/request_record.ts";
import { httpScope, scopePath } from "../scope/scope.ts";
import type { WriteFlow } from "../output/write_flow.ts";
import type { Activity } from "../tracking/activity.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";
import type { Http1Response } from "./http1_response.ts";
import {
  offeredHandshake,
  offersTakeOver,
  warnOfOldUpgrade,
} from "./upgrade_offer.ts";
import { loadWebSocketPart, webSocketPart } from "./websocket_part.ts";

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
  /** Nothing is read until it is called again, with false. */
  holdReading(isHeld: boolean): void;
  /** Hands the socket to a WebSocket, whose part is loaded: the last call of this exchange. */
  upgrade(handshake: Handshake, exchange: Http1Exchange): void;
  /** Hands the socket to `upgrade`: no more of this connection is read or written here. */
  yieldTo(upgrade: OfferedUpgrade): void;
  /** The response is whole. Resolves when the transport can take more. */
  onResponseComplete(): Promise<void>;
  /** The response cannot become whole: the connection ends, in a way that the peer notices. */
  truncate(): void;
  /** The application has returned. */
  onReturned(exchange: Http1Exchange): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** What few requests have. */
interface Extras {
  /** See the option `requestIdHeader`. */
  readonly requestId?: string;
  /** Set if it has a time limit, or there was no room for its call. */
  limits?: RequestLimits;
  /** Why the response will be cut off, if it is not whole by then. */
  blamed?: AbortReason;
  /** Set if the application may take the connection over. */
  upgrade?: OfferedUpgrade;
  /** What observers returned at the start, if one hears of it. */
  started?: readonly unknown[];
}

/** One request and its response. */
export class Http1Exchange
  implements CycleHost, OfferedUpgradeOwner, LimitedRequest, RecordedRequest {
  readonly head: Http1RequestHead;
  readonly cycle: HttpCycle;
  readonly origin: RequestOrigin;
  /** Decoded, as scope and log have it. */
  readonly path: string;
  readonly #owner: ExchangeOwner;
  readonly #context: ServerContext;
  /** On the monotonic clock, in milliseconds; 0 if it is not kept. */
  readonly startedAtMs: number;
  #handshake: Handshake | undefined;
  /** Whether the application is still to be called, which waits for the end of the read. */
  isUnstarted = true;
  /** Whether the response has been completed or cut off, and reported. */
  isOver = false;
  #hasSentContinue = false;
  /** Body bytes that have arrived, dropped ones included. */
  receivedBytes = 0;
  /** What few requests have; `undefined` for the others. */
  #extras: Extras | undefined;

  /** Prepares the response: `owner.response` is this exchange's from here on. */
  constructor(
    head: Http1RequestHead,
    owner: ExchangeOwner,
    context: ServerContext,
  ) {
    this.head = head;
    this.#owner = owner;
    this.#context = context;
    const { originRule, prefixesRootPath, requestIdRule } = context.settings;
    this.origin = originOf(head, owner.info, originRule, context.logger);
    this.path = scopePath(head, this.origin, prefixesRootPath);
    if (requestIdRule !== undefined) {
      this.#extras = { requestId: requestIdRule(head, owner.info) };
    }
    this.startedAtMs = context.tracker.keepsStartTimes
      ? context.requestMs()
      : 0;
    owner.response.begin(head);
    this.cycle = new HttpCycle(head, this, context);
  }

  #rare(): Extras {
    return this.#extras ??= {};
  }

  /** See {@linkcode RecordedRequest}: a handshake has a record of its own. */
  get isWebSocket(): boolean {
    return false;
  }

  /** Whether all of the body has arrived. */
  get isRequestComplete(): boolean {
    return this.cycle.body.isComplete;
  }

  /** `undefined` unless the option `requestIdHeader` is used. */
  get requestId(): string | undefined {
    return this.#extras?.requestId;
  }

  /** See `TrackedConnection.activity`. */
  get activity(): Activity {
    return {
      method: this.head.method,
      path: this.path,
      scheme: this.origin.scheme,
      client: clientText(this.origin),
      startedAtMs: this.startedAtMs,
      waitsFor: this.#extras?.limits?.waitsForSlot
        ? "slot"
        : this.flow.isFull
        ? "client"
        : this.cycle.body.isWaitedFor
        ? "body"
        : "application",
    };
  }

  /** See {@linkcode OfferedUpgrade}; `undefined` for most requests. */
  get upgrade(): OfferedUpgrade | undefined {
    return this.#extras?.upgrade;
  }

  /** `undefined` unless the option `timeoutRequest` is used. */
  get deadline(): RequestDeadline | undefined {
    return this.#extras?.limits?.deadline;
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
      warnOfOldUpgrade(head, context);
    }
  }

  /** Refuses a bad WebSocket handshake at once; a good one is answered by the application. */
  #judgeUpgrade(upgrade: string): void {
    if (offersTakeOver(upgrade, this.head, this.#context)) {
      this.#rare().upgrade = this.#context.newRawUpgrade!(this, this.#context);
      return;
    }
    const handshake = offeredHandshake(upgrade, this.head, this.#context);
    if (handshake === undefined || !isRefusal(handshake)) {
      this.#handshake = handshake;
      return;
    }
    const { status, message, headers } = handshake;
    this.#context.logger.warning(ofClient(this.origin, message));
    this.skipApplication();
    this.cycle.refuse(status, message, headers);
  }

  #limits(): RequestLimits {
    return this.#rare().limits ??= new RequestLimits(this, this.#context);
  }

  /** Calls the application, or refuses in its place. */
  start(): void {
    const { settings, tracker } = this.#context;
    this.isUnstarted = false;
    // A handshake has a time limit of its own, and a WebSocket none.
    if (settings.requestMs !== Infinity && this.#handshake === undefined) {
      this.#limits().startTimer();
    }
    if (tracker.concurrentCalls >= settings.maxConcurrency) {
      // A busy server is not an unhealthy one.
      if (this.#isForServer()) this.#run(false);
      else this.#limits().enqueue();
      return;
    }
    if (this.#handshake !== undefined) {
      this.cycle.skip();
      if (webSocketPart() !== undefined) this.#upgrade(this.#handshake);
      else void this.#upgradeOnceLoaded(this.#handshake);
      return;
    }
    this.#run(true);
  }

  #upgrade(handshake: Handshake): void {
    // A draining server would close the WebSocket with its first frame.
    if (this.#context.tracker.isDraining) this.cycle.refuse(503);
    else this.#owner.upgrade(handshake, this);
  }

  /** What the peer says meanwhile, and its FIN, come behind the answer, as they would later. */
  async #upgradeOnceLoaded(handshake: Handshake): Promise<void> {
    this.#owner.holdReading(true);
    try {
      await loadWebSocketPart();
      if (this.isOver) return;
      this.#owner.holdReading(false);
      this.#upgrade(handshake);
    } catch (thrown) {
      this.#owner.onFailure(thrown);
    }
  }

  /** @param isCounted Whether the call counts against the concurrency limit. */
  #run(isCounted: boolean): void {
    const context = this.#context;
    if (isCounted) context.tracker.startCall();
    else context.tracker.startUncountedCall();
    this.cycle.isCounted = isCounted;
    const scope = httpScope(this, this.#owner.info, context, this.cycle);
    const { observers } = context.tracker;
    if (observers.observesStarts && !this.#isForServer()) {
      this.#rare().started = observers.onRequestStart(scope);
    }
    void this.cycle.run(scope);
  }

  /** See `HttpSettings.healthPath`. */
  #isForServer(): boolean {
    return this.head.rawPath === this.#context.settings.healthPath &&
      this.#handshake === undefined;
  }

  /** The application will not be called, if it has not been yet. */
  skipApplication(): void {
    const hasWaited = this.#extras?.limits?.stopWaiting() === true;
    if (this.isUnstarted || hasWaited) this.cycle.skip();
    this.isUnstarted = false;
  }

  /** The connection is about to end for `reason`. The first one counts. */
  blame(reason: AbortReason): void {
    this.#rare().blamed ??= reason;
  }

  /** Answers with an error, or cuts off a response whose head has left: there is never a second one. */
  refuse(status: number, text: string | undefined): void {
    if (this.stream.isHeadCommitted) {
      this.blame("bad_request");
      this.cycle.onPeerGone();
      this.truncateResponse("bad_request");
    } else {
      this.skipApplication();
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
  }

  /** The request has arrived whole. */
  onBodyEnd(trailers: readonly (readonly [string, string])[]): void {
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
   * Whether the connection can go on after the response although the request is as unread as it is
   * now. If the head promises that, no FIN may follow: the client's next request may be on its way
   * by then (RFC 9112 §9.6). A chunked body, whose size is known only at its end, is dropped up to
   * there, unless a whole buffer of it came before the head of the response left.
   */
  get canBeReadOut(): boolean {
    if (this.cycle.body.isComplete) return true;
    // A body that the peer holds back until it is asked for may come or not: where the next request
    // begins is unknown (RFC 9110 §10.1.1).
    if (this.#awaitsContinue()) return false;
    const { isChunked, contentLength } = this.head;
    return isChunked
      ? this.receivedBytes < READ_HIGH_WATER
      : contentLength - this.receivedBytes <= MAX_DISCARDED_BYTES;
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
  #awaitsContinue(): boolean {
    return this.head.expectsContinue && !this.#hasSentContinue &&
      this.receivedBytes === 0 && !this.cycle.body.isComplete;
  }

  /** The connection is gone. */
  onClose(): void {
    if (!this.isOver) {
      this.cycle.onPeerGone();
      this.#end("client_disconnected");
    }
    this.detach();
  }

  /** The connection goes on without it; an application that has not returned is still known. */
  detach(): void {
    if (!this.cycle.hasReturned) {
      this.#context.tracker.detachedCalls.add(this.cycle);
    }
  }

  // -- The cycle's side.

  get stream(): Http1Response {
    return this.#owner.response;
  }

  get info(): ConnectionInfo {
    return this.#owner.info;
  }

  get flow(): WriteFlow {
    return this.#owner.flow;
  }

  onReceive(): void {
    const isFirst = this.#awaitsContinue();
    if (isFirst && this.cycle.state === "unsent") {
      this.#hasSentContinue = true;
      this.stream.writeContinue();
      this.flow.flush();
    }
    this.#owner.onReceive(isFirst);
  }

  onResponseComplete(): Promise<void> {
    this.cycle.body.finish();
    // A refusal in the application's place ends the response, not its work for it.
    if (this.cycle.disconnectError === undefined) this.#uncount();
    this.#end(undefined);
    return this.#owner.onResponseComplete();
  }

  truncateResponse(cause: AbortReason): void {
    this.#end(cause);
    this.#owner.truncate();
  }

  /** See {@linkcode OfferedUpgradeOwner}. */
  takeOver(upgrade: OfferedUpgrade): void {
    if (this.isOver || this.cycle.state !== "unsent") {
      throw new Error("Cannot take the connection over: a response has begun");
    }
    this.deadline?.end();
    this.cycle.yieldConnection();
    this.#owner.yieldTo(upgrade);
  }

  /** See {@linkcode OfferedUpgradeOwner}. */
  onAnswered(status: number, cause: AbortReason | undefined): void {
    this.stream.status = status;
    this.#end(cause);
  }

  onReturned(): void {
    this.upgrade?.end();
    this.#uncount();
    this.#owner.onReturned(this);
    this.#context.tracker.endCall(this.cycle);
  }

  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** Takes the call from those in progress, once: later work must not refuse the next request. */
  #uncount(): void {
    if (!this.cycle.isCounted) return;
    this.cycle.isCounted = false;
    this.#context.tracker.releaseConcurrency();
  }

  /** Reports the response, once. @param cause Why it is cut off, if nothing else is to blame. */
  #end(cause: AbortReason | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.#extras !== undefined) this.skipApplication();
    this.deadline?.end();
    const { tracker } = this.#context;
    tracker.endRequest(
      tracker.wantsRecords && !this.#isForServer()
        ? this.#record(
          cause === undefined ? undefined : this.#extras?.blamed ?? cause,
        )
        : undefined,
      this.#extras?.started,
    );
  }

  #record(abortReason: AbortReason | undefined): RequestRecord {
    const { stream } = this;
    const isUnanswered = abortReason !== undefined && !stream.isHeadCommitted;
    return requestRecord(
      this,
      stream,
      isUnanswered ? 499 : stream.status,
      abortReason,
      this.#context.requestMs(),
    );
  }
}
