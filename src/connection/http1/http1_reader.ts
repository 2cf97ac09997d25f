/**
 * What the bytes that arrive on one HTTP/1.1 connection are for, and whether they are read at all.
 *
 * Sockets push, a connection pulls. `pump` asks the parser for the next outcome for as long as
 * `mayPull` says so; not pulling is how pipelining, back-pressure and closing work.
 */
import type { HttpFaultCode } from "../../faults.ts";
import type { HttpLimits } from "../../http/limits.ts";
import type { HeaderField } from "../../http/request_head.ts";
import type { Http1RequestHead } from "../../http1/request_head.ts";
import { RequestParser } from "../../http1/request_parser.ts";
import type { Socket } from "../../runtime/types.ts";
import type { WriteFlow } from "../output/write_flow.ts";
import { READ_HIGH_WATER } from "../output/write_gate.ts";

/** What the bytes that arrive are for. */
export type Reading =
  /** The next request head, or its first byte. */
  | "head"
  /** The body of the request in progress. */
  | "body"
  /** The rest of a body whose response is complete: read and dropped. */
  | "discard"
  /** Nothing: the request is whole and its response is not. */
  | "wait"
  /** The same, and not even its end: the answer is being loaded. */
  | "hold"
  /** Nothing any more: dropped until the peer has closed. */
  | "linger";

/** Pipelined bytes held while a response is in progress, before the socket stops reading. */
const MAX_WAITING_BYTES = 64 * 1024;

/** The connection, which acts on what is read. Each of its calls may change what is read next. */
export interface ReaderOwner {
  readonly flow: WriteFlow;
  /** Body bytes that the application has not taken. Asked while a body is read. */
  readonly pendingBodyBytes: number;
  onHead(head: Http1RequestHead): void;
  /** Body bytes `[start, end)` of `bytes`, which are lent. */
  onBody(bytes: Uint8Array, start: number, end: number): void;
  /** The request is whole. */
  onBodyEnd(trailers: readonly HeaderField[]): void;
  /** The peer broke the protocol. */
  refuse(code: HttpFaultCode): void;
  /** For now, all that was wanted has been read. */
  onPumped(): void;
  /** The socket is about to be read again, after it was paused. */
  onResume(): void;
}

/** One connection's. */
export class Http1Reader {
  readonly parser: RequestParser;
  readonly #socket: Socket;
  readonly #owner: ReaderOwner;
  #reading: Reading = "head";
  #isPumping = false;
  #isPaused = false;
  #isClosed = false;

  constructor(socket: Socket, limits: HttpLimits, owner: ReaderOwner) {
    this.parser = new RequestParser(limits);
    this.#socket = socket;
    this.#owner = owner;
  }

  /** What the bytes that arrive are for. */
  get reading(): Reading {
    return this.#reading;
  }

  /** Whether the socket is paused. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether the socket has closed, or changed hands. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads on, for something else. The only place that assigns `#reading`. */
  enter(reading: Reading): void {
    this.#reading = reading;
  }

  /** Bytes have arrived, which are lent. */
  read(bytes: Uint8Array): void {
    if (this.#reading === "linger") return;
    this.parser.push(bytes);
    this.pump();
  }

  /** Whether what the parser has is wanted now. */
  mayPull(): boolean {
    switch (this.#reading) {
      case "body":
      case "discard":
        return true;
      case "head":
        // A peer that pipelines and does not read its answers gets no further ones.
        return !this.#owner.flow.isFull;
      default:
        return false;
    }
  }

  /** Takes what the parser has, for as long as something wants it. */
  pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    this.#pull();
    this.#isPumping = false;
    this.#owner.onPumped();
  }

  #pull(): void {
    const { parser } = this;
    const owner = this.#owner;
    while (this.mayPull()) {
      switch (parser.next()) {
        case "needMore":
          return;
        case "head":
          owner.onHead(parser.head);
          break;
        case "body":
          owner.onBody(parser.bytes, parser.start, parser.end);
          break;
        case "end":
          owner.onBodyEnd(parser.trailers);
          break;
        case "fault":
          owner.refuse(parser.fault);
          return;
      }
    }
    parser.hold();
  }

  /** Takes the next head, if one waits for room that there may be by now. */
  pumpWaiting(): void {
    if (this.#reading === "head" && this.parser.unreadBytes > 0) this.pump();
  }

  /** Pauses or resumes the socket. */
  regulate(): void {
    const isFull = this.#reading === "body"
      ? this.#owner.pendingBodyBytes >= READ_HIGH_WATER
      : this.#reading === "wait" || this.#reading === "head"
      ? this.parser.unreadBytes >= MAX_WAITING_BYTES
      : this.#reading === "hold";
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) {
      this.#socket.pause();
    } else {
      this.#owner.onResume();
      this.#socket.resume();
    }
  }

  /** The application takes body bytes: there may be room for more. */
  onTaken(): void {
    if (this.#isPaused && !this.#isPumping) this.regulate();
  }

  /** Drops what still arrives. */
  linger(): void {
    this.enter("linger");
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Reads nothing any more: the socket has closed, or changes hands. */
  close(): void {
    this.#isClosed = true;
  }
}
