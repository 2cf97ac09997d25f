/** Uvicorn's access line: `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`. */
import type { AccessFormat, FormatContext } from "./access_line.ts";
import { quoteQuery } from "../escape.ts";
import type { RequestRecord } from "./request_record.ts";
import { requestText } from "./request_text.ts";
import { bold, colorStatus, levelPrefix } from "../styles.ts";

/** Makes the format. */
export function uvicornAccessFormat(
  context: FormatContext,
): AccessFormat {
  const lines = new UvicornLines(context);
  return {
    format: (record) => lines.lineOf(record),
    needs: { firstByte: false, responseFields: false, coarseTimes: true },
  };
}

class UvicornLines {
  readonly #context: FormatContext;
  readonly #prefix: string;
  /** The text after the request line, by status, with the line end. */
  readonly #endings = new Map<number, string>();
  /** Cache of the last request line: consecutive requests are often the same. */
  #method = "";
  #path = "";
  #query = "";
  #httpVersion = "";
  #isWebSocket = false;
  #requestLine = "";

  constructor(context: FormatContext) {
    this.#context = context;
    this.#prefix = `${levelPrefix("info", context.isColored)} `;
  }

  lineOf(record: RequestRecord): string {
    const { client, method, path, query, httpVersion, status } = record;
    if (
      path !== this.#path || query !== this.#query || method !== this.#method ||
      httpVersion !== this.#httpVersion ||
      record.isWebSocket !== this.#isWebSocket
    ) {
      this.#path = path;
      this.#query = query;
      this.#method = method;
      this.#httpVersion = httpVersion;
      this.#isWebSocket = record.isWebSocket;
      this.#requestLine = this.#quote(record);
    }
    // A proxy may have supplied the address: escape it.
    const line = this.#prefix + quoteQuery(client) + this.#requestLine +
      (this.#endings.get(status) ?? this.#ending(status));
    // 499 implies it.
    return record.abortReason === undefined || status === 499
      ? line
      : `${line.slice(0, -1)} (cut off)\n`;
  }

  #quote(record: RequestRecord): string {
    const line = requestText(record);
    return ` - "${this.#context.isColored ? bold(line) : line}" `;
  }

  #ending(status: number): string {
    const { isColored, phrase } = this.#context;
    // 101 is only the answer to a WebSocket handshake.
    const words = status === 101
      ? "[accepted]"
      : `${status} ${phrase(status)}`.trimEnd();
    const ending = `${isColored ? colorStatus(words, status) : words}\n`;
    this.#endings.set(status, ending);
    return ending;
  }
}
