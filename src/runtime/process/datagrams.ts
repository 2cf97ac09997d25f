/**
 * Datagrams to one receiver that may not be there: UDP by `node:dgram`, which all runtimes have, and
 * UNIX sockets by the C library, where it can be called.
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:dgram";
import { ConfigError } from "../../errors.ts";
import type { DatagramSender, DatagramTarget } from "../types.ts";
import { host } from "./host.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { connectUnix, SEND_FLAGS } from "./unix_datagrams.ts";

/**
 * Opens a way to `target`. Whether somebody is there shows when something is sent.
 *
 * @throws ConfigError if this runtime has no such sockets.
 */
export async function openDatagrams(
  target: DatagramTarget,
  onProblem: (problem: string) => void,
): Promise<DatagramSender> {
  if (target.kind === "unix") return new UnixSender(target.path, onProblem);
  const { createSocket } = await import("node:dgram");
  const isV6 = target.host.includes(":");
  const socket = createSocket(isV6 ? "udp6" : "udp4");
  return new UdpSender(socket, target.host, target.port, onProblem);
}

class UdpSender implements DatagramSender {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #port: number;

  constructor(
    socket: Socket,
    host: string,
    port: number,
    onProblem: (problem: string) => void,
  ) {
    this.#socket = socket;
    this.#host = host;
    this.#port = port;
    // ECONNREFUSED of an earlier datagram, or a name that has no address.
    socket.on("error", (error) => onProblem(error.message));
    this.#onSent = (error) => {
      if (error) onProblem(error.message);
    };
    socket.unref();
  }

  readonly #onSent: (error: Error | null) => void;

  send(text: string): void {
    this.#socket.send(text, this.#port, this.#host, this.#onSent);
  }

  close(): void {
    this.#socket.close();
  }
}

class UnixSender implements DatagramSender {
  readonly #libc: Libc;
  readonly #path: string;
  readonly #onProblem: (problem: string) => void;
  /** -1 while there is no connection. */
  #descriptor = -1;

  constructor(path: string, onProblem: (problem: string) => void) {
    const libc = loadLibc();
    if (libc === undefined || host.platform !== "linux") {
      throw new ConfigError(
        `Cannot send to "unix:${path}": this runtime has no datagram sockets of UNIX; use host:port, ` +
          "or Bun, Deno with --allow-ffi, or Node 26.1 or later",
      );
    }
    this.#libc = libc;
    this.#path = path;
    this.#onProblem = onProblem;
  }

  send(text: string): void {
    if (this.#descriptor < 0) {
      this.#descriptor = connectUnix(this.#libc, this.#path);
    }
    if (this.#descriptor < 0) return this.#onProblem("nobody receives there");
    const bytes = Buffer.from(text);
    const { length } = bytes;
    if (this.#libc.send(this.#descriptor, bytes, length, SEND_FLAGS) >= 0) {
      return;
    }
    // Its receiver may have begun anew, or is busy: the next one may get there.
    this.close();
    this.#onProblem("the socket does not take it");
  }

  close(): void {
    if (this.#descriptor >= 0) this.#libc.close(this.#descriptor);
    this.#descriptor = -1;
  }
}
