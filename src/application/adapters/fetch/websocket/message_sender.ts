/** Messages on their way to one WebSocket: in the order given, and counted until they have left. */
import type { Send } from "../../../../asgi.ts";

/** What a standard `WebSocket` takes. */
export type MessageData = string | ArrayBufferLike | ArrayBufferView | Blob;

/** Sends for one open WebSocket. */
export class MessageSender {
  readonly #send: Send;
  readonly #onDrain: () => void;
  readonly #onLeft: () => void;
  #bufferedAmount = 0;
  /** Whether a message has stayed longer than the microtasks after it. */
  #isHeldUp = false;
  /** Settles with the last message that had to be read first; later ones wait for it. */
  #reading: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param onDrain Is told when messages that had to wait have left.
   * @param onLeft Is told when one message has left, before.
   */
  constructor(
    send: Send,
    onDrain: () => void = ignore,
    onLeft: () => void = ignore,
  ) {
    this.#send = send;
    this.#onDrain = onDrain;
    this.#onLeft = onLeft;
  }

  /** Bytes of messages that have not left: text as UTF-8, without framing. */
  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  /** Whether the client takes messages more slowly than they are sent. */
  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  /** Sends one message. @returns Its size in bytes. */
  write(data: MessageData, compress: boolean): number {
    const size = sizeOf(data);
    this.#bufferedAmount += size;
    if (this.#isClosed) return size; // counted and dropped, as the standard has it
    if (data instanceof Blob) {
      this.#after(async () => {
        this.#put(new Uint8Array(await data.arrayBuffer()), size, compress);
      });
    } else if (this.#reading !== undefined) {
      // Copied: the caller may change its buffer as soon as this returns.
      const copy = typeof data === "string" ? data : bytesOf(data).slice();
      this.#after(() => this.#put(copy, size, compress));
    } else {
      this.#put(
        typeof data === "string" ? data : bytesOf(data),
        size,
        compress,
      );
    }
    return size;
  }

  /** Starts the closing handshake, behind the messages. Idempotent. */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const close = () => {
      this.#send({
        type: "websocket.close",
        code: code ?? 1000,
        reason: reason ?? "",
      }).catch(ignore);
    };
    if (this.#reading === undefined) close();
    else this.#after(close);
  }

  /** Does something after all messages that have to be read. */
  #after(work: () => void | Promise<void>): void {
    const reading = (this.#reading ?? Promise.resolve()).then(work).catch(
      ignore,
    );
    this.#reading = reading;
    void reading.then(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
  }

  #put(message: string | Uint8Array, size: number, compress: boolean): void {
    const sent = typeof message === "string"
      ? this.#send({ type: "websocket.send", text: message, compress })
      : this.#send({ type: "websocket.send", bytes: message, compress });
    let hasLeft = false;
    const onLeft = () => {
      hasLeft = true;
      this.#bufferedAmount -= size;
      this.#onLeft();
      if (!this.#isHeldUp || this.#bufferedAmount > 0) return;
      this.#isHeldUp = false;
      this.#onDrain();
    };
    // A client that has left takes nothing any more: its close event says so.
    sent.then(onLeft, ignore);
    void Promise.resolve().then(() => {}).then(() => {
      if (!hasLeft) this.#isHeldUp = true;
    });
  }
}

function bytesOf(data: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function sizeOf(data: MessageData): number {
  if (typeof data === "string") return utf8Length(data);
  return data instanceof Blob ? data.size : data.byteLength;
}

/** Bytes of `text` as UTF-8; a lone surrogate becomes U+FFFD, which takes three. */
function utf8Length(text: string): number {
  let size = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text, at + 1)) {
      size += 2; // four bytes for two units
      at++;
    } else size += 2;
  }
  return size;
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at); // NaN past the end
  return unit >= 0xdc00 && unit < 0xe000;
}

function ignore(): void {}
