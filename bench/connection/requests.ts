/** Connections of a case over fake sockets: requests in, answers counted and compared. */
import type { HttpApp } from "../../src/asgi.ts";
import type { ServerContext } from "../../src/connection/context.ts";
import { Http1Connection } from "../../src/connection/http1/http1_connection.ts";
import { forwardedOrigin } from "../../src/connection/scope/forwarded_origin.ts";
import { ServerMetrics } from "../../src/metrics/server_metrics.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { SILENT } from "../../src/logging/logger.ts";
import { TrustedPeers } from "../../src/proxy/trusted_peers.ts";
import type { FakeClock } from "../../tests/_support/fake_clock.ts";
import { Harness } from "../../tests/_support/harness.ts";
import { CONNECTIONS, CountingSocket, type Exchange, until } from "./wired.ts";

/** What is asked of which application. */
export interface Case {
  readonly name: string;
  readonly app: HttpApp;
  readonly bytes: Uint8Array;
  /** Requests in `bytes`. */
  readonly requests: number;
  /** Ends the answers to `bytes`. */
  readonly ending: string;
  /** Whether metrics are kept, with the clock of the process. Default: `false`. */
  readonly isMeasured?: boolean;
}

/** What servers do by default: the sockets' peer is one that is trusted. */
const originRule = forwardedOrigin({
  peers: new TrustedPeers(["127.0.0.1", "::1"]),
  headers: ["x-forwarded-for", "x-forwarded-proto"],
});

function measured({ context, tracker }: Harness): ServerContext {
  const none = () => 0;
  tracker.observe(
    new ServerMetrics({
      tracker,
      handshakes: none,
      memoryBytes: none,
      cpuSeconds: none,
    }),
  );
  return { ...context, requestMs: runtime.coarseMs };
}

/** Connections of one case, and the clock whose turns they live in. */
export class Requests implements Exchange {
  readonly name: string;
  readonly size: number;
  readonly #sockets: CountingSocket[] = [];
  readonly #context: ServerContext;
  readonly #clock: FakeClock;
  readonly #case: Case;

  constructor(one: Case) {
    this.name = one.name;
    this.size = CONNECTIONS * one.requests;
    const harness = new Harness(one.app, {
      date: true,
      server: "tricorn",
      logger: SILENT,
      observesRequests: false,
      settings: { originRule },
    });
    this.#clock = harness.clock;
    this.#context = one.isMeasured === true
      ? measured(harness)
      : harness.context;
    this.#case = one;
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = new CountingSocket();
      socket.handler = new Http1Connection(socket, this.#context);
      this.#sockets.push(socket);
    }
  }

  async turn(): Promise<void> {
    const { tracker } = this.#context;
    const wanted = tracker.totalRequests + this.size;
    for (const socket of this.#sockets) socket.handler.onData(this.#case.bytes);
    await until(() => tracker.totalRequests >= wanted, this.name);
    this.#clock.endTurn();
  }

  async check(): Promise<void> {
    for (const socket of this.#sockets) socket.kept = "";
    await this.turn();
    for (const socket of this.#sockets) {
      const text = socket.kept ?? "";
      const answers = text.split("HTTP/1.1 200 OK\r\n").length - 1;
      if (
        answers !== this.#case.requests ||
        !text.endsWith(`\r\n\r\n${this.#case.ending}`) ||
        socket.isClosed
      ) {
        throw new Error(
          `Unexpected answer to "${this.name}": ${text.slice(0, 200)}`,
        );
      }
      socket.kept = undefined;
    }
  }
}
