/** One call of an application with a `Request`, and the `Response` that its messages become. */
import type {
  HeaderInput,
  HttpReceiveEvent,
  HttpResponseBodyEvent,
  HttpResponseStartEvent,
  SendEvent,
} from "../../asgi.ts";
import {
  ClientDisconnected,
  InvalidEventError,
  UnexpectedEventError,
} from "../../errors.ts";
import { ResponseStream } from "./response_stream.ts";

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
/** Statuses with which a `Response` takes no body, not even an empty one. */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

type State = "unsent" | "started" | "streaming" | "complete";

/** One exchange. */
export class FetchExchange {
  /** Resolves with the response; rejects if there is none. */
  readonly response: Promise<Response>;
  readonly #response = Promise.withResolvers<Response>();
  readonly #request: Request;
  readonly #gone = Promise.withResolvers<void>();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #hasRead = false;
  #state: State = "unsent";
  #start: HttpResponseStartEvent | undefined;
  #stream: ResponseStream | undefined;
  /** Why nobody reads what is sent. */
  #disconnect: ClientDisconnected | undefined;

  constructor(request: Request) {
    this.#request = request;
    this.response = this.#response.promise;
    const { signal } = request;
    if (signal.aborted) this.#onGone();
    else {
      signal.addEventListener("abort", () => this.#onGone(), { once: true });
    }
  }

  /** Whether the application has begun to answer. */
  get hasStarted(): boolean {
    return this.#state !== "unsent";
  }

  #onGone(): void {
    if (this.#state === "complete") return;
    this.#disconnect = new ClientDisconnected();
    this.#gone.resolve();
    this.#response.reject(this.#request.signal.reason ?? this.#disconnect);
    this.response.catch(() => {});
    this.#stream?.fail(this.#disconnect);
  }

  /** `receive()` of the application. */
  async receive(): Promise<HttpReceiveEvent> {
    if (this.#disconnect !== undefined) return { type: "http.disconnect" };
    if (this.#hasRead || this.#state === "complete") {
      // The body was handed over: what is left to tell is the end.
      if (this.#state !== "complete") await this.#gone.promise;
      return { type: "http.disconnect" };
    }
    const { body } = this.#request;
    if (body === null) return this.#lastPiece();
    this.#reader ??= body.getReader();
    try {
      const read = await this.#reader.read();
      return read.done
        ? this.#lastPiece()
        : { type: "http.request", body: read.value, more_body: true };
    } catch {
      this.#onGone();
      return { type: "http.disconnect" };
    }
  }

  #lastPiece(): HttpReceiveEvent {
    this.#hasRead = true;
    return { type: "http.request", body: NOTHING, more_body: false };
  }

  /** `send()` of the application. */
  async send(event: SendEvent): Promise<void> {
    const { type } = event ?? {};
    if (type === "http.response.start") {
      this.#check(type, this.#state === "unsent", "http.response.start");
      this.#onStart(event as HttpResponseStartEvent);
    } else if (type === "http.response.body") {
      const isAllowed = this.#state === "started" ||
        this.#state === "streaming";
      this.#check(
        type,
        isAllowed,
        this.#state === "unsent" ? "http.response.start" : "no message",
      );
      await this.#onBody(event as HttpResponseBodyEvent);
    } else {
      throw new InvalidEventError(
        `Cannot send ${JSON.stringify(type)}: it is not supported here`,
        typeof type === "string" ? type : null,
      );
    }
  }

  #check(type: string, isAllowed: boolean, expected: string): void {
    if (!isAllowed) {
      throw new UnexpectedEventError(
        `Expected ASGI message '${expected}', but got '${type}'.`,
        type,
        this.#state,
      );
    }
    if (this.#disconnect !== undefined) throw this.#disconnect;
  }

  #onStart(event: HttpResponseStartEvent): void {
    headersOf(event.headers); // what is wrong with them is told now
    this.#start = event;
    this.#state = "started";
    // A body that takes longer than a turn must not hold its head back.
    setTimeout(() => {
      if (this.#state === "started") this.#openStream();
    });
  }

  #onBody(event: HttpResponseBodyEvent): Promise<void> {
    const { body = NOTHING, more_body: hasMore = false } = event;
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    if (!hasMore && this.#stream === undefined) {
      this.#resolve(bytes);
      this.#complete();
      return Promise.resolve();
    }
    if (this.#stream === undefined) this.#openStream();
    this.#state = "streaming";
    const written = this.#stream!.write(bytes);
    if (!hasMore) {
      this.#stream!.end();
      this.#complete();
      return Promise.resolve();
    }
    return written;
  }

  #openStream(): void {
    this.#stream = new ResponseStream(() => this.#onGone());
    this.#resolve(this.#stream.readable);
  }

  #resolve(body: Uint8Array | ReadableStream<Uint8Array>): void {
    const { status, headers } = this.#start!;
    const hasNone = NULL_BODY.has(status) || this.#request.method === "HEAD";
    this.#response.resolve(
      new Response(hasNone ? null : body as BodyInit, {
        status,
        headers: headersOf(headers),
      }),
    );
  }

  #complete(): void {
    this.#state = "complete";
    this.#gone.resolve();
    // What the application has left of the request is nobody's any more.
    (this.#reader ?? this.#request.body)?.cancel().catch(() => {});
  }

  /** Breaks the response off, as a connection that is reset. */
  abort(): void {
    if (this.#state === "complete") return;
    const error = new ClientDisconnected("The response was broken off");
    this.#disconnect = error;
    this.#response.reject(error);
    this.response.catch(() => {});
    this.#stream?.fail(error);
    this.#complete();
  }

  /** The application returned. @returns Whether the response is whole. */
  onReturn(): boolean {
    if (this.#state === "complete" || this.#disconnect !== undefined) {
      return true;
    }
    this.#fail(new Error("ASGI callable returned without completing response"));
    return false;
  }

  /** The application threw. @returns Whether that is an error to tell of. */
  onThrow(error: unknown): boolean {
    const hasLeft = this.#disconnect !== undefined &&
      (error instanceof ClientDisconnected ||
        error === this.#request.signal.reason);
    if (this.#state !== "complete") this.#fail(error);
    return !hasLeft;
  }

  /** Answers 500 before the head, and breaks the body off after it. */
  #fail(error: unknown): void {
    if (this.#stream !== undefined) this.#stream.fail(error);
    else {
      this.#response.resolve(
        new Response("Internal Server Error", { status: 500 }),
      );
    }
    this.#complete();
  }
}

function headersOf(input: HeaderInput = []): Headers {
  const headers = new Headers();
  for (const [name, value] of input) headers.append(text(name), text(value));
  return headers;
}

/** Octets as the string of which each unit is one. */
function text(value: string | Uint8Array): string {
  return typeof value === "string" ? value : String.fromCharCode(...value);
}
