/**
 * `wsgi.input` (PEP 3333): the request body. Methods return promises, as what has not arrived cannot
 * be waited for otherwise; `readSync()` reads what is there.
 */
import type { Receive } from "../../../asgi.ts";
import { ClientDisconnected } from "../../../errors.ts";

const LINE_END = 10;

/** The body of one request. */
export class WsgiInput {
  readonly #receive: Receive;
  /** What has arrived and was not taken: `#memory[#start, #end)`. Never overwritten: it is handed out. */
  #memory: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #isComplete = false;

  constructor(receive: Receive) {
    this.#receive = receive;
  }

  /**
   * Reads at most `size` bytes, fewer only at the end of the body; all of it without `size`.
   *
   * @throws ClientDisconnected if the body never ends.
   */
  async read(size = -1): Promise<Uint8Array> {
    const wanted = size < 0 ? Infinity : size;
    while (this.#length < wanted && !this.#isComplete) {
      await this.#fill();
    }
    return this.#take(wanted);
  }

  /**
   * Reads what has arrived, without waiting. Bodies of at most 64 KiB with a `content-length` have
   * arrived before the application is called.
   *
   * @throws Error if fewer than `size` bytes, or less than the whole body, have arrived.
   */
  readSync(size = -1): Uint8Array {
    const wanted = size < 0 ? Infinity : size;
    if (this.#length < wanted && !this.#isComplete) {
      throw new Error(
        "Cannot read the request body at once: it has not arrived, use await read()",
      );
    }
    return this.#take(wanted);
  }

  /** Reads a line with its line end, at most `size` bytes; empty at the end of the body. */
  async readline(size = -1): Promise<Uint8Array> {
    const most = size < 0 ? Infinity : size;
    let searched = 0;
    for (;;) {
      const end = this.#held.indexOf(LINE_END, searched);
      if (end >= 0 && end < most) return this.#take(end + 1);
      if (this.#length >= most || this.#isComplete) {
        return this.#take(most);
      }
      searched = this.#length;
      await this.#fill();
    }
  }

  /** Reads lines until they have `hint` bytes together; all without `hint`. */
  async readlines(hint = -1): Promise<Uint8Array[]> {
    const lines: Uint8Array[] = [];
    let size = 0;
    for await (const line of this) {
      lines.push(line);
      size += line.length;
      if (hint > 0 && size >= hint) break;
    }
    return lines;
  }

  /** Yields the lines that are left. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const line = await this.readline();
      if (line.length === 0) return;
      yield line;
    }
  }

  /** @internal Waits for the whole body. */
  async complete(): Promise<void> {
    while (!this.#isComplete) await this.#fill();
  }

  get #length(): number {
    return this.#end - this.#start;
  }

  get #held(): Uint8Array {
    return this.#memory.subarray(this.#start, this.#end);
  }

  async #fill(): Promise<void> {
    const event = await this.#receive();
    if (event.type !== "http.request") {
      throw new ClientDisconnected(
        "Cannot read the request body: the client has disconnected",
      );
    }
    this.#append(event.body);
    this.#isComplete = !event.more_body;
  }

  /** Linear in total: memory doubles as it fills. */
  #append(bytes: Uint8Array): void {
    const held = this.#held;
    const size = held.length + bytes.length;
    if (held.length === 0) {
      this.#memory = bytes;
      this.#start = 0;
    } else if (this.#end + bytes.length <= this.#memory.length) {
      this.#memory.set(bytes, this.#end);
    } else {
      this.#memory = new Uint8Array(size * 2);
      this.#memory.set(held);
      this.#memory.set(bytes, held.length);
      this.#start = 0;
    }
    this.#end = this.#start + size;
  }

  #take(size: number): Uint8Array {
    const taken = this.#memory.subarray(
      this.#start,
      Math.min(this.#end, this.#start + size),
    );
    this.#start += taken.length;
    return taken;
  }
}
