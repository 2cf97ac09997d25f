/**
 * One request's body on its way to the application: pieces wait here until `receive()` takes
 * them, receivers wait here until there is a piece.
 */
import { ClientDisconnected } from "../../errors.ts";
import { keepBytes } from "../../bytes/keep_bytes.ts";
import type { HeaderList, HttpReceiveEvent } from "../../asgi.ts";

const NOTHING = new Uint8Array(0);
const DISCONNECT: HttpReceiveEvent = Object.freeze({ type: "http.disconnect" });

type Resolve = (event: HttpReceiveEvent) => void;

/** How the body ends for the application. */
type BodyEnd = "open" | "complete" | "cut";

/** What `receive()` has still to say. */
type Remaining =
  /** The rest of the body. */
  | "body"
  /** The same, and then `http.disconnect`: the peer left when the body was whole. */
  | "bodyAndDisconnect"
  /** `http.disconnect`, once the response or the connection ends: `more_body: false` was said. */
  | "disconnectLater"
  /** `http.disconnect`, at any time. */
  | "disconnect";

/** What `receive()` answers, and when. */
export class RequestBody {
  /** Bytes that were not taken yet: `[0, #size)`. */
  #pending: Uint8Array = NOTHING;
  #size = 0;
  #end: BodyEnd;
  #remaining: Remaining = "body";
  #waiters: Resolve[] | undefined;
  #trailers: PromiseWithResolvers<HeaderList> | undefined;
  #trailerFields: HeaderList | undefined;

  /** @param hasBody Whether any bytes are announced. */
  constructor(hasBody: boolean) {
    this.#end = hasBody ? "open" : "complete";
  }

  /** Bytes that arrived and were not taken. */
  get pendingBytes(): number {
    return this.#size;
  }

  /** Whether `receive()` waits for bytes that have not arrived. */
  get isWaitedFor(): boolean {
    return this.#waiters !== undefined && this.#end === "open";
  }

  /** Whether every byte has arrived. */
  get isComplete(): boolean {
    return this.#end === "complete";
  }

  /** Takes `bytes[start, end)`, a copy if they are lent. Linear however small the pieces. */
  append(
    bytes: Uint8Array,
    start: number,
    end: number,
    isLent: boolean,
  ): void {
    const size = end - start;
    if (this.#remaining === "disconnect") return;
    if (this.#size === 0) {
      this.#pending = keepBytes(bytes, start, end, isLent);
      this.#size = size;
      return;
    }
    if (this.#size + size > this.#pending.length) {
      const grown = new Uint8Array(
        Math.max(this.#size + size, this.#pending.length * 2, 1024),
      );
      grown.set(this.#pending.subarray(0, this.#size));
      this.#pending = grown;
    }
    this.#pending.set(bytes.subarray(start, end), this.#size);
    this.#size += size;
  }

  /** The body has ended as announced. */
  complete(trailers: HeaderList): void {
    this.#end = "complete";
    this.#trailerFields = trailers;
    this.#trailers?.resolve(trailers);
  }

  /** Answers a waiting `receive()` with everything that has arrived. To be called after each read. */
  deliver(): void {
    while (this.#waiters !== undefined && this.#canAnswer()) {
      const waiters = this.#waiters;
      const resolve = waiters.shift()!;
      if (waiters.length === 0) this.#waiters = undefined;
      resolve(this.#answer());
    }
  }

  /**
   * The peer has gone. A body that had arrived whole is still handed over first; of one cut short,
   * nothing more.
   */
  disconnect(): void {
    if (this.#end === "open") {
      this.#cut();
      this.#over();
    } else if (this.#remaining === "disconnectLater") {
      this.#over();
    } else if (this.#remaining === "body") {
      this.#remaining = "bodyAndDisconnect";
      this.deliver();
    }
  }

  /** The response is complete: every further `receive()` is answered with a disconnect. */
  finish(): void {
    if (this.#end === "open") this.#cut();
    this.#over();
  }

  #cut(): void {
    this.#end = "cut";
    this.#trailers?.reject(noTrailers());
  }

  #over(): void {
    this.#remaining = "disconnect";
    this.#pending = NOTHING;
    this.#size = 0;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters !== undefined) {
      for (const resolve of waiters) resolve(DISCONNECT);
    }
  }

  /** The next event; concurrent calls are answered in their order. */
  receive(): Promise<HttpReceiveEvent> {
    if (this.#waiters === undefined && this.#canAnswer()) {
      return Promise.resolve(this.#answer());
    }
    return new Promise((resolve) => {
      if (this.#waiters === undefined) this.#waiters = [resolve];
      else this.#waiters.push(resolve);
    });
  }

  #canAnswer(): boolean {
    return this.#remaining === "disconnect" || this.#size > 0 ||
      (this.#end === "complete" && this.#remaining !== "disconnectLater");
  }

  #answer(): HttpReceiveEvent {
    if (this.#remaining === "disconnect") return DISCONNECT;
    const isLast = this.#end === "complete";
    const body = this.#size === this.#pending.length
      ? this.#pending
      : this.#pending.slice(0, this.#size);
    this.#pending = NOTHING;
    this.#size = 0;
    if (isLast) {
      this.#remaining = this.#remaining === "bodyAndDisconnect"
        ? "disconnect"
        : "disconnectLater";
    }
    return { type: "http.request", body, more_body: !isLast };
  }

  /** The trailer fields, once the body has ended. */
  get trailers(): Promise<HeaderList> {
    if (this.#trailers === undefined) {
      this.#trailers = Promise.withResolvers<HeaderList>();
      this.#trailers.promise.catch(ignore);
      if (this.#trailerFields !== undefined) {
        this.#trailers.resolve(this.#trailerFields);
      } else if (this.#end === "cut") {
        this.#trailers.reject(noTrailers());
      }
    }
    return this.#trailers.promise;
  }
}

function noTrailers(): ClientDisconnected {
  return new ClientDisconnected(
    "Cannot read trailers: the request body did not end",
  );
}

function ignore(): void {}
