/**
 * Standard output and error. What the system takes at once is written before `write` returns, so it
 * is not lost when the process exits or crashes. The rest is queued up to a limit; beyond that, lines
 * are dropped and counted. A log without a reader never blocks the server.
 */
import { Buffer } from "node:buffer";
import { setInterval } from "node:timers";
import { deno } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";
import { openOutput, type OutputDescriptor } from "./output_descriptor.ts";
import type { TextSink } from "../types.ts";

/** Most bytes to queue for a slow reader: seconds of an access log under load. */
const MAX_WAITING_BYTES = 1024 * 1024;
/**
 * How long the process blocks for a reader once the queue is full, in milliseconds: long enough for a
 * reader that is merely slower than a burst. The time is spent once; it is restored when the queue
 * has been written completely.
 */
const MAX_STALL_MS = 250;
/** Time limit for writing the queue when the process ends, in milliseconds. */
const MAX_FLUSH_MS = 1000;
/** How often a blocked output is retried, in milliseconds. */
const RETRY_MS = 10;
const NAP_MS = 1;
const LF = 0x0a;
/** What pipes and UNIX sockets take as a whole or not at all: 4096 on Linux and at least 512. */
const PIPE_BUF: number = host.platform === "linux" ? 4096 : 512;
/**
 * Most bytes for one call. fs.writeSync of Deno 2.9 writes on after a partial write, and when that
 * fails with EAGAIN the written part is unknown; no upstream issue is known. Pipes and UNIX sockets
 * take up to PIPE_BUF, 4096 on Linux and at least 512, as a whole or not at all.
 */
const MAX_WRITE: number = deno === undefined ? Infinity : PIPE_BUF;

/** Whether other processes write to the same streams. */
let isShared = false;

/**
 * From now on lines are written so that those of other processes on the same pipe come before or
 * after them: a pipe takes up to PIPE_BUF bytes as a whole.
 */
export function shareOutput(): void {
  isShared = true;
}

const napping = new Int32Array(new SharedArrayBuffer(4));

/** The stream at descriptor `fd`, 1 or 2. */
export function textSink(fd: number): TextSink {
  return new DescriptorSink(fd);
}

/** One of the two streams. */
class DescriptorSink implements TextSink {
  onDropped: ((lines: number) => void) | undefined;
  readonly #fd: number;
  /** Found when it is first written to. */
  #output: Output | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get isTerminal(): boolean {
    return host.isTerminal(this.#fd);
  }

  write(text: string): void {
    (this.#output ??= outputAt(this.#fd, this)).write(text);
  }

  flush(): void {
    this.#output?.flush();
  }
}

/** A file other than a regular one, such as a FIFO, that was opened for a log. */
export interface OpenedOutput extends TextSink {
  /** Called with the reason when it takes no more, once until it does. */
  onFailure: ((reason: string) => void) | undefined;
  /** How many lines were dropped and not reported; they count as reported then. */
  takeDropped(): number;
  /** Writes what the system takes at once, drops the rest and closes it. */
  close(): void;
}

/** What writes to `fd`, which does not block and is its own. */
export function openedOutput(fd: number): OpenedOutput {
  const sink: OpenedOutput = {
    isTerminal: false,
    onDropped: undefined,
    onFailure: undefined,
    write: (text) => output.write(text),
    flush: () => output.flush(),
    takeDropped: () => output.takeDropped(),
    close: () => output.close(),
  };
  const descriptor = {
    descriptor: fd,
    identity: undefined,
    tearsWrites: false,
  };
  const output = new Output(
    descriptor,
    sink,
    (reason) => sink.onFailure?.(reason),
  );
  return sink;
}

/** By the open file: with `2>&1` both streams share an output, so that lines stay whole and in order. */
const outputs = new Map<string, Output>();

function outputAt(fd: number, sink: TextSink): Output {
  const opened = openOutput(fd);
  const { identity } = opened;
  const shared = identity === undefined ? undefined : outputs.get(identity);
  if (shared !== undefined) {
    shared.sinks.push(sink);
    return shared;
  }
  const output = new Output(opened, sink);
  if (identity !== undefined) outputs.set(identity, output);
  return output;
}

/** An open file to write to, and its queue. */
class Output {
  /** The streams that share it: the first one reports dropped lines. */
  readonly sinks: TextSink[];
  readonly #fd: number;
  /** See {@linkcode OutputDescriptor}: then each line is a write, and one that fails is repeated. */
  readonly #tearsWrites: boolean;
  /** The queue, oldest first. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #stallMs = MAX_STALL_MS;
  #droppedLines = 0;
  /** Whether the last bytes were written, and not dropped for an error. */
  #tookLast = true;
  /** Whether the last bytes written may be the start of a line whose rest was dropped, or comes again. */
  #isTorn = false;
  #stopRetrying: (() => void) | undefined;
  #flushesAtExit = false;
  readonly #flushAtExit = (): void => this.flush();

  readonly #onFailure: (reason: string) => void;

  /** @param onFailure Called when it takes no more, once until it does. */
  constructor(
    { descriptor, tearsWrites }: OutputDescriptor,
    sink: TextSink,
    onFailure: (reason: string) => void = () => {},
  ) {
    this.#fd = descriptor;
    this.#tearsWrites = tearsWrites;
    this.sinks = [sink];
    this.#onFailure = onFailure;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#waitingBytes > 0 && !this.#writeWaiting()) {
      this.#keep(bytes);
      return;
    }
    const rest = this.#put(bytes);
    if (rest !== undefined) this.#keep(rest);
    else if (this.#droppedLines > 0 && this.#tookLast) this.#reportDropped();
  }

  flush(): void {
    this.#waitUntil(() => this.#waitingBytes === 0, MAX_FLUSH_MS);
    for (const bytes of this.#waiting) this.#drop(bytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stopRetrying?.();
  }

  takeDropped(): number {
    const lines = this.#droppedLines;
    this.#droppedLines = 0;
    return lines;
  }

  close(): void {
    this.#writeWaiting();
    this.#stopRetrying?.();
    this.#waiting = [];
    this.#waitingBytes = 0;
    process.off("exit", this.#flushAtExit);
    builtins.fs.closeSync(this.#fd);
  }

  /**
   * Writes as much of `bytes` as the system takes; drops the rest on an error.
   *
   * @returns The rest to queue.
   */
  #put(bytes: Uint8Array): Uint8Array | undefined {
    const fd = this.#fd;
    const { fs } = builtins;
    let at = 0;
    try {
      if (this.#isTorn) {
        fs.writeSync(fd, "\n");
        this.#isTorn = false;
      }
      while (at < bytes.length) {
        at += fs.writeSync(fd, this.#nextWrite(bytes, at));
      }
    } catch (error) {
      const rest = at === 0 ? bytes : bytes.subarray(at);
      const { code } = error as { readonly code?: unknown };
      if (code === "EAGAIN" || code === "EINTR") {
        this.#isTorn ||= this.#tearsWrites;
        return rest;
      }
      // ENOSPC: the disk is full. EPIPE: the reader has closed. EBADF: it was closed at the start. The
      // server goes on without a log.
      const wasTaking = this.#tookLast;
      this.#tookLast = false;
      if (wasTaking) this.#onFailure((error as Error).message);
      if (at > 0) this.#isTorn = bytes[at - 1] !== LF;
      this.#drop(rest);
      return undefined;
    }
    this.#tookLast = true;
    return undefined;
  }

  /** What of `bytes` from `at` on is written in one call. */
  #nextWrite(bytes: Uint8Array, at: number): Uint8Array {
    if (this.#tearsWrites) {
      const end = bytes.indexOf(LF, at) + 1;
      return bytes.subarray(at, end > 0 ? end : undefined);
    }
    const most = isShared ? Math.min(MAX_WRITE, PIPE_BUF) : MAX_WRITE;
    if (bytes.length - at <= most) {
      return at === 0 ? bytes : bytes.subarray(at);
    }
    const end = isShared ? bytes.lastIndexOf(LF, at + most - 1) + 1 : 0;
    return bytes.subarray(at, end > at ? end : at + most);
  }

  /** Queues `bytes` if there is room; blocks once to make room. */
  #keep(bytes: Uint8Array): void {
    const hasRoom = (): boolean =>
      this.#waitingBytes === 0 ||
      this.#waitingBytes + bytes.length <= MAX_WAITING_BYTES;
    if (!hasRoom()) this.#stallMs = this.#waitUntil(hasRoom, this.#stallMs);
    if (!hasRoom()) {
      this.#drop(bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#stopRetrying === undefined) this.#retry();
  }

  #retry(): void {
    const timer = setInterval(() => this.#writeWaiting(), RETRY_MS);
    timer.unref();
    this.#stopRetrying = () => {
      clearInterval(timer);
      this.#stopRetrying = undefined;
    };
    if (this.#flushesAtExit) return;
    this.#flushesAtExit = true;
    process.on("exit", this.#flushAtExit);
  }

  /** Writes the queue. @returns Whether it is empty. */
  #writeWaiting(): boolean {
    const waiting = this.#waiting;
    let done = 0;
    while (done < waiting.length) {
      const bytes = waiting[done]!;
      const rest = this.#put(bytes);
      this.#waitingBytes -= bytes.length - (rest?.length ?? 0);
      if (rest !== undefined) {
        waiting[done] = rest;
        break;
      }
      done++;
    }
    waiting.splice(0, done);
    if (waiting.length > 0) return false;
    this.#stallMs = MAX_STALL_MS;
    this.#stopRetrying?.();
    if (done > 0 && this.#droppedLines > 0 && this.#tookLast) {
      this.#reportDropped();
    }
    return true;
  }

  /** Blocks until `isMet`, for `ms` at most; returns how many of them are left. */
  #waitUntil(isMet: () => boolean, ms: number): number {
    let leftMs = ms;
    this.#writeWaiting();
    while (leftMs > 0 && !isMet()) {
      Atomics.wait(napping, 0, 0, NAP_MS);
      leftMs -= NAP_MS;
      this.#writeWaiting();
    }
    return leftMs;
  }

  #drop(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte === LF) this.#droppedLines++;
  }

  #reportDropped(): void {
    const lines = this.#droppedLines;
    this.#droppedLines = 0;
    this.sinks[0]!.onDropped?.(lines);
  }
}
