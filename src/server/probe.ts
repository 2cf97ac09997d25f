/** A request that comes from nowhere: how does the application answer right now? */
import type { ServerContext } from "../connection/context.ts";
import { startProtocol } from "../connection/protocol_selection.ts";
import type { Address, Socket, SocketHandler } from "../runtime/types.ts";

const NOWHERE: Address = { kind: "unix", path: "" };
/** Of the answer, behind those that are only interim. */
const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d) /m;
/** Bytes in which it must come. */
const MAX_HEAD = 16 * 1024;

/**
 * Sends a GET to the application, through all that a request from the network goes through but the
 * network.
 *
 * @param path Printable ASCII, with its query if wanted.
 * @returns The status; 0 if the connection ended without an answer.
 */
export function probe(context: ServerContext, path: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = new ProbeSocket(resolve);
  socket.handler = startProtocol(socket, context);
  const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n` +
    "user-agent: tricorn-probe\r\nconnection: close\r\n\r\n";
  socket.handler.onData(new TextEncoder().encode(request));
  return promise;
}

/** Takes everything, and looks at the first line of it. */
class ProbeSocket implements Socket {
  handler!: SocketHandler;
  readonly localAddress: Address = NOWHERE;
  readonly remoteAddress: Address = NOWHERE;
  readonly tls: undefined = undefined;
  readonly queuedBytes = 0;
  readonly isLending = false;
  readonly #onStatus: (status: number) => void;
  #head = "";
  #isClosed = false;

  constructor(onStatus: (status: number) => void) {
    this.#onStatus = onStatus;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#head.length < MAX_HEAD) {
      this.#head += new TextDecoder("latin1").decode(bytes);
      const status = STATUS_LINE.exec(this.#head)?.[1];
      if (status !== undefined) this.#onStatus(Number(status));
    }
    return true;
  }

  writePair(head: Uint8Array, body: Uint8Array): boolean {
    this.write(head);
    return this.write(body);
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Never from inside a method of the socket.
    queueMicrotask(() => {
      this.handler.onClose();
      this.#onStatus(0);
    });
  }

  reset(): void {
    this.destroy();
  }

  overrideAddresses(): void {}
}
