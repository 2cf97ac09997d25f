/** The signal that tells every application that the server shuts down: the extension `drain_signal`. */
import type { SignalExtension } from "../../asgi.ts";

/** One signal for all scopes of a server, made when the first application asks for it. */
export class DrainSignal {
  /** The entry for scopes: it shows the signal and cannot raise it. */
  readonly extension: SignalExtension;
  #controller: AbortController | undefined;
  #isRaised = false;

  constructor() {
    const signal = () => this.#signal();
    this.extension = Object.freeze({
      get signal(): AbortSignal {
        return signal();
      },
    });
  }

  #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isRaised) this.#controller.abort(reason());
    }
    return this.#controller.signal;
  }

  /** Raises it. Idempotent. */
  raise(): void {
    if (this.#isRaised) return;
    this.#isRaised = true;
    this.#controller?.abort(reason());
  }
}

function reason(): DOMException {
  return new DOMException("The server is shutting down", "AbortError");
}
