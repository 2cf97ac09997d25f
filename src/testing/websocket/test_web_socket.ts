/** One WebSocket of a test client. */
import {
  ConnectionLost,
  ProtocolViolation,
  WebSocketClosed,
} from "../errors.ts";
import type { MessageCompression } from "../../connection/websocket/message_compression.ts";
import type { TestConnection } from "../test_connection.ts";
import { clientFrame, MAX_FRAME_BYTES, OPCODE, readFrame } from "./frames.ts";

/** How a WebSocket ended. */
export interface WebSocketEnd {
  /** Of the server's close frame: 1005 if it had none, 1006 if no close frame came. */
  readonly code: number;
  /** Of the server's close frame; `""` if it had none. */
  readonly reason: string;
}

/** What is told of a WebSocket that was accepted. */
export interface WebSocketParts {
  readonly connection: TestConnection;
  readonly protocol: string;
  readonly extensions: string;
  readonly compression: MessageCompression | undefined;
  readonly headers: Headers;
  /** Whether pings are answered. */
  readonly answersPings: boolean;
}

/** Undelivered messages at which it stops to read: the server then has to wait. */
const MAX_QUEUE = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NOTHING = new Uint8Array(0);

/**
 * A WebSocket to the application under test. Made by `client.webSocket()`. Pings are answered and
 * counted; the end of an `await using` block closes it with 1000.
 *
 * @example
 * ```ts
 * await using socket = await client.webSocket("/chat", { protocols: ["v1"] });
 * await socket.send("hello");
 * console.assert(await socket.receiveText() === "hello");
 * console.assert((await socket.close()).code === 1000);
 * ```
 */
export class TestWebSocket {
  /** The sub-protocol that the application chose; `""` for none. */
  readonly protocol: string;
  /** What the server agreed to, such as `permessage-deflate`; `""` for nothing. */
  readonly extensions: string;
  /** Of the answer to the handshake. */
  readonly headers: Headers;
  /** The connection below, to break it off or to send frames of one's own. */
  readonly connection: TestConnection;
  /** Resolves when no more will come. */
  readonly closed: Promise<WebSocketEnd>;
  readonly #closed = Promise.withResolvers<WebSocketEnd>();
  readonly #answersPings: boolean;
  readonly #compression: MessageCompression | undefined;
  readonly #queue: (string | Uint8Array)[] = [];
  #wake: (() => void)[] = [];
  #end: WebSocketEnd | undefined;
  #failure: unknown;
  #hasSentClose = false;
  #pings = 0;
  #pongs = 0;

  /** @internal */
  constructor(parts: WebSocketParts) {
    this.connection = parts.connection;
    this.protocol = parts.protocol;
    this.extensions = parts.extensions;
    this.headers = parts.headers;
    this.#compression = parts.compression;
    this.#answersPings = parts.answersPings;
    this.closed = this.#closed.promise;
    void this.#run();
  }

  /** Pings that have come. */
  get pings(): number {
    return this.#pings;
  }

  /** Pongs that have come. */
  get pongs(): number {
    return this.#pongs;
  }

  /**
   * Sends a text or a binary message; resolves when the server has it.
   *
   * @param options `compress: false` sends it as it is. Default: compressed, if that was agreed on.
   * @throws ConnectionLost if it cannot arrive.
   */
  async send(
    message: string | Uint8Array,
    options: { readonly compress?: boolean } = {},
  ): Promise<void> {
    const isText = typeof message === "string";
    const payload = isText ? encoder.encode(message) : message;
    const opcode = isText ? OPCODE.TEXT : OPCODE.BINARY;
    const compression = options.compress === false
      ? undefined
      : this.#compression;
    if (compression === undefined) await this.#write(opcode, payload);
    else await this.#write(opcode, compression.deflate(payload), true);
  }

  /** Sends `value` as JSON, in a text message. */
  async sendJson(value: unknown): Promise<void> {
    await this.send(JSON.stringify(value));
  }

  /**
   * The next message: text, or bytes.
   *
   * @throws WebSocketClosed, with code and reason, if none will come.
   */
  async receive(): Promise<string | Uint8Array> {
    for (;;) {
      const message = this.#queue.shift();
      if (message !== undefined) {
        this.#notify();
        return message;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#end !== undefined) {
        throw new WebSocketClosed(this.#end.code, this.#end.reason);
      }
      await this.#changed();
    }
  }

  /** The next message, which has to be text. @throws TypeError if it is not; as `receive`. */
  async receiveText(): Promise<string> {
    const message = await this.receive();
    if (typeof message === "string") return message;
    throw new TypeError(
      `Cannot receive text: got ${message.length} bytes of a binary message`,
    );
  }

  /** The next message, which has to be binary. @throws TypeError if it is not; as `receive`. */
  async receiveBytes(): Promise<Uint8Array> {
    const message = await this.receive();
    if (typeof message !== "string") return message;
    throw new TypeError(
      `Cannot receive bytes: got the text ${JSON.stringify(message)}`,
    );
  }

  /** The next message, which has to be text that is JSON. */
  async receiveJson(): Promise<unknown> {
    return JSON.parse(await this.receiveText());
  }

  /** All messages until the WebSocket closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      try {
        yield await this.receive();
      } catch (error) {
        if (error instanceof WebSocketClosed) return;
        throw error;
      }
    }
  }

  /** Sends a ping of at most 125 bytes. */
  async ping(payload: Uint8Array = NOTHING): Promise<void> {
    await this.#write(OPCODE.PING, payload);
  }

  /**
   * Sends a close frame, and resolves with the server's. Messages that come before it can still be
   * received.
   *
   * @param code Of our close frame. Default: 1000.
   * @param reason At most 123 bytes of UTF-8. Default: none.
   */
  async close(code: number = 1000, reason: string = ""): Promise<WebSocketEnd> {
    if (!this.#hasSentClose && this.#end === undefined) {
      this.#hasSentClose = true;
      const text = encoder.encode(reason);
      const payload = new Uint8Array(2 + text.length);
      payload.set([code >> 8, code & 0xff]);
      payload.set(text, 2);
      await this.#write(OPCODE.CLOSE, payload).catch(() => {});
      this.#notify(); // what is left unread is not in the way of the close frame
    }
    return await this.closed;
  }

  /** Breaks off without a close frame: the application gets 1006. */
  disconnect(): void {
    this.connection.reset();
  }

  /** Closes it with 1000. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write(
    opcode: number,
    payload: Uint8Array,
    isCompressed = false,
  ): Promise<void> {
    const key = crypto.getRandomValues(new Uint8Array(4));
    await this.connection.write(
      clientFrame(opcode, payload, key, isCompressed),
    );
  }

  /** Reads until the end. */
  async #run(): Promise<void> {
    let end: WebSocketEnd = { code: 1006, reason: "" };
    try {
      end = await this.#read() ?? end;
    } catch (error) {
      if (!(error instanceof ConnectionLost)) this.#failure = error;
    }
    this.#end = end;
    this.connection.close();
    this.#compression?.close();
    this.#closed.resolve(end);
    this.#notify();
  }

  async #read(): Promise<WebSocketEnd | undefined> {
    let pieces: Uint8Array[] = [];
    let kind = 0;
    let isCompressed = false;
    for (;;) {
      while (this.#queue.length >= MAX_QUEUE && !this.#hasSentClose) {
        await this.#changed();
      }
      const frame = await readFrame(
        this.connection.inbound,
        this.#compression !== undefined,
      );
      if (frame === undefined) return undefined;
      const { opcode, payload, isFinal } = frame;
      switch (opcode) {
        case OPCODE.CLOSE:
          return await this.#onClose(payload);
        case OPCODE.PING:
          this.#pings++;
          if (this.#answersPings) {
            // Not waited for: what comes next may be what the server waits with.
            void this.#write(OPCODE.PONG, payload).catch(() => {});
          }
          continue;
        case OPCODE.PONG:
          this.#pongs++;
          continue;
        case OPCODE.CONTINUATION:
          break;
        default:
          kind = opcode;
          isCompressed = frame.isCompressed;
          pieces = [];
      }
      pieces.push(payload);
      if (!isFinal) continue;
      const whole = joined(pieces);
      const bytes = isCompressed ? this.#inflated(whole) : whole;
      this.#queue.push(messageOf(kind, bytes));
      this.#notify();
    }
  }

  #inflated(payload: Uint8Array): Uint8Array {
    const bytes = this.#compression!.inflate(payload, MAX_FRAME_BYTES);
    // A copy, also of a Buffer: what is lent is used again for the next message.
    if (typeof bytes !== "string") return new Uint8Array(bytes);
    throw new ProtocolViolation(
      `Cannot inflate message: it is ${
        bytes === "bad" ? "damaged" : "too big"
      }`,
    );
  }

  async #onClose(payload: Uint8Array): Promise<WebSocketEnd> {
    if (!this.#hasSentClose) {
      this.#hasSentClose = true;
      await this.#write(OPCODE.CLOSE, payload.subarray(0, 2)).catch(() => {});
    }
    if (payload.length < 2) return { code: 1005, reason: "" };
    return {
      code: payload[0]! * 256 + payload[1]!,
      reason: decoder.decode(payload.subarray(2)),
    };
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function messageOf(kind: number, bytes: Uint8Array): string | Uint8Array {
  if (kind === OPCODE.BINARY) return bytes;
  if (kind === OPCODE.TEXT) return decoder.decode(bytes);
  throw new ProtocolViolation(`Cannot read frame: its opcode is ${kind}`);
}
