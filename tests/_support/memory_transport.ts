/** A transport without a kernel: servers listen in memory, and the test connects fake sockets. */
import type {
  Listener,
  ListenTarget,
  Socket,
  SocketHandler,
  Transport,
} from "../../src/runtime/types.ts";
import { FakeSocket } from "./fake_socket.ts";

export class MemoryTransport implements Transport {
  readonly name = "native";
  /** Whether an address is being listened on. */
  isListening = false;
  #onAccept: ((socket: Socket) => SocketHandler) | undefined;

  unsupported(): undefined {
    return undefined;
  }

  isPreferredFor(): boolean {
    return true;
  }

  bind(target: ListenTarget): Promise<Listener> {
    this.isListening = true;
    return Promise.resolve({
      address: target.kind === "tcp"
        ? { kind: "tcp", host: target.host, port: target.port }
        : { kind: "unix", path: "" },
      accept: (onAccept) => void (this.#onAccept = onAccept),
      close: () => {
        this.isListening = false;
        return Promise.resolve();
      },
      ref() {},
      unref() {},
    });
  }

  /** A client's connection. */
  connect(): FakeSocket {
    const socket = new FakeSocket();
    socket.handler = this.#onAccept!(socket);
    return socket;
  }
}
