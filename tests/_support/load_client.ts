/**
 * Many clients that ask again and again, and count what becomes of every request: for drains and
 * restarts, where each one that gets no answer is somebody's error page.
 *
 * A request is lost when it was written on an open connection and its whole answer did not come.
 * That the client wrote before it could know of a close is no excuse: load balancers and browsers
 * show an error for it as well, unless they may ask twice.
 */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Mailbox } from "./mailbox.ts";
import { type ClientTarget, latin1 } from "./raw_client.ts";

/**
 * Time for an answer, for the answers waited for, and for a server to come back, in milliseconds:
 * far more than a busy machine needs.
 */
const PATIENCE_MS = 60_000;

/** How to ask. */
export interface LoadOptions {
  /** Connections at a time. */
  readonly connections: number;
  /** Requests on each connection before the client hangs up and connects anew; default: no limit. */
  readonly requestsPerConnection?: number;
  /** Between an answer and the next request on its connection, in milliseconds; default: none. */
  readonly pauseMs?: number;
  /** The request; default: `GET /`. */
  readonly request?: string;
  /** Cuts `request` into as many pieces, each sent in a turn of its own; default: 1. */
  readonly pieces?: number;
  /** Whether to speak TLS, believing any certificate; default: no. */
  readonly tls?: boolean;
  /**
   * Whether refused clients try again, for a minute; default: they stop, as after the end of the
   * only server.
   */
  readonly persists?: boolean;
}

/** What has become of the requests so far. */
export interface LoadCounts {
  /** Whole answers of status 200. */
  answers: number;
  /** Whole answers of another status. */
  otherAnswers: number;
  /** Answers that said `connection: close`. */
  lastAnswers: number;
  /** Requests without a whole answer on a connection that had answered before. */
  lost: number;
  /**
   * The same for the first request of a connection: the kernel may have taken it while the server
   * never saw it.
   */
  lostFirst: number;
  /** Connections that the server ended while no request was on its way. */
  quietCloses: number;
  /** Connections refused. */
  refused: number;
  /** Requests, lost ones, on connections that stayed open for a minute without a byte. */
  silent: number;
}

const DEFAULT_REQUEST = "GET / HTTP/1.1\r\nHost: load\r\n\r\n";

/** Clients at work. */
export class LoadClient {
  readonly counts: LoadCounts = {
    answers: 0,
    otherAnswers: 0,
    lastAnswers: 0,
    lost: 0,
    lostFirst: 0,
    quietCloses: 0,
    refused: 0,
    silent: 0,
  };
  /** Resolves when every client has stopped: all were refused, or `stop` was called. */
  readonly finished: Promise<void>;
  readonly #target: ClientTarget;
  readonly #options: LoadOptions;
  #isStopping = false;
  readonly #mailbox = new Mailbox();

  /** Starts asking. */
  constructor(target: ClientTarget, options: LoadOptions) {
    this.#target = target;
    this.#options = options;
    const clients = Array.from(
      { length: options.connections },
      () => this.#live(),
    );
    this.finished = Promise.all(clients).then(() => {});
  }

  /** Lets what is under way end and resolves when it has. */
  async stop(): Promise<LoadCounts> {
    this.#isStopping = true;
    await this.finished;
    return this.counts;
  }

  /** Resolves after so many answers in all. */
  async answered(count: number): Promise<void> {
    const { counts } = this;
    const isEnough = await this.#mailbox.until(
      () => counts.answers >= count || undefined,
      PATIENCE_MS,
    );
    if (isEnough) return;
    throw new Error(`Only ${counts.answers} of ${count} answers have come`);
  }

  async #live(): Promise<void> {
    let lastMet = performance.now();
    while (!this.#isStopping) {
      const socket = await this.#connect();
      if (socket !== undefined) {
        await this.#converse(socket);
        lastMet = performance.now();
      } else if (
        this.#options.persists && performance.now() - lastMet < PATIENCE_MS
      ) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      } else {
        return;
      }
    }
  }

  #connect(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const { tls } = this.#options;
      const socket: Socket = tls
        ? connectTls({ ...this.#target, rejectUnauthorized: false })
        : connect({ ...this.#target, noDelay: true });
      const onRefused = () => {
        this.counts.refused++;
        resolve(undefined);
      };
      socket.once("error", onRefused);
      socket.once(tls ? "secureConnect" : "connect", () => {
        socket.off("error", onRefused);
        resolve(socket);
      });
    });
  }

  /** Asks on one connection until either side has enough. */
  #converse(socket: Socket): Promise<void> {
    const { counts } = this;
    const { requestsPerConnection = Infinity, pauseMs } = this.#options;
    const { request = DEFAULT_REQUEST, pieces = 1 } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    let received = "";
    let answered = 0;
    let isAsking = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;

    const send = (piece: number): void => {
      if (isOver) return;
      const size = Math.ceil(request.length / pieces);
      socket.write(request.slice(piece * size, (piece + 1) * size), "latin1");
      if (piece + 1 < pieces) setTimeout(() => send(piece + 1), 1);
    };
    const ask = () => {
      isAsking = true;
      send(0);
    };
    const over = (isOurs: boolean) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (isAsking) counts[answered === 0 ? "lostFirst" : "lost"]++;
      else if (!isOurs) counts.quietCloses++;
      socket.destroy();
      resolve();
    };

    socket.on("data", (bytes: Uint8Array) => {
      received += latin1(bytes);
      const answer = wholeAnswer(received);
      if (answer === undefined || isOver) return;
      received = "";
      isAsking = false;
      answered++;
      if (answer.status === 200) counts.answers++;
      else counts.otherAnswers++;
      if (answer.closes) counts.lastAnswers++;
      this.#mailbox.notify();
      if (
        answer.closes || this.#isStopping || answered >= requestsPerConnection
      ) over(true);
      else if (pauseMs === undefined) ask();
      else timer = setTimeout(ask, pauseMs);
    });
    socket.setTimeout(PATIENCE_MS, () => {
      if (isAsking && !isOver) counts.silent++;
      over(false);
    });
    socket.on("end", () => over(false));
    socket.on("error", () => over(false));
    socket.on("close", () => over(false));
    ask();
    return promise;
  }
}

/** The answer in `text` if all of it is there: one with a content length, or chunked. */
function wholeAnswer(
  text: string,
): { readonly status: number; readonly closes: boolean } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd + 2).toLowerCase();
  const length = /\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1];
  const isWhole = length === undefined
    ? text.endsWith("\r\n0\r\n\r\n")
    : text.length >= headEnd + 4 + Number(length);
  if (!isWhole) return undefined;
  return {
    status: Number(head.slice(9, 12)),
    closes: head.includes("\r\nconnection: close\r\n"),
  };
}
