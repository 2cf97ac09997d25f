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

/** What `receive()` answers, and when. */
export class RequestBody {
  /** Bytes nobody has taken yet: `[0, #size)`. */
  #pending: Uint8Array = NOTHING;
  #size = 0;
  #end: BodyEnd;
  /** Whether the last piece, `more_body: false`, was handed over. */
  #isDelivered = false;
  /** Whether nothing but `http.disconnect` is left to say. */
  #isOver = false;
  /** Whether the peer left before a body that is whole was handed over. */
  #isGone = false;
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

  /** Whether somebody waits for bytes that have not arrived. */
  get isWaitedFor(): boolean {
    return this.#waiters !== undefined && this.#end === "open";
  }

  /** Whether every byte has arrived. */
  get isComplete(): boolean {
    return this.#end === "complete";
  }

  /** Takes `bytes[start, end)`, a copy if they are lent. Linear however small the pieces (wishes:R-009). */
  append(
    bytes: Uint8Array,
    start: number,
    end: number,
    isLent: boolean,
  ): void {
    const size = end - start;
    if (this.#isOver) return;
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

  /** Answers who waits, once for everything that has arrived: call it after each read. */
  deliver(): void {
    while (this.#waiters !== undefined && this.#canAnswer()) {
      const waiters = this.#waiters;
      const resolve = waiters.shift()!;
      if (waiters.length === 0) this.#waiters = undefined;
      resolve(this.#answer());
    }
  }

  /**
   * The peer has gone. A body that had arrived whole is still handed over first (asgi:A-097); of
   * one cut short, nothing more (asgi:A-096).
   */
  disconnect(): void {
    if (this.#end === "open") {
      this.#cut();
      this.#over();
    } else if (this.#isDelivered) {
      this.#over();
    } else {
      this.#isGone = true;
      this.deliver();
    }
  }

  /** The response is complete: whatever is asked from here on is answered with a disconnect. */
  finish(): void {
    if (this.#end === "open") this.#cut();
    this.#over();
  }

  #cut(): void {
    this.#end = "cut";
    this.#trailers?.reject(noTrailers());
  }

  #over(): void {
    this.#isOver = true;
    this.#pending = NOTHING;
    this.#size = 0;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters !== undefined) {
      for (const resolve of waiters) resolve(DISCONNECT);
    }
  }

  /** The next event (asgi: ). */
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
    return this.#isOver || this.#size > 0 ||
      (this.#end === "complete" && !this.#isDelivered);
  }

  #answer(): HttpReceiveEvent {
    if (this.#isOver) return DISCONNECT;
    const isLast = this.#end === "complete";
    const body = this.#size === this.#pending.length
      ? this.#pending
      : this.#pending.slice(0, this.#size);
    this.#pending = NOTHING;
    this.#size = 0;
    if (isLast) {
      this.#isDelivered = true;
      this.#isOver = this.#isGone; // who waits behind this one is answered after it
    }
    return { type: "http.request", body, more_body: !isLast };
  }

  /** The trailer fields, once the body has ended (asgi:A-246). */
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
