/** The response of a WSGI application (PEP 3333): `startResponse()`, `write()` and the body. */
import type { HeaderPair, Send } from "../../../asgi.ts";
import type { StartResponse } from "../../application.ts";

/** What a WSGI application returns. */
export type WsgiBody =
  | Iterable<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/** Sends one response. The head waits for the first byte of the body, and may change until then. */
export class WsgiResponse {
  readonly #send: Send;
  #head:
    | { readonly status: number; readonly headers: HeaderPair[] }
    | undefined;
  #hasSentHead = false;
  /** What `write()` has begun to send. */
  #written: Promise<void> = Promise.resolve();

  constructor(send: Send) {
    this.#send = send;
  }

  /** See {@linkcode StartResponse}. */
  readonly start: StartResponse = (status, headers, excInfo) => {
    if (excInfo !== undefined && excInfo !== null) {
      if (this.#hasSentHead) throw excInfo;
    } else if (this.#head !== undefined) {
      throw new Error(
        "Cannot start the response twice: expected excInfo in the second call",
      );
    }
    const list = [...headers].map(([name, value]): HeaderPair => [
      String(name).toLowerCase(),
      String(value),
    ]);
    this.#head = { status: readStatus(status), headers: list };
    return (data) => this.#write(data);
  };

  /** Sends what the application returned. Its iterator and its `close()` have been called then. */
  async sendBody(body: WsgiBody): Promise<void> {
    try {
      await this.#written;
      if (typeof body === "string" || body instanceof Uint8Array) {
        // Both are iterable, but nobody means their characters or bytes.
        return await this.#sendLast(body);
      }
      checkIterable(body);
      if (Array.isArray(body) && body.length === 1) {
        return await this.#sendLast(body[0]);
      }
      for await (const chunk of body) {
        await this.#written;
        await this.#sendChunk(chunk);
      }
      await this.#written;
      await this.#sendLast("");
    } finally {
      const { close } = (body ?? {}) as { readonly close?: unknown };
      if (typeof close === "function") await close.call(body);
    }
  }

  /** A failure shows when the body is sent: `write()` itself cannot tell. */
  #write(data: Uint8Array | string): void {
    this.#written = this.#written.then(() => this.#sendChunk(data));
    this.#written.catch(() => {});
  }

  async #sendChunk(chunk: Uint8Array | string): Promise<void> {
    checkChunk(chunk);
    if (chunk.length === 0) return;
    await this.#sendHead();
    await this.#send({
      type: "http.response.body",
      body: chunk,
      more_body: true,
    });
  }

  async #sendLast(chunk: Uint8Array | string): Promise<void> {
    checkChunk(chunk);
    await this.#sendHead();
    await this.#send({ type: "http.response.body", body: chunk });
  }

  async #sendHead(): Promise<void> {
    if (this.#hasSentHead) return;
    if (this.#head === undefined) {
      throw new Error(
        "Cannot send the body: the WSGI application has not called startResponse()",
      );
    }
    this.#hasSentHead = true;
    await this.#send({ type: "http.response.start", ...this.#head });
  }
}

function readStatus(status: unknown): number {
  const digits = /^([1-5]\d\d)(?: .*)?$/.exec(String(status))?.[1];
  if (digits === undefined) {
    throw new TypeError(
      `Cannot use status ${
        JSON.stringify(status) ?? String(status)
      }: expected text such as "200 OK"`,
    );
  }
  return Number(digits);
}

function checkChunk(chunk: unknown): void {
  if (typeof chunk === "string" || chunk instanceof Uint8Array) return;
  throw new TypeError(
    `Cannot send a piece of type ${
      chunk === null ? "null" : typeof chunk
    }: expected a Uint8Array or a string`,
  );
}

function checkIterable(body: unknown): asserts body is WsgiBody {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = Object(
    body,
  ) as Partial<Record<symbol, unknown>>;
  if (typeof sync === "function" || typeof async === "function") return;
  throw new TypeError(
    `Cannot send what the WSGI application returned: expected an iterable of pieces, got ${
      body === null ? "null" : typeof body
    }`,
  );
}
