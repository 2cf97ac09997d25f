/** An abort signal whose controller is made when the application first reads it. */

/** One scope's abort signal. */
export class LazyAbort {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  /** The signal, made when first asked for: already raised if it was. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether `error` is the reason it was raised with: an application may end its call by throwing it. */
  wasRaisedWith(error: unknown): boolean {
    return this.#reason !== undefined && error === this.#reason;
  }

  /** Raises it. The first reason counts. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
