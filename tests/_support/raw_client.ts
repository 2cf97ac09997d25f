/**
 * An HTTP client without manners: it sends any bytes, in any pieces, hangs up in every way there
 * is, and shows what came back byte by byte. Foreign clients refuse to send most of what a server
 * must survive.
 *
 * Bytes are shown as text with one unit per octet, so that nothing is decoded away.
 */
import { connect as connectSocket, type Socket } from "node:net";
import { Mailbox } from "./mailbox.ts";

/** Where to connect. */
export type ClientTarget =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/** How a response told where its body ends. */
export type BodyFraming = "none" | "length" | "chunked" | "close";

/** How the peer ended the connection: `fin` in an orderly way, `reset` not. */
export type ConnectionEnd = "fin" | "reset";

/** One response, taken apart and not interpreted. */
export interface RawResponse {
  /** `HTTP/1.1` or what stood there. */
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** In the order and case of the wire. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Content, transfer coding removed; one unit per octet. */
  readonly body: string;
  /** The chunks' contents when the framing is `chunked`. */
  readonly chunks: readonly string[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly framing: BodyFraming;
  /** Whether the end that the framing promised has arrived. */
  readonly isComplete: boolean;
  /** The head as it came, up to and with the empty line. */
  readonly rawHead: string;
  /** Value of the first header of that name (any case), or `undefined`. */
  header(name: string): string | undefined;
  /** Values of all headers of that name. */
  all(name: string): readonly string[];
}

/** Time after which a read gives up, in milliseconds: far more than a busy machine needs. */
const PATIENCE_MS = 30_000;
/** The one thing that can still be waited for after the peer's FIN. */
const CLOSED = "the connection to close";

/** One connection. */
export class RawClient {
  readonly #socket: Socket;
  #received = "";
  #end: ConnectionEnd | undefined;
  #isClosed = false;
  readonly #mailbox = new Mailbox();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => {
      this.#received += latin1(bytes);
      this.#mailbox.notify();
    });
    socket.on("end", () => {
      this.#end ??= "fin";
      this.#mailbox.notify();
    });
    socket.on("error", () => {
      this.#end ??= "reset";
      this.#mailbox.notify();
    });
    socket.on("close", (hadError: boolean) => {
      // Some runtimes tell a reset by nothing but the missing end.
      this.#end ??= hadError ? "reset" : "fin";
      this.#isClosed = true;
      this.#mailbox.notify();
    });
  }

  /** Connects. Rejects if nobody listens. */
  static connect(target: ClientTarget): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const options = "path" in target
        ? { path: target.path }
        : { host: target.host, port: target.port };
      const socket = connectSocket({ ...options, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** The port of this end. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Everything that has arrived and was not taken by a read. */
  get pending(): string {
    return this.#received;
  }

  /** Takes everything that has arrived. */
  takePending(): string {
    const taken = this.#received;
    this.#received = "";
    return taken;
  }

  /** How the peer ended the connection, or `undefined` while it has not. */
  get end(): ConnectionEnd | undefined {
    return this.#end;
  }

  /** Sends bytes, or text with one octet per unit. */
  send(data: string | Uint8Array): void {
    this.#socket.write(bytesOf(data));
  }

  /** Sends and resolves when the bytes have gone to the kernel, which may be long if nobody reads. */
  sendAll(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(
        bytesOf(data),
        (error) => error ? reject(error) : resolve(),
      );
    });
  }

  /** Sends in pieces of `size` bytes, each in a packet of its own as far as the kernel agrees. */
  async sendInPieces(
    data: string | Uint8Array,
    size: number = 1,
  ): Promise<void> {
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length; at += size) {
      await this.sendAll(bytes.subarray(at, at + size));
      await pause(1);
    }
  }

  /** Bytes given to `send` that the kernel has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends FIN and goes on reading. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    this.#end ??= "reset";
    this.#socket.resetAndDestroy();
  }

  /** Hangs up in the ordinary way. */
  close(): void {
    this.#socket.destroy();
  }

  /** Stops and restarts reading, so that the peer's writes pile up. */
  pause(): void {
    this.#socket.pause();
  }

  /** See `pause`. */
  resume(): void {
    this.#socket.resume();
  }

  /**
   * Reads one response, interim ones (1xx) included.
   *
   * @param options.method The method that was asked for: an answer to `HEAD` has no body.
   */
  async readResponse(
    options: { readonly method?: string } = {},
  ): Promise<RawResponse> {
    await this.#until(
      () => this.#received.includes("\r\n\r\n"),
      "a response head",
    );
    for (;;) {
      const isOver = this.#end !== undefined;
      const found = parseResponse(
        this.#received,
        options.method ?? "GET",
        isOver,
      );
      if (found !== undefined && (found.response.isComplete || isOver)) {
        this.#received = this.#received.slice(found.size);
        return found.response;
      }
      const before = this.#received.length;
      await this.#until(
        () => this.#received.length > before || this.#end !== undefined,
        "the rest of a response",
      );
    }
  }

  /** Sends a request and reads its final response. */
  async request(data: string | Uint8Array): Promise<RawResponse> {
    this.send(data);
    const method =
      (typeof data === "string" ? data : latin1(data)).split(" ", 1)[0];
    return await this.readFinalResponse(method === undefined ? {} : { method });
  }

  /** Reads responses until one is not interim. */
  async readFinalResponse(
    options: { readonly method?: string } = {},
  ): Promise<RawResponse> {
    for (;;) {
      const response = await this.readResponse(options);
      if (response.status >= 200 || response.status === 101) return response;
    }
  }

  /** Takes what arrives until `text` has, and returns all of it. */
  async readUntil(text: string): Promise<string> {
    await this.#until(
      () => this.#received.includes(text),
      JSON.stringify(text),
    );
    const size = this.#received.indexOf(text) + text.length;
    const taken = this.#received.slice(0, size);
    this.#received = this.#received.slice(size);
    return taken;
  }

  /** Takes everything up to the end of the connection. */
  async readToEnd(): Promise<
    { readonly bytes: string; readonly end: ConnectionEnd }
  > {
    await this.#until(
      () => this.#end !== undefined,
      "the end of the connection",
    );
    const bytes = this.#received;
    this.#received = "";
    return { bytes, end: this.#end! };
  }

  /** Resolves when both directions are closed. */
  async closed(): Promise<ConnectionEnd> {
    await this.#until(() => this.#isClosed, CLOSED);
    return this.#end!;
  }

  /** Resolves when the peer has ended its side. */
  async ended(): Promise<ConnectionEnd> {
    await this.#until(
      () => this.#end !== undefined,
      "the end of the connection",
    );
    return this.#end!;
  }

  async #until(isMet: () => boolean, what: string): Promise<void> {
    const isIn = await this.#mailbox.until(
      () => {
        if (isMet()) return true;
        const isOver = this.#isClosed || this.#end !== undefined;
        if (!isOver || what === CLOSED) return undefined;
        throw new Error(
          `Connection ended (${this.#end}) before ${what}; got ${this.#shown()}`,
        );
      },
      PATIENCE_MS,
    );
    if (isIn) return;
    throw new Error(`Cannot wait longer for ${what}; got ${this.#shown()}`);
  }

  #shown(): string {
    return JSON.stringify(this.#received.slice(0, 400));
  }
}

/** Sends one request on a connection of its own and reads the answer. */
export async function exchange(
  target: ClientTarget,
  data: string | Uint8Array,
): Promise<RawResponse> {
  const client = await RawClient.connect(target);
  try {
    return await client.request(data);
  } finally {
    client.close();
  }
}

/**
 * The text of a request with a `host` field.
 *
 * @param line Method and target, such as `"GET /"`.
 * @param headers Lines without their ends, such as `"Accept: text/html"`.
 */
export function request(
  line: string,
  headers: readonly string[] = [],
  body = "",
): string {
  return `${line} HTTP/1.1\r\nHost: test\r\n${
    headers.map((h) => `${h}\r\n`).join("")
  }\r\n${body}`;
}

/** Resolves after `ms`; for giving the other side room, never for measuring. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Octets as text, one unit each. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** Text of octets as bytes. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  if (typeof data !== "string") return data;
  const bytes = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at++) bytes[at] = data.charCodeAt(at);
  return bytes;
}

function parseFields(text: string): (readonly [string, string])[] {
  if (text === "") return [];
  return text.split("\r\n").map((line) => {
    const colon = line.indexOf(":");
    if (colon <= 0) {
      throw new Error(`Cannot read header line ${JSON.stringify(line)}`);
    }
    return [
      line.slice(0, colon),
      line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ""),
    ] as const;
  });
}

/** What a body looks like so far. */
interface ReadBody {
  readonly body: string;
  readonly chunks: readonly string[];
  readonly trailers: readonly (readonly [string, string])[];
  readonly framing: BodyFraming;
  readonly isComplete: boolean;
  /** Characters used. */
  readonly size: number;
}

function plainBody(
  body: string,
  framing: BodyFraming,
  isComplete: boolean,
): ReadBody {
  return {
    body,
    chunks: [],
    trailers: [],
    framing,
    isComplete,
    size: body.length,
  };
}

/** Strict on purpose: what our own writer gets wrong must not be forgiven here. */
function readChunked(text: string): ReadBody {
  const chunks: string[] = [];
  let at = 0;
  const result = (
    isComplete: boolean,
    trailers: ReadBody["trailers"] = [],
  ): ReadBody => ({
    body: chunks.join(""),
    chunks,
    trailers,
    framing: "chunked",
    isComplete,
    size: at,
  });
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return result(false);
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-fA-F]+$/.test(line)) {
      throw new Error(`Cannot read chunk line ${JSON.stringify(line)}`);
    }
    const size = parseInt(line, 16);
    const start = lineEnd + 2;
    if (size === 0) {
      const rest = text.slice(start);
      if (rest.startsWith("\r\n")) {
        at = start + 2;
        return result(true);
      }
      const trailerEnd = rest.indexOf("\r\n\r\n");
      if (trailerEnd < 0) return result(false);
      at = start + trailerEnd + 4;
      return result(true, parseFields(rest.slice(0, trailerEnd)));
    }
    if (text.length < start + size + 2) return result(false);
    if (text.slice(start + size, start + size + 2) !== "\r\n") {
      throw new Error("Cannot read chunk: no CRLF after its data");
    }
    chunks.push(text.slice(start, start + size));
    at = start + size + 2;
  }
}

function parseResponse(
  text: string,
  method: string,
  isOver: boolean,
): { readonly response: RawResponse; readonly size: number } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const rawHead = text.slice(0, headEnd + 4);
  const lineEnd = rawHead.indexOf("\r\n");
  const line = /^(\S+) (\d{3}) ([^\r\n]*)$/.exec(rawHead.slice(0, lineEnd));
  if (line === null) {
    throw new Error(`Cannot read status line of ${JSON.stringify(rawHead)}`);
  }
  const status = Number(line[2]);
  const headers = parseFields(
    text.slice(lineEnd + 2, Math.max(headEnd, lineEnd + 2)),
  );
  const all = (name: string) =>
    headers.filter((field) => field[0].toLowerCase() === name.toLowerCase())
      .map((f) => f[1]);
  const rest = text.slice(headEnd + 4);
  const length = all("content-length")[0];
  let read: ReadBody;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) {
    read = plainBody("", "none", true);
  } else if (
    all("transfer-encoding").some((value) => /(^|[ ,])chunked$/i.test(value))
  ) {
    read = readChunked(rest);
  } else if (length !== undefined) {
    const body = rest.slice(0, Number(length));
    read = plainBody(body, "length", body.length === Number(length));
  } else {
    read = plainBody(rest, "close", isOver);
  }
  const { size, ...body } = read;
  return {
    size: headEnd + 4 + size,
    response: {
      version: line[1]!,
      status,
      reason: line[3]!,
      headers,
      ...body,
      rawHead,
      header: (name) => all(name)[0],
      all,
    },
  };
}
