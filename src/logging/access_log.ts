/** One line per response. */
import { quoteMethod, quotePath, quoteQuery } from "./escape.ts";
import { bold, colorStatus, levelPrefix } from "./styles.ts";

/** One response, when it has ended or was cut off. */
export interface AccessEntry {
  /** `host:port`, IPv6 without brackets; `""` when unknown (http:H-151). */
  readonly client: string;
  /** As received. */
  readonly method: string;
  /** Decoded, `root_path` included. */
  readonly path: string;
  /** As received, without `?`. */
  readonly query: string;
  /** Such as `1.1`; `""` for a WebSocket handshake. */
  readonly httpVersion: string;
  /** What the client was sent, or would have been. */
  readonly status: number;
  /** From the first byte of the request to the end of the response, in milliseconds. */
  readonly durationMs: number;
  /** Bytes of the response body that were handed to the socket. */
  readonly bodyBytes: number;
  /** Whether the response was cut off. */
  readonly isAborted: boolean;
}

/** Takes one entry for each response. */
export interface AccessLog {
  /** Costs well under a microsecond. Keeps nothing of `entry`. */
  log(entry: AccessEntry): void;
}

/** What the log needs of its surroundings. */
export interface AccessLogOutput {
  readonly isColored: boolean;
  /** Takes whole lines. */
  write(text: string): void;
  /** Calls back once, when the current turn of the event loop is over. */
  afterTurn(callback: () => void): void;
  /** The words for a status, such as `OK`; `""` if it has none. */
  phrase(status: number): string;
}

/** Longest text that waits for the end of a turn, in characters. A turn has seldom more than 64 lines. */
const MAX_WAITING = 64 * 1024;

/**
 * Lines in Uvicorn's format (process:P-103): `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`.
 * They are kept until the turn of the event loop ends and then written in one piece: a system call
 * for each would cost more than the request.
 */
export class TextAccessLog implements AccessLog {
  readonly #output: AccessLogOutput;
  readonly #prefix: string;
  /** What follows the request line, by status, line end included. */
  readonly #endings = new Map<number, string>();
  readonly #writeWaiting = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
  #waiting = "";
  #isScheduled = false;
  /** The last request line and what it was made from: most requests resemble the one before. */
  #method = "";
  #path = "";
  #query = "";
  #httpVersion = "";
  #requestLine = "";

  constructor(output: AccessLogOutput) {
    this.#output = output;
    this.#prefix = `${levelPrefix("info", output.isColored)} `;
  }

  log(entry: AccessEntry): void {
    const { client, method, path, query, httpVersion, status } = entry;
    if (
      path !== this.#path || query !== this.#query || method !== this.#method ||
      httpVersion !== this.#httpVersion
    ) {
      this.#path = path;
      this.#query = query;
      this.#method = method;
      this.#httpVersion = httpVersion;
      this.#requestLine = this.#quote(entry);
    }
    // The client's address is the kernel's today, a proxy's word tomorrow.
    this.#waiting += this.#prefix + quoteQuery(client) + this.#requestLine +
      (this.#endings.get(status) ?? this.#ending(status));
    // 499 says it already.
    if (entry.isAborted && status !== 499) {
      this.#waiting = `${this.#waiting.slice(0, -1)} (cut off)\n`;
    }
    if (this.#waiting.length > MAX_WAITING) this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#output.afterTurn(this.#writeWaiting);
  }

  /** Writes what waits. */
  flush(): void {
    const text = this.#waiting;
    if (text === "") return;
    this.#waiting = "";
    this.#output.write(text);
  }

  #quote({ method, path, query, httpVersion }: AccessEntry): string {
    const target = query === ""
      ? quotePath(path)
      : `${quotePath(path)}?${quoteQuery(query)}`;
    // A handshake is no request of a version: `WebSocket /path` (websocket:W-108).
    const version = httpVersion === ""
      ? ""
      : ` HTTP/${quoteQuery(httpVersion)}`;
    const line = `${quoteMethod(method)} ${target}${version}`;
    return ` - "${this.#output.isColored ? bold(line) : line}" `;
  }

  #ending(status: number): string {
    const { isColored, phrase } = this.#output;
    // 101 is never the answer to a request, only to a handshake.
    const words = status === 101
      ? "[accepted]"
      : `${status} ${phrase(status)}`.trimEnd();
    const ending = `${isColored ? colorStatus(words, status) : words}\n`;
    this.#endings.set(status, ending);
    return ending;
  }
}
