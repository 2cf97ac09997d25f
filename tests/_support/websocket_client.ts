/** A WebSocket client without manners: it sends any frames, in any pieces, and hangs up anyhow. */
import { connect as connectSocket, type Socket } from "node:net";
import { Mailbox } from "./mailbox.ts";
import { type ClientTarget, latin1 } from "./raw_client.ts";
import {
  describeFrame,
  frameSize,
  handshakeRequest,
  type ReadFrame,
  readFrame,
} from "./websocket_frames.ts";

/** Time after which a wait gives up, in milliseconds: far more than a busy machine needs. */
const PATIENCE_MS = 60_000;

/** One connection, upgraded. */
export class FrameClient {
  /** The server's answer, up to and with the empty line. */
  head = "";
  readonly #socket: Socket;
  #received = "";
  #isEnded = false;
  readonly #mailbox = new Mailbox();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
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

  /**
   * Connects and asks for an upgrade; resolves when the head of the answer has come.
   *
   * @param more Bytes that leave together with the request.
   * @param before Bytes that leave in front of it.
   */
  static async connect(
    target: ClientTarget,
    path: string,
    fields: readonly string[] = [],
    more: string = "",
    before: string = "",
  ): Promise<FrameClient> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const made = connectSocket({ ...target, allowHalfOpen: true });
      made.once("error", reject);
      made.once("connect", () => {
        made.off("error", reject);
        resolve(made);
      });
    });
    const client = new FrameClient(socket);
    socket.write(
      Uint8Array.from(
        before + handshakeRequest(path, fields) + more,
        (unit) => unit.charCodeAt(0),
      ),
    );
    await client.#until(() => client.#received.includes("\r\n\r\n"), "a head");
    const size = client.#received.indexOf("\r\n\r\n") + 4;
    client.head = client.#received.slice(0, size);
    client.#received = client.#received.slice(size);
    return client;
  }

  /** Of the answer to the handshake. */
  get status(): number {
    return Number(this.head.split(" ", 2)[1]);
  }

  /** Value of a header of the answer, or `undefined`. */
  header(name: string): string | undefined {
    return new RegExp(`\r\n${name}: (.*)\r\n`, "i").exec(this.head)?.[1];
  }

  /** Whether the server has ended the connection. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends bytes. */
  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends and resolves when the kernel has taken the bytes; resolves as well if it never will. */
  sendAll(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("close", resolve);
      this.#socket.write(bytes, () => {
        this.#socket.off("close", resolve);
        resolve();
      });
    });
  }

  /** Bytes given to `send` that the kernel has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** The next frame. */
  async next(): Promise<ReadFrame> {
    // A long frame arrives in many pieces: to read its header of each would flatten the text of all
    // before, again and again.
    let size = 0;
    await this.#until(() => {
      if (this.#received.length < size) return false;
      size = frameSize(this.#received);
      return this.#received.length >= size;
    }, "a frame");
    const { frame } = readFrame(this.#received)!;
    this.#received = this.#received.slice(size);
    return frame;
  }

  /** The next frame in one line: see {@linkcode describeFrame}. */
  async said(): Promise<string> {
    return describeFrame(await this.next());
  }

  /** Resolves with what is left when the server has ended the connection. */
  async rest(): Promise<string> {
    await this.#until(() => this.#isEnded, "the end");
    return this.#received;
  }

  /** Stops and restarts reading. */
  pause(): void {
    this.#socket.pause();
  }

  /** See `pause`. */
  resume(): void {
    this.#socket.resume();
  }

  /** Sends FIN. */
  end(): void {
    this.#socket.end();
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy();
  }

  async #until(isMet: () => boolean, what: string): Promise<void> {
    const got = () => `got ${JSON.stringify(this.#received.slice(0, 200))}`;
    const isIn = await this.#mailbox.until(
      () => {
        if (isMet()) return true;
        if (!this.#isEnded) return undefined;
        throw new Error(`Connection ended before ${what}; ${got()}`);
      },
      PATIENCE_MS,
    );
    if (!isIn) throw new Error(`Cannot wait longer for ${what}; ${got()}`);
  }
}
