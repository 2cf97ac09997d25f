/** What a connection brings, by lines and by counts. */
import { latin1 } from "../../bytes/latin1.ts";
import { ConnectionLost, ProtocolViolation } from "../errors.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Reads ahead by at most one piece. */
export class Inbound {
  readonly #read: () => Promise<Uint8Array | undefined>;
  #bytes: Uint8Array = new Uint8Array(0);

  /** @param read Resolves to what comes next; to `undefined` at the end. */
  constructor(read: () => Promise<Uint8Array | undefined>) {
    this.#read = read;
  }

  /** One line without its end, a unit for each byte; `undefined` if the server ended before it. */
  async line(): Promise<string | undefined> {
    let text = "";
    for (;;) {
      const end = this.#bytes.indexOf(LF);
      if (end >= 0) {
        text += latin1(this.#bytes, 0, end + 1);
        this.#bytes = this.#bytes.subarray(end + 1);
        if (text.charCodeAt(text.length - 2) !== CR) {
          throw new ProtocolViolation(
            `Cannot read line ${
              JSON.stringify(text)
            }: expected CRLF at its end`,
          );
        }
        return text.slice(0, -2);
      }
      text += latin1(this.#bytes, 0, this.#bytes.length);
      if (!await this.#more()) {
        if (text === "") return undefined;
        throw new ConnectionLost(
          "Cannot read line: the connection ended within it",
          "ended",
        );
      }
    }
  }

  /** Some bytes, at most `max`; `undefined` at the end. */
  async some(max: number = Infinity): Promise<Uint8Array | undefined> {
    if (max <= 0) return new Uint8Array(0);
    if (this.#bytes.length === 0 && !await this.#more()) return undefined;
    const taken = this.#bytes.subarray(0, max);
    this.#bytes = this.#bytes.subarray(taken.length);
    return taken;
  }

  /** Exactly `count` bytes. @throws ConnectionLost if the server ends before. */
  async exactly(count: number): Promise<Uint8Array> {
    const all = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const bytes = await this.some(count - at);
      if (bytes === undefined) {
        throw new ConnectionLost(
          `Cannot read: the connection ended ${count - at} bytes too early`,
          "ended",
        );
      }
      all.set(bytes, at);
      at += bytes.length;
    }
    return all;
  }

  async #more(): Promise<boolean> {
    const bytes = await this.#read();
    this.#bytes = bytes ?? new Uint8Array(0);
    return bytes !== undefined;
  }
}
