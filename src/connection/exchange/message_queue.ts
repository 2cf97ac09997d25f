/** The messages of one WebSocket on their way to the application, and the `receive()` calls that wait for them. */
import type { ReceiveEvent, WebSocketReceiveEvent } from "../../asgi.ts";

type Resolve = (event: ReceiveEvent) => void;

/** What `receive()` answers, and when. Begins with `websocket.connect`. */
export class MessageQueue {
  #events: WebSocketReceiveEvent[] = [{ type: "websocket.connect" }];
  #bytes = 0;
  /** The answer to every `receive()` once the queue is empty. */
  #disconnect: WebSocketReceiveEvent | undefined;
  /** The first `receive()` that waits: nearly always the only one. */
  #receiver: Resolve | undefined;
  /** Those behind it. */
  #receivers: Resolve[] | undefined;

  /** Events that the application has not taken. */
  get length(): number {
    return this.#events.length;
  }

  /** Whether a `receive()` waits. */
  get isWaitedFor(): boolean {
    return this.#receiver !== undefined;
  }

  /** Size of their messages in bytes; text counts its units. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Queues a message, or hands it to the `receive()` that waits. One of the two is `null`. */
  deliver(text: string | null, bytes: Uint8Array | null): void {
    const event = {
      type: "websocket.receive",
      text,
      bytes,
    } as WebSocketReceiveEvent;
    const receiver = this.#receiver;
    if (receiver !== undefined) {
      this.#receiver = this.#receivers?.shift();
      receiver(event);
      return;
    }
    this.#events.push(event);
    this.#bytes += (text ?? bytes!).length;
  }

  /** No message comes after those that are queued. Idempotent: the first code counts. */
  end(code: number, reason: string): void {
    if (this.#disconnect !== undefined) return;
    this.#disconnect = { type: "websocket.disconnect", code, reason };
    // A receiver waits only while the queue is empty.
    this.#receiver?.(this.#disconnect);
    this.#receiver = undefined;
    for (const receiver of this.#receivers ?? []) receiver(this.#disconnect);
    this.#receivers = undefined;
  }

  /** The next event; concurrent calls are answered in their order. */
  receive(): Promise<ReceiveEvent> {
    const event = this.#events.shift();
    if (event !== undefined) {
      if (event.type === "websocket.receive") {
        this.#bytes -= (event.text ?? event.bytes!).length;
      }
      return Promise.resolve(event);
    }
    if (this.#disconnect !== undefined) {
      return Promise.resolve(this.#disconnect);
    }
    return new Promise((resolve) => {
      if (this.#receiver === undefined) this.#receiver = resolve;
      else (this.#receivers ??= []).push(resolve);
    });
  }
}
