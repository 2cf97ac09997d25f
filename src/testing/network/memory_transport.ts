/** A transport without a kernel: a server listens in memory, and only its test can connect. */
import type {
  Address,
  Listener,
  ListenOptions,
  ListenTarget,
  Socket,
  SocketHandler,
  TlsConnection,
  Transport,
} from "../../runtime/types.ts";
import { startTimer } from "../../server/timers.ts";
import {
  type ClientEnd,
  type LinkSettings,
  MemorySocket,
} from "./memory_socket.ts";

/** Where a server is that has no address of its own. */
const SOMEWHERE: Address = { kind: "tcp", host: "127.0.0.1", port: 8000 };

/** How long a listener keeps the process alive in one go, in milliseconds. */
const ALIVE_MS = 2 ** 30;

/** What a TLS connection is said to have agreed on, though nothing is encrypted. */
const PRETENDED_TLS: TlsConnection = {
  version: "TLSv1.3",
  cipherSuite: "TLS_AES_128_GCM_SHA256",
  alpn: "http/1.1",
  serverName: null,
  serverCertificate: null,
  clientCertificates: [],
  clientCertificateError: null,
};

/** How to connect. */
export interface LinkOptions {
  readonly remoteAddress: Address | undefined;
  /** Whether, and how, the connection is said to be TLS. Default: as the server's options say. */
  readonly tls: boolean | Partial<TlsConnection> | undefined;
  readonly windowBytes: number;
  readonly pieceBytes: number;
}

/** One server's. */
export class MemoryTransport implements Transport {
  readonly name = "native";
  #onAccept: ((socket: Socket) => SocketHandler) | undefined;
  #address: Address | undefined;
  #hasTls = false;

  unsupported(): undefined {
    return undefined;
  }

  isPreferredFor(): boolean {
    return true;
  }

  bind(target: ListenTarget, options: ListenOptions): Promise<Listener> {
    const address = addressOf(target);
    // A server may have several: clients come in by the first.
    const isFirst = this.#address === undefined;
    if (isFirst) {
      this.#address = address;
      this.#hasTls = options.tls !== undefined;
    }
    let letGo: () => void = () => {};
    const ref = (): void => {
      letGo();
      letGo = startTimer(ALIVE_MS, ref);
    };
    ref();
    return Promise.resolve({
      address,
      accept: (onAccept) => {
        if (isFirst) this.#onAccept = onAccept;
      },
      close: () => {
        letGo();
        if (isFirst) this.#onAccept = undefined;
        return Promise.resolve();
      },
      ref,
      unref: () => letGo(),
    });
  }

  /** A new connection; `undefined` if the server does not listen. */
  connect(options: LinkOptions, client: ClientEnd): MemorySocket | undefined {
    const onAccept = this.#onAccept;
    if (onAccept === undefined) return undefined;
    const { tls = this.#hasTls, ...rest } = options;
    const settings: LinkSettings = {
      ...rest,
      localAddress: this.#address!,
      tls: tls === false
        ? undefined
        : tls === true
        ? PRETENDED_TLS
        : { ...PRETENDED_TLS, ...tls },
    };
    const socket = new MemorySocket(settings, client);
    socket.handler = onAccept(socket);
    return socket;
  }
}

function addressOf(target: ListenTarget): Address {
  switch (target.kind) {
    case "tcp": {
      const host = target.host === "" || target.host === "::" ||
          target.host === "0.0.0.0"
        ? "127.0.0.1"
        : target.host;
      const port = target.port === 0 ? 8000 : target.port;
      return { kind: "tcp", host, port };
    }
    case "unix":
      return { kind: "unix", path: target.path };
    default:
      return SOMEWHERE;
  }
}
