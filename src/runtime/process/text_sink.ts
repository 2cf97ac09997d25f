/**
 * Standard output and error. What the system takes at once is written before `write` returns, so
 * that what was logged is out when the process exits or dies. What it does not take waits here,
 * within a limit; what is beyond that is dropped and counted. A log that nobody reads never stops
 * the server.
 */
import { Buffer } from "node:buffer";
import { setInterval } from "node:timers";
import { deno } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";
import { openOutput } from "./output_descriptor.ts";
import type { TextSink } from "../types.ts";

/** Most bytes that wait for a reader: seconds of an access log under load. */
const MAX_WAITING_BYTES = 1024 * 1024;
/**
 * How long the process stands still for a reader once that many bytes wait, in milliseconds: long
 * enough for one that is merely slower than a burst. Spent once; what waits has to be taken as a
 * whole before the process stands still again.
 */
const MAX_STALL_MS = 250;
/** How long the last lines may take to leave when the process ends, in milliseconds. */
const MAX_FLUSH_MS = 1000;
/** How often a full output is tried again, in milliseconds. */
const RETRY_MS = 10;
const NAP_MS = 1;
const LF = 0x0a;
/**
 * Bytes for one call. fs.writeSync of Deno 2.9 goes on by itself after a part was taken, and hides
 * that part in its EAGAIN. Pipes and UNIX sockets take up to PIPE_BUF, 4096 on Linux and 512 at least,
 * as a whole or not at all.
 */
const MAX_WRITE: number = deno === undefined
  ? Infinity
  : host.platform === "linux"
  ? 4096
  : 512;

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

/** By what is behind them: with `2>&1` both streams share one, so that lines stay whole and in order. */
const outputs = new Map<string, Output>();

function outputAt(fd: number, sink: TextSink): Output {
  const { descriptor, identity } = openOutput(fd);
  const shared = identity === undefined ? undefined : outputs.get(identity);
  if (shared !== undefined) {
    shared.sinks.push(sink);
    return shared;
  }
  const output = new Output(descriptor, sink);
  if (identity !== undefined) outputs.set(identity, output);
  return output;
}

/** What is behind a stream, and what it has not taken. */
class Output {
  /** Whose output it is: the first one is told what was dropped. */
  readonly sinks: TextSink[];
  readonly #fd: number;
  /** What the system has not taken, oldest first. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #stallMs = MAX_STALL_MS;
  #droppedLines = 0;
  /** Whether the last bytes were taken, and not dropped for an error. */
  #tookLast = true;
  /** Whether the last bytes that went out are a line without its end, whose rest was dropped. */
  #isTorn = false;
  #stopRetrying: (() => void) | undefined;
  #flushesAtExit = false;

  constructor(fd: number, sink: TextSink) {
    this.#fd = fd;
    this.sinks = [sink];
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#waitingBytes > 0 && !this.#writeWaiting()) {
      this.#keep(bytes);
      return;
    }
    const rest = this.#put(bytes);
    if (rest !== undefined) this.#keep(rest);
    else if (this.#droppedLines > 0 && this.#tookLast) this.#tellDropped();
  }

  flush(): void {
    this.#waitUntil(() => this.#waitingBytes === 0, MAX_FLUSH_MS);
    for (const bytes of this.#waiting) this.#drop(bytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stopRetrying?.();
  }

  /**
   * Writes as much of `bytes` as the system takes; drops them if it takes none for ever.
   *
   * @returns What has to wait.
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
        at += fs.writeSync(
          fd,
          bytes.length <= MAX_WRITE && at === 0
            ? bytes
            : bytes.subarray(at, at + MAX_WRITE),
        );
      }
    } catch (error) {
      const rest = at === 0 ? bytes : bytes.subarray(at);
      const { code } = error as { readonly code?: unknown };
      if (code === "EAGAIN" || code === "EINTR") return rest;
      // ENOSPC: the disk is full. EPIPE: nobody reads any more. EBADF: nobody ever did. A server
      // does not end because its log does.
      this.#tookLast = false;
      if (at > 0) this.#isTorn = bytes[at - 1] !== LF;
      this.#drop(rest);
      return undefined;
    }
    this.#tookLast = true;
    return undefined;
  }

  /** Keeps `bytes` for later if there is room; waits a moment for room, once. */
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
    process.on("exit", () => this.flush());
  }

  /** Returns whether nothing waits any more. */
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
      this.#tellDropped();
    }
    return true;
  }

  /** Stands still until `isMet`, for `ms` at most; returns how many of them are left. */
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

  #tellDropped(): void {
    const lines = this.#droppedLines;
    this.#droppedLines = 0;
    this.sinks[0]!.onDropped?.(lines);
  }
}
