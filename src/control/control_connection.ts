/** One connection to the control socket: lines in, one answer after the other out. */
import type { Socket, SocketHandler } from "../runtime/types.ts";
import {
  answerLine,
  type ControlAnswer,
  type ControlRequest,
  MAX_REQUEST_BYTES,
  readRequest,
} from "./protocol.ts";

/** Time for a whole request, and for the client to take an answer, in milliseconds. */
export const PATIENCE_MS = 30_000;

/** Who answers. */
export interface ControlConnectionOwner {
  /** Answers a request. Never rejects. */
  answer(request: ControlRequest): Promise<ControlAnswer>;
  /** Starts a timer; the function returned stops it. */
  startTimer(ms: number, callback: () => void): () => void;
  /** The connection is gone. */
  onClose(connection: ControlConnection): void;
}

const LF = 0x0a;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes of one client become requests. While one is being answered, nothing more is read. */
export class ControlConnection implements SocketHandler {
  readonly #socket: Socket;
  readonly #owner: ControlConnectionOwner;
  /** What has come of the next request. */
  #line: Uint8Array = new Uint8Array(0);
  #isAnswering = false;
  #hasPeerEnded = false;
  /** Whether nothing is answered any more. */
  #isEnding = false;
  #isClosed = false;
  #stopTimer: (() => void) | undefined;

  constructor(socket: Socket, owner: ControlConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#limitWait();
  }

  onData(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#line.length + bytes.length);
    joined.set(this.#line);
    joined.set(bytes, this.#line.length);
    this.#line = joined;
    this.#next();
  }

  onDrain(): void {
    this.#next();
  }

  onEnd(): void {
    this.#hasPeerEnded = true;
    this.#next();
  }

  onClose(): void {
    this.#isClosed = true;
    this.#stopTimer?.();
    this.#owner.onClose(this);
  }

  /** Closes it, once what was answered has left. */
  close(): void {
    this.#end();
  }

  /** Says what is wrong and closes: nothing that follows is read. */
  refuse(error: string): void {
    this.#write({ ok: false, error });
    this.#end();
  }

  /** Closes it now. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Takes the next whole line, if the last answer has been taken. */
  #next(): void {
    if (this.#isAnswering || this.#isClosed || this.#isEnding) return;
    if (this.#socket.queuedBytes > 0) return this.#socket.pause();
    const end = this.#line.indexOf(LF);
    if (end < 0 || end >= MAX_REQUEST_BYTES) {
      if (this.#line.length >= MAX_REQUEST_BYTES) {
        this.refuse(
          `Cannot read request: expected a line of at most ${MAX_REQUEST_BYTES} bytes`,
        );
      } else if (this.#hasPeerEnded) this.#end();
      else this.#socket.resume();
      return;
    }
    const text = decoder.decode(this.#line.subarray(0, end));
    this.#line = this.#line.slice(end + 1);
    const request = readRequest(text.replace(/\r$/, ""));
    if ("error" in request) this.refuse(request.error);
    else void this.#answer(request);
  }

  async #answer(request: ControlRequest): Promise<void> {
    this.#isAnswering = true;
    this.#socket.pause();
    this.#stopTimer?.(); // a rolling restart takes its time
    const answer = await this.#owner.answer(request);
    this.#isAnswering = false;
    if (this.#isClosed) return;
    this.#write(answer);
    this.#limitWait();
    this.#next();
  }

  #write(answer: ControlAnswer): void {
    this.#socket.write(encoder.encode(answerLine(answer)));
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#limitWait();
    this.#socket.resume(); // or its end would not be noticed
    this.#socket.end();
  }

  #limitWait(): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#owner.startTimer(
      PATIENCE_MS,
      () => this.#socket.destroy(),
    );
  }
}
