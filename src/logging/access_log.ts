/** One line per response. */
import { quoteMethod, quotePath, quoteQuery } from "./escape.ts";
import { bold, colorStatus, levelPrefix } from "./styles.ts";

/** One response, when it has ended or was cut off. */
export interface AccessEntry {
  /** `host:port`, IPv6 without brackets; `""` when unknown, as behind a UNIX socket. */
  readonly client: string;
  /** As received. */
  readonly method: string;
  /** Decoded, `root_path` included. */
  readonly path: string;
  /** As received, without `?`. */
  readonly query: string;
  /** Such as `1.1`; `""` for a WebSocket handshake. */
  readonly httpVersion: string;
  /** Of the response, sent or not; 499 if the client disconnected before there was one. */
  readonly status: number;
  /** From the first byte of the request to the end of the response, in milliseconds. */
  readonly durationMs: number;
  /** Bytes of the response body that were handed to the socket. */
  readonly bodyBytes: number;
  /** Whether the response was aborted before its end. */
  readonly isAborted: boolean;
}

/** Receives one entry for each response. */
export interface AccessLog {
  /** Takes well under a microsecond. Keeps no reference to `entry`. */
  log(entry: AccessEntry): void;
}

/** What the log needs of the process. */
export interface AccessLogOutput {
  readonly isColored: boolean;
  /** The sink: takes whole lines. */
  write(text: string): void;
  /** Calls back once, after the current iteration of the event loop. */
  afterTurn(callback: () => void): void;
  /** The reason phrase of a status, such as `OK`; `""` if it has none. */
  phrase(status: number): string;
}

/** Maximum size of buffered lines, in characters: an iteration seldom has more than 64 lines. */
const MAX_WAITING = 64 * 1024;

/**
 * Writes lines in Uvicorn's format: `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`. Lines are
 * buffered until the current iteration of the event loop ends, then written in one piece: a system
 * call for each would cost more than the request.
 */
export class TextAccessLog implements AccessLog {
  readonly #output: AccessLogOutput;
  readonly #prefix: string;
  /** The text after the request line, by status, with the line end. */
  readonly #endings = new Map<number, string>();
  readonly #writeWaiting = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
  #waiting = "";
  #isScheduled = false;
  /** Cache of the last request line: consecutive requests are often the same. */
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
    // An address from the kernel today, but a proxy's header may supply it later: escape it.
    this.#waiting += this.#prefix + quoteQuery(client) + this.#requestLine +
      (this.#endings.get(status) ?? this.#ending(status));
    // 499 implies it.
    if (entry.isAborted && status !== 499) {
      this.#waiting = `${this.#waiting.slice(0, -1)} (cut off)\n`;
    }
    if (this.#waiting.length > MAX_WAITING) this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#output.afterTurn(this.#writeWaiting);
  }

  /** Writes the buffered lines. */
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
    // A WebSocket handshake has no version: `WebSocket /path`.
    const version = httpVersion === ""
      ? ""
      : ` HTTP/${quoteQuery(httpVersion)}`;
    const line = `${quoteMethod(method)} ${target}${version}`;
    return ` - "${this.#output.isColored ? bold(line) : line}" `;
  }

  #ending(status: number): string {
    const { isColored, phrase } = this.#output;
    // 101 is only the answer to a WebSocket handshake.
    const words = status === 101
      ? "[accepted]"
      : `${status} ${phrase(status)}`.trimEnd();
    const ending = `${isColored ? colorStatus(words, status) : words}\n`;
    this.#endings.set(status, ending);
    return ending;
  }
}
