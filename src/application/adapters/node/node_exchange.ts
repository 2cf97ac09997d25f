/**
 * One request of a Node application: its request, response and socket over `receive()` and
 * `send()`. Owns the end: when the call ends, and what the leaving of the client ends.
 */
import type { IncomingMessage } from "node:http";
import type {
  BodyInput,
  HeaderPair,
  HttpReceiveEvent,
  HttpScope,
  Receive,
  Send,
} from "../../../asgi.ts";
import { ClientDisconnected } from "../../../errors.ts";
import { connectionReset } from "./node_errors.ts";
import {
  announcesBody,
  createRequest,
  type RequestOwner,
} from "./node_request.ts";
import { type ReaderOwner, RequestReader } from "./request_reader.ts";
import { RequestSocket, type SocketOwner } from "./request_socket.ts";
import {
  closeResponse,
  createResponse,
  finishResponse,
  type OwnResponse,
} from "./response/node_response.ts";
import { ResponseEvents } from "./response/response_events.ts";
import type { ResponseOwner } from "./response/response_state.ts";

/** A request, its response and their socket. */
export class NodeExchange
  implements RequestOwner, ReaderOwner, ResponseOwner, SocketOwner {
  readonly scope: HttpScope;
  readonly socket: RequestSocket;
  readonly request: IncomingMessage;
  readonly response: OwnResponse;
  readonly isHead: boolean;
  readonly #reader: RequestReader;
  readonly #events: ResponseEvents;
  /** Whether nothing more will come of this exchange. */
  #isOver = false;
  /** What the call of the application waits for. */
  #completion: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(
    scope: HttpScope,
    receive: Receive<HttpReceiveEvent>,
    send: Send,
  ) {
    this.scope = scope;
    this.isHead = scope.method === "HEAD";
    const hasBody = announcesBody(scope);
    this.socket = new RequestSocket(scope, this);
    this.request = createRequest(this, hasBody);
    this.response = createResponse(this.request, this);
    this.#reader = new RequestReader(this.request, hasBody, receive, this);
    this.#events = new ResponseEvents(scope, send);
  }

  /** To be returned by the application's call, after its handler was called: settles with the end. */
  get completion(): Promise<void> {
    if (this.#completion === undefined) {
      // The handler goes on later: meanwhile the client may leave.
      this.#completion = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      if (!this.#isOver) this.#reader.watch();
    }
    return this.#completion;
  }

  /**
   * The handler has failed: the server answers, or cuts the response off.
   *
   * @returns Whether the call of the application tells of it.
   */
  fail(error: unknown): boolean {
    if (this.#isOver || this.response.writableEnded) return false;
    this.#isOver = true;
    if (this.#completion === undefined) {
      this.#completion = Promise.reject(error);
    } else this.#reject?.(error);
    this.socket.markClosed(undefined);
    closeResponse(this.response);
    return true;
  }

  // -- The request's side.

  pull(): void {
    this.#reader.pull();
  }

  /** The last piece of the response is with the server: its send tells how the exchange ends. */
  get isAnswered(): boolean {
    return this.response.writableEnded;
  }

  // -- The end of the connection.

  /** See {@linkcode ReaderOwner}. */
  onDisconnect(): void {
    if (this.#isOver) {
      this.#reader.release();
      return;
    }
    if (this.response.writableEnded) return; // the last send tells
    this.#close(undefined);
  }

  /** Ends request, response and call after the connection has ended. */
  #close(error: Error | undefined): void {
    this.#isOver = true;
    this.#completion ??= Promise.resolve();
    this.socket.markClosed(error);
    closeResponse(this.response);
    const { request } = this;
    if (!request.destroyed) {
      const isCut = !request.complete || !request.readableEnded;
      request.destroy(
        isCut && request.listenerCount("error") > 0
          ? error ?? connectionReset()
          : undefined,
      );
    }
    this.#resolve?.();
  }

  /** See {@linkcode SocketOwner}. */
  cut(error: Error | undefined): void {
    if (this.#isOver) {
      this.socket.markClosed(error);
      return;
    }
    this.scope.extensions.abort_signal?.abort();
    this.#close(error);
  }

  // -- The response's side.

  start(status: number, headers: HeaderPair[], isWhole: boolean): void {
    this.#events.start(status, headers, isWhole);
  }

  write(body: BodyInput): Promise<void> {
    const taken = this.#events.write(body);
    taken.catch((error) => this.#onSendFailed(error));
    return taken;
  }

  end(body: BodyInput | undefined): void {
    const done = this.#events.end(body).then(
      () => this.#onSent(),
      (error) => this.#onLastFailed(error),
    );
    if (this.#completion === undefined) this.#completion = done;
    else void done.then(this.#resolve, this.#reject);
  }

  addTrailers(fields: readonly HeaderPair[]): void {
    this.#events.addTrailers(fields);
  }

  inform(status: number, fields: readonly HeaderPair[]): void {
    this.#events.inform(status, fields)
      ?.catch((error) => this.#onSendFailed(error));
  }

  proceed(): void {
    this.#reader.proceed();
  }

  #onSent(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    finishResponse(this.response);
    this.#reader.release();
  }

  #onSendFailed(error: unknown): void {
    if (this.#isOver) return;
    if (error instanceof ClientDisconnected) this.#close(undefined);
    else this.#failFor(error);
  }

  #onLastFailed(error: unknown): void | Promise<void> {
    if (this.#isOver) return;
    if (error instanceof ClientDisconnected) {
      this.#close(undefined);
      return;
    }
    this.#isOver = true;
    closeResponse(this.response);
    // What was wrong with the head is the reason of what is wrong with the body.
    return Promise.resolve(this.#events.started).then(() => {
      throw error;
    });
  }

  #failFor(error: unknown): void {
    void Promise.resolve(this.#events.started).then(
      () => this.fail(error),
      (reason) => this.fail(reason),
    );
  }
}
