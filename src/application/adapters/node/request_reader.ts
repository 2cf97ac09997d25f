/**
 * What is received of one request: its body and trailers as the application reads them, and that
 * the client has left.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { HttpReceiveEvent, HttpScope, Receive } from "../../../asgi.ts";
import { setTrailers } from "./node_request.ts";

/** The exchange behind what is received. */
export interface ReaderOwner {
  readonly scope: HttpScope;
  /** Whether the response has ended, so that nobody waits for the client to leave. */
  readonly isAnswered: boolean;
  /** The client has left. */
  onDisconnect(): void;
}

/** What of the body has been read. */
type BodyState = "idle" | "waiting" | "complete";

/** Receives one request. */
export class RequestReader {
  readonly #request: IncomingMessage;
  readonly #hasBody: boolean;
  readonly #receive: Receive<HttpReceiveEvent>;
  readonly #owner: ReaderOwner;
  #body: BodyState = "idle";
  /** Whether the leaving of the client is waited for. */
  #isWatched = false;

  /** @param hasBody Whether a body follows. */
  constructor(
    request: IncomingMessage,
    hasBody: boolean,
    receive: Receive<HttpReceiveEvent>,
    owner: ReaderOwner,
  ) {
    this.#request = request;
    this.#hasBody = hasBody;
    this.#receive = receive;
    this.#owner = owner;
  }

  /** The application reads the body. */
  pull(): void {
    if (this.#body === "waiting") return;
    if (this.#body === "complete" || !this.#hasBody) {
      this.#body = "complete";
      this.#request.push(null);
      return;
    }
    this.#body = "waiting";
    void this.#receive().then((event) => this.#onEvent(event));
  }

  #onEvent(event: HttpReceiveEvent): void {
    if (event.type === "http.disconnect") {
      this.#body = "idle";
      this.#owner.onDisconnect();
      return;
    }
    const { body, more_body: hasMore } = event;
    this.#body = hasMore ? "idle" : "waiting";
    const wantsMore = body.length === 0 ||
      this.#request.push(
        Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      );
    if (!hasMore) void this.#endBody();
    else if (body.length === 0) this.pull();
    else if (!wantsMore) this.#watchSignal();
  }

  /** The client may send its body. */
  proceed(): void {
    if (this.#hasBody && this.#body === "idle") this.pull();
  }

  async #endBody(): Promise<void> {
    const entry = this.#owner.scope.extensions["http.request.trailers"];
    if (entry !== undefined) {
      try {
        const fields = await entry.trailers;
        if (fields.length > 0) setTrailers(this.#request, fields);
      } catch {
        // The connection ended behind the body: the next receive tells.
      }
    }
    this.#body = "complete";
    this.#request.complete = true;
    this.#request.push(null);
    if (this.#isWatched && !this.#owner.isAnswered) this.#watchReceive();
  }

  /** The application goes on later: tells when the client leaves before that. */
  watch(): void {
    this.#isWatched = true;
    if (!this.#hasBody) {
      // The empty body first, then the disconnect.
      void this.#receive().then((event) => this.#onWatched(event));
    } else if (this.#body === "complete") this.#watchReceive();
    else if (this.#body === "idle") this.#watchSignal();
  }

  #watchReceive(): void {
    void this.#receive().then((event) => this.#onWatched(event));
  }

  #onWatched(event: HttpReceiveEvent): void {
    if (event.type === "http.disconnect") this.#owner.onDisconnect();
    else this.#watchReceive();
  }

  /** While the body is not read, the signal tells. */
  #watchSignal(): void {
    const signal = this.#owner.scope.extensions.abort_signal?.signal;
    if (signal === undefined) return;
    if (signal.aborted) this.#owner.onDisconnect();
    else {
      signal.addEventListener("abort", () => this.#owner.onDisconnect(), {
        once: true,
      });
    }
  }

  /** Lets those who listen to the request hear of its end, read or not. */
  release(): void {
    const request = this.#request;
    if (request.readableEnded || request.destroyed) return;
    const isHeard = request.listenerCount("close") > 0 ||
      request.listenerCount("end") > 0;
    if (!isHeard) return;
    if (this.#body !== "complete" && this.#hasBody) {
      this.#body = "complete";
      request.complete = true;
      request.push(null);
    }
    request.resume();
  }
}
