/** The body of a response as a stream that is written at its reader's pace. */

/** A readable stream, and its writing end. */
export class ResponseStream {
  readonly readable: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #isOver = false;
  #onPull: (() => void) | undefined;

  /** @param onCancel The reader does not want the rest. */
  constructor(onCancel: (reason: unknown) => void) {
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#resume(),
      cancel: (reason) => {
        this.#isOver = true;
        this.#resume();
        onCancel(reason);
      },
    });
  }

  #resume(): void {
    this.#onPull?.();
    this.#onPull = undefined;
  }

  /** Writes a piece. Resolves when the reader wants more, or nothing any more. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#isOver || bytes.length === 0) return Promise.resolve();
    this.#controller.enqueue(bytes);
    if (this.#controller.desiredSize! > 0) return Promise.resolve();
    return new Promise((resolve) => this.#onPull = resolve);
  }

  /** Ends the body. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller.close();
  }

  /** Breaks the body off. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller.error(error);
  }
}
