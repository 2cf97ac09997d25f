/** Clients that speak TLS: curl, openssl, and the runtime's own. */
import { spawn } from "node:child_process";
import { connect, type TLSSocket } from "node:tls";
import { Mailbox } from "./mailbox.ts";
import { latin1 } from "./raw_client.ts";

/** Time for a program or an answer, in milliseconds: far more than a busy machine needs. */
const PATIENCE_MS = 60_000;

/** How a program ended, and what it said. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `program` to its end, with `input` on its standard input. */
export function runProgram(
  program: string,
  args: readonly string[],
  input: string = "",
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text) => out += text);
    child.stderr.setEncoding("utf8").on("data", (text) => err += text);
    child.stdin.on("error", () => {}); // who ends early has read enough
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}

/** Runs curl, quiet but for its errors. */
export function curl(...args: readonly string[]): Promise<Said> {
  const always = ["-sS", "--max-time", "60", "--noproxy", "*"];
  return runProgram("curl", [...always, ...args]);
}

/**
 * Runs `openssl s_client`, sends a request and shows everything.
 *
 * @param port On 127.0.0.1.
 */
export function opensslClient(
  port: number,
  ...args: readonly string[]
): Promise<Said> {
  return runProgram(
    "openssl",
    ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", ...args],
    "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
  );
}

/** How to connect. */
export interface TlsTarget {
  readonly port: number;
  /** PEM of the authority that signs the server. */
  readonly ca: string;
  /** Name asked for. Default: localhost. */
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A connection that asks one thing after the other. */
export class TlsClient {
  readonly #socket: TLSSocket;
  #received = "";
  #isEnded = false;
  readonly #mailbox = new Mailbox();

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      this.#received += latin1(bytes);
      this.#mailbox.notify();
    });
    for (const name of ["end", "error", "close"]) {
      socket.on(name, () => {
        this.#isEnded = true;
        this.#mailbox.notify();
      });
    }
  }

  /** Connects to 127.0.0.1. Rejects if the handshake fails. */
  static connect(target: TlsTarget): Promise<TlsClient> {
    return new Promise((resolve, reject) => {
      const { servername = "localhost", ...rest } = target;
      const socket = connect({ host: "127.0.0.1", servername, ...rest });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        socket.off("error", reject);
        resolve(new TlsClient(socket));
      });
    });
  }

  /** SHA-256 of the server's certificate, as hexadecimal pairs with colons between. */
  get fingerprint(): string {
    return this.#socket.getPeerCertificate().fingerprint256;
  }

  /** Asks for a page whose length is told; resolves to its body. Rejects if it does not come. */
  async get(path: string = "/"): Promise<string> {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const page = await this.#mailbox.until(
      () => {
        const head = this.#received.indexOf("\r\n\r\n");
        const length = /content-length: (\d+)/.exec(this.#received)?.[1];
        const end = head + 4 + Number(length);
        if (head >= 0 && this.#received.length >= end) {
          const body = this.#received.slice(head + 4, end);
          this.#received = this.#received.slice(end);
          return body;
        }
        if (!this.#isEnded) return undefined;
        throw new Error("Connection ended before its answer");
      },
      PATIENCE_MS,
    );
    if (page === undefined) throw new Error("No answer came");
    return page;
  }

  /** Hangs up. */
  destroy(): void {
    this.#socket.destroy();
  }
}
