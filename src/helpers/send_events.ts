/**
 * Server-sent events (HTML Standard, section 9.2): a response without an end, which ends when the
 * server begins to stop.
 */
import type { HeaderPair, HttpScope, Send } from "../asgi.ts";
import { eventText, type ServerSentEvent } from "./event_text.ts";

export type { ServerSentEvent } from "./event_text.ts";

/**
 * Where events come from. A function gets a signal that is raised when the stream ends: because the
 * client has left, or the server begins to stop.
 */
export type EventSource =
  | AsyncIterable<ServerSentEvent | string>
  | ((signal: AbortSignal) => AsyncIterable<ServerSentEvent | string>);

/** How events are sent. */
export interface SendEventsOptions {
  /** Further fields of the response. Default: none. */
  readonly headers?: Iterable<HeaderPair>;
  /**
   * Milliseconds without an event until a comment is sent, so that proxies keep the connection; 0
   * sends none. Default: 15000.
   */
  readonly heartbeatMs?: number;
  /**
   * Milliseconds until clients connect anew after the server has ended the stream to stop. Default:
   * between 1000 and 3000 by chance, so that not all come at once.
   */
  readonly reconnectMs?: number;
}

/**
 * Sends events until their source ends, the client leaves, or the server begins to stop: then the
 * stream ends in the same turn of the event loop, with a last `retry`. The source is told to end
 * (`return()`) and is not waited for.
 *
 * @throws What the source throws, and what `send()` rejects with.
 *
 * @example
 * ```ts
 * const app = defineApp(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   await sendEvents(scope, send, async function* () {
 *     for (let count = 1; count <= 3; count++) {
 *       yield { id: String(count), data: `tick ${count}` };
 *     }
 *   });
 * });
 * ```
 */
export async function sendEvents(
  scope: HttpScope,
  send: Send,
  source: EventSource,
  options: SendEventsOptions = {},
): Promise<void> {
  const { abort_signal, drain_signal } = scope.extensions;
  const stream = new EventStream(send, options);
  await stream.start(options.headers ?? []);
  const gone = abort_signal?.signal;
  const draining = drain_signal?.signal;
  const onGone = () => stream.abandon(gone?.reason);
  const onDrain = () => stream.endForStop();
  gone?.addEventListener("abort", onGone, { once: true });
  draining?.addEventListener("abort", onDrain, { once: true });
  if (gone?.aborted) onGone();
  else if (draining?.aborted) onDrain();
  try {
    await stream.run(source);
  } finally {
    gone?.removeEventListener("abort", onGone);
    draining?.removeEventListener("abort", onDrain);
  }
}

/** One response of events. */
class EventStream {
  readonly #send: Send;
  readonly #heartbeatMs: number;
  readonly #reconnectMs: number;
  /** Raised when the stream has ended, for the source. */
  readonly #ended = new AbortController();
  /** Resolves once nothing more is to be sent. */
  readonly #end = Promise.withResolvers<void>();
  #heartbeat: ReturnType<typeof setTimeout> | undefined;

  constructor(send: Send, options: SendEventsOptions) {
    const { heartbeatMs = 15_000, reconnectMs = 1000 + 2000 * Math.random() } =
      options;
    this.#send = send;
    this.#heartbeatMs = heartbeatMs;
    this.#reconnectMs = Math.round(reconnectMs);
  }

  get #hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  async start(headers: Iterable<HeaderPair>): Promise<void> {
    await this.#send({
      type: "http.response.start",
      status: 200,
      headers: [
        ["content-type", "text/event-stream"],
        ["cache-control", "no-store"],
        // nginx holds responses back otherwise.
        ["x-accel-buffering", "no"],
        ...headers,
      ],
    });
    // The head leaves now, not with the first event.
    await this.#write(":\n\n");
  }

  async run(source: EventSource): Promise<void> {
    if (this.#hasEnded) return await this.#end.promise;
    const { signal } = this.#ended;
    const events = typeof source === "function" ? source(signal) : source;
    const iterator = events[Symbol.asyncIterator]();
    const pumping = this.#pump(iterator);
    try {
      await Promise.race([pumping, this.#end.promise]);
    } finally {
      this.#finish(undefined);
      pumping.catch(() => {}); // what a source throws after the end interests nobody
      // A generator that waits for something returns when that comes: not waited for.
      void Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  /** The client has left. */
  abandon(reason: unknown): void {
    if (this.#hasEnded) return;
    this.#finish(reason);
    this.#end.resolve();
  }

  /** The server begins to stop: the last piece leaves in this turn. */
  endForStop(): void {
    if (this.#hasEnded) return;
    this.#finish(new DOMException("The server is shutting down", "AbortError"));
    const body = eventText({ retry: this.#reconnectMs });
    this.#send({ type: "http.response.body", body }).then(
      this.#end.resolve,
      this.#end.reject,
    );
    this.#end.promise.catch(() => {}); // it may be raced no more
  }

  async #pump(
    iterator: AsyncIterator<ServerSentEvent | string>,
  ): Promise<void> {
    this.#beat();
    for (;;) {
      const { value, done } = await iterator.next();
      if (this.#hasEnded) return await this.#end.promise;
      if (done) break;
      await this.#write(eventText(value));
      if (this.#hasEnded) return await this.#end.promise;
      this.#beat();
    }
    this.#finish(undefined);
    await this.#send({ type: "http.response.body" });
  }

  async #write(body: string): Promise<void> {
    await this.#send({ type: "http.response.body", body, more_body: true });
  }

  /** Starts the wait for the next comment anew. */
  #beat(): void {
    clearTimeout(this.#heartbeat);
    if (this.#heartbeatMs === 0 || this.#hasEnded) return;
    this.#heartbeat = setTimeout(() => {
      this.#write(":\n\n").then(() => this.#beat(), () => {});
    }, this.#heartbeatMs);
  }

  #finish(reason: unknown): void {
    clearTimeout(this.#heartbeat);
    if (!this.#hasEnded) this.#ended.abort(reason);
  }
}
