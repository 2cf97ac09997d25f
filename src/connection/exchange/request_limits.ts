/**
 * What may keep a request from being answered by its application: no room for another call under
 * `limitConcurrency`, and the time limit of `timeoutRequest`. Made for requests that meet one of
 * them: most have neither.
 */
import type { AbortReason } from "../../logging/access/request_record.ts";
import type { ServerContext } from "../context.ts";
import { clientText, type RequestOrigin } from "../scope/request_origin.ts";
import type { HttpCycle } from "./http_cycle.ts";
import {
  RequestDeadline,
  type RequestDeadlineOwner,
} from "./request_deadline.ts";
import type { ResponseSink } from "./response_sink.ts";
import { SlotWait, type SlotWaitOwner } from "./slot_wait.ts";

/** The request that meets a limit. */
export interface LimitedRequest {
  readonly origin: RequestOrigin;
  readonly cycle: HttpCycle;
  readonly stream: ResponseSink;
  /** Calls the application, for which there is room now. */
  start(): void;
  /** The application will not be called, if it has not been yet. */
  skipApplication(): void;
  /** The response is about to end for `reason`. */
  blame(reason: AbortReason): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** One request's. */
export class RequestLimits implements SlotWaitOwner, RequestDeadlineOwner {
  readonly #request: LimitedRequest;
  readonly #context: ServerContext;
  #deadline: RequestDeadline | undefined;
  /** Set while it waits for a call to end, so that its own may begin. */
  #slotWait: SlotWait | undefined;

  constructor(request: LimitedRequest, context: ServerContext) {
    this.#request = request;
    this.#context = context;
  }

  /** `undefined` unless the option `timeoutRequest` is used. */
  get deadline(): RequestDeadline | undefined {
    return this.#deadline;
  }

  /** Whether it waits for a call to end. */
  get waitsForSlot(): boolean {
    return this.#slotWait !== undefined;
  }

  /** The time limit runs from now on, or from an earlier call. */
  startTimer(): void {
    const { settings, deadlines } = this.#context;
    this.#deadline ??= new RequestDeadline(settings.requestMs, deadlines, this);
  }

  /** There is no room for its call: it waits, or is refused at once, as the options say. */
  enqueue(): void {
    const { deadlines, tracker, settings } = this.#context;
    const { concurrencyWaitMs } = settings;
    if (concurrencyWaitMs === 0) return this.#refuse();
    this.#slotWait = new SlotWait(concurrencyWaitMs, deadlines, tracker, this);
  }

  /** See {@linkcode SlotWaitOwner}. */
  onSlot(): void {
    this.#slotWait = undefined;
    this.#request.start();
  }

  /** See {@linkcode SlotWaitOwner}. */
  onSlotTimeout(): void {
    this.#slotWait = undefined;
    this.#refuse();
  }

  #refuse(): void {
    const { cycle } = this.#request;
    this.#context.logger.warning("Exceeded concurrency limit.");
    cycle.skip();
    cycle.refuse(503, undefined, [["retry-after", "1"]]);
  }

  /** See {@linkcode RequestDeadlineOwner}. */
  onRequestTimeout(): void {
    const request = this.#request;
    const { cycle, origin } = request;
    const what = request.stream.isHeadCommitted ? "Cut off" : "503";
    this.#context.logger.warning(
      `${what} for ${clientText(origin) || "a client"}: ` +
        "the response is not complete in time (--timeout-request)",
    );
    request.blame("request_timeout");
    request.skipApplication();
    if (cycle.hasReturned) {
      cycle.refuse(503);
      return;
    }
    cycle.cancel(
      new DOMException("The request was not answered in time", "TimeoutError"),
      503,
      "the request was not answered in time",
    );
  }

  /** See {@linkcode SlotWaitOwner} and {@linkcode RequestDeadlineOwner}. */
  onFailure(thrown: unknown): void {
    this.#request.onFailure(thrown);
  }

  /** It waits for no slot any more. @returns Whether it did. */
  stopWaiting(): boolean {
    const slotWait = this.#slotWait;
    this.#slotWait = undefined;
    slotWait?.end();
    return slotWait !== undefined;
  }
}
