/** The response that refuses an upgrade: a status of ours, or a denial of the application's. */
import type { HeaderInput } from "../../asgi.ts";
import type { Http1RequestHead } from "../../http1/request_head.ts";
import type { Logger } from "../../logging/logger.ts";
import type { Socket } from "../../runtime/types.ts";
import type { ServerContext } from "../context.ts";
import type { ResponseNotes } from "../exchange/response_notes.ts";
import type { StreamProblem } from "../exchange/response_sink.ts";
import { WriteFlow, type WriteFlowOwner } from "../output/write_flow.ts";
import { Http1Response, type ResponseOwner } from "./http1_response.ts";

/** One upgrade's. Made for a refusal: the bytes of an accept are the WebSocket's. */
export class UpgradeResponse implements ResponseOwner {
  readonly flow: WriteFlow;
  readonly #response: Http1Response;
  readonly #logger: Logger;
  #hasWarnedOfBody = false;

  constructor(
    socket: Socket,
    context: ServerContext,
    head: Http1RequestHead,
    owner: WriteFlowOwner,
  ) {
    this.#logger = context.logger;
    this.flow = new WriteFlow(socket, context, owner);
    this.#response = new Http1Response(
      this.flow.out,
      context.defaults,
      this,
      context.newResponseNotes(),
    );
    this.#response.begin(head);
  }

  /** See {@linkcode ResponseOwner}: no other request follows an upgrade. */
  decideClose(): boolean {
    return true;
  }

  /** Whether the head is on its way, so that nothing can take it back. */
  get isHeadCommitted(): boolean {
    return this.#response.isHeadCommitted;
  }

  /** Of the head that was begun last. */
  get status(): number {
    return this.#response.status;
  }

  /** See {@linkcode ResponseNotes}. */
  get notes(): ResponseNotes | undefined {
    return this.#response.notes;
  }

  /** Body bytes written, framing not counted. */
  get bodyBytes(): number {
    return this.#response.bodyBytes;
  }

  /** Writes a whole answer of ours, in place of a head that has not left. */
  answer(status: number): void {
    if (status !== 403) {
      this.#response.writeWhole(status);
      return;
    }
    // A 403 has no body (as Uvicorn's); a failure has a short text.
    this.#response.start(status, [], false);
    this.#response.write("", true);
  }

  /** Begins a response of the application's. @returns What is wrong with the fields. */
  start(status: number, headers: HeaderInput): string | undefined {
    return this.#response.start(status, headers, false);
  }

  /** Goes on with it. @returns What is wrong with its length, or `undefined`. */
  write(
    body: Uint8Array | string,
    isLast: boolean,
  ): StreamProblem | undefined {
    if (body.length > 0 && this.#response.forbidsBody) this.#warnOfBody();
    return this.#response.write(body, isLast);
  }

  #warnOfBody(): void {
    if (this.#hasWarnedOfBody) return;
    this.#hasWarnedOfBody = true;
    this.#logger.warning(
      `Response body dropped: status ${this.status} does not allow one.`,
    );
  }

  /** The turn is over: a head is held until its first body decides the framing, and not longer. */
  endHead(): void {
    if (this.#response.isHeadOpen) this.#response.endHead(-1);
  }
}
