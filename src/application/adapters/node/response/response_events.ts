/** The events that one response makes of its head, body and trailers. */
import type {
  BodyInput,
  HeaderPair,
  HttpScope,
  Send,
} from "../../../../asgi.ts";

const NO_TRAILERS: readonly HeaderPair[] = [];

/** Sends one response. */
export class ResponseEvents {
  /** Settles when the head is taken; `undefined` before it was handed over. */
  started: Promise<void> | undefined;
  readonly #scope: HttpScope;
  readonly #send: Send;
  #trailers = NO_TRAILERS;
  #promisesTrailers = false;

  constructor(scope: HttpScope, send: Send) {
    this.#scope = scope;
    this.#send = send;
  }

  /**
   * Hands the head over. It promises trailers where there may be some, to a client that takes them.
   *
   * @param isWhole Whether the whole body follows at once.
   */
  start(status: number, headers: HeaderPair[], isWhole: boolean): void {
    const hasTrailers = !isWhole || this.#trailers.length > 0;
    this.#promisesTrailers = hasTrailers &&
      "http.response.trailers" in this.#scope.extensions &&
      acceptsTrailers(this.#scope) &&
      !headers.some(([name]) => name === "content-length");
    this.started = this.#send(
      this.#promisesTrailers
        ? { type: "http.response.start", status, headers, trailers: true }
        : { type: "http.response.start", status, headers },
    );
  }

  /** Hands a piece of the body over. Resolves when more can be taken. */
  write(body: BodyInput): Promise<void> {
    return this.#send({ type: "http.response.body", body, more_body: true });
  }

  /** Ends the response with the last piece. Resolves when all of it is taken. */
  end(body: BodyInput | undefined): Promise<void> {
    const sent = this.#send(
      body === undefined
        ? { type: "http.response.body" }
        : { type: "http.response.body", body },
    );
    return this.#promisesTrailers
      ? this.#send({
        type: "http.response.trailers",
        headers: this.#trailers,
      })
      : sent;
  }

  addTrailers(fields: readonly HeaderPair[]): void {
    this.#trailers = [...this.#trailers, ...fields];
  }

  /** Sends an interim response; `undefined` where the server sends none. */
  inform(
    status: number,
    headers: readonly HeaderPair[],
  ): Promise<void> | undefined {
    return "http.response.informational" in this.#scope.extensions
      ? this.#send({ type: "http.response.informational", status, headers })
      : undefined;
  }
}

function acceptsTrailers(scope: HttpScope): boolean {
  return scope.headers.some(([name, value]) =>
    name === "te" && /(^|,)\s*trailers\s*(;|,|$)/i.test(value)
  );
}
