/**
 * Files that logs are appended to. A regular file is written to by the runtime's threads, one write
 * at a time, because a disk or network may take long; lines that come meanwhile are gathered up to a
 * limit, beyond which they are dropped and counted. Pipes and devices are written to as the standard
 * streams are (text_sink.ts).
 */
import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import { setTimeout } from "node:timers";
import { builtins } from "./builtins.ts";
import { type OpenedOutput, openedOutput } from "./text_sink.ts";
import type { LogFile } from "../types.ts";

/** Most text that waits for the disk, in characters: seconds of an access log under load. */
const MAX_WAITING = 1024 * 1024;
/** Time limit for writing what waits when the process ends, in milliseconds. */
const MAX_FLUSH_MS = 1000;
/** How long a write that is under way is waited for, in milliseconds. */
const MAX_UNDER_WAY_MS = 250;
/** How soon a write that was refused for the moment is tried again, in milliseconds. */
const RETRY_MS = 10;
const NAP_MS = 1;
const LF = 0x0a;
/** Permissions of new files, before the umask, as of everybody who creates one. */
const MODE = 0o666;

const napping = new Int32Array(new SharedArrayBuffer(4));

/** Files that are open: what waits in them is written when the process ends. */
const open = new Set<AppendedFile>();
let flushesAtExit = false;

/** Writes what waits in all files, and waits for it. */
function flushLogFiles(): void {
  for (const file of open) file.flush();
}

/**
 * Opens `path` to append to it; makes the file if there is none, not its folder.
 *
 * @throws The system's error with its `code`; `EISDIR` for a folder, `ENXIO` for a FIFO without a
 * reader.
 */
export function openLogFile(path: string): LogFile {
  const absolute = resolve(path);
  const file = new AppendedFile(absolute, openTarget(absolute));
  open.add(file);
  if (!flushesAtExit) {
    flushesAtExit = true;
    process.on("exit", flushLogFiles);
  }
  return file;
}

/** An open file: `device` for what is not a regular one. */
interface Target {
  readonly fd: number;
  /** Bytes in it when it was opened. */
  readonly size: number;
  readonly device: OpenedOutput | undefined;
}

function openTarget(path: string): Target {
  const { fs } = builtins;
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = fs.constants;
  // Without O_NONBLOCK, opening a FIFO would block until it is read from. Windows has neither flag.
  const flags = O_WRONLY | O_APPEND | O_CREAT | (O_NOCTTY ?? 0) |
    (O_NONBLOCK ?? 0);
  const fd = fs.openSync(path, flags, MODE);
  try {
    const stats = fs.fstatSync(fd);
    return {
      fd,
      size: stats.size,
      device: stats.isFile() ? undefined : openedOutput(fd),
    };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

class AppendedFile implements LogFile {
  readonly isTerminal = false;
  onDropped: ((lines: number) => void) | undefined;
  onFailure: ((reason: string) => void) | undefined;
  readonly #path: string;
  #target: Target;
  /** Bytes in the file, unless others write to it too. */
  #size: number;
  /** Text that waits for the write that is under way. */
  #waiting = "";
  /** What a thread is writing, and to which file: that of before, right after `reopen()`. */
  #underWay: { readonly bytes: Uint8Array; readonly fd: number } | undefined;
  #droppedLines = 0;
  #isFailing = false;
  /** Whether the last bytes written are the start of a line whose rest was lost. */
  #isTorn = false;
  #isClosed = false;

  constructor(path: string, target: Target) {
    this.#path = path;
    this.#target = target;
    this.#size = target.size;
    this.#attachDevice();
  }

  write(text: string): void {
    if (this.#isClosed) return;
    const { device } = this.#target;
    if (device !== undefined) {
      device.write(text);
      return;
    }
    if (
      this.#waiting !== "" && this.#waiting.length + text.length > MAX_WAITING
    ) {
      this.#drop(text);
      return;
    }
    this.#waiting += text;
    if (this.#underWay === undefined) this.#writeWaiting();
  }

  flush(): number {
    const { fd, device } = this.#target;
    if (device !== undefined) {
      device.flush();
      return device.takeDropped();
    }
    const { fs } = builtins;
    if (this.#underWay?.fd === fd) {
      this.#awaitWrite(fd, this.#underWay.bytes.length);
    }
    const text = this.#isTorn ? `\n${this.#waiting}` : this.#waiting;
    this.#waiting = "";
    const bytes = Buffer.from(text);
    let at = 0;
    let leftMs = MAX_FLUSH_MS;
    while (at < bytes.length) {
      try {
        at += fs.writeSync(fd, bytes.subarray(at));
        this.#isTorn = false;
      } catch (error) {
        if (!isForTheMoment(error) || leftMs <= 0) {
          this.#fail(error, bytes, at, fd);
          return this.#takeDropped();
        }
        leftMs -= NAP_MS;
        Atomics.wait(napping, 0, 0, NAP_MS);
      }
    }
    this.#size += at;
    return this.#takeDropped();
  }

  #takeDropped(): number {
    const lines = this.#droppedLines;
    this.#droppedLines = 0;
    return lines;
  }

  reopen(): string | undefined {
    let target: Target;
    try {
      target = openTarget(this.#path);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const before = this.#target;
    this.#target = target;
    this.#size = target.size;
    this.#isTorn = false;
    this.#attachDevice();
    // A write that is under way goes to the file of before, and closes it.
    if (before.device !== undefined) before.device.close();
    else if (this.#underWay?.fd !== before.fd) builtins.fs.closeSync(before.fd);
    return undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { fd, device } = this.#target;
    if (device !== undefined) {
      open.delete(this);
      device.close();
    } // Else the last write closes it.
    else if (this.#underWay === undefined) this.#finish(fd);
  }

  #finish(fd: number): void {
    open.delete(this);
    builtins.fs.closeSync(fd);
  }

  #attachDevice(): void {
    const { device } = this.#target;
    if (device === undefined) return;
    device.onDropped = (lines) => this.onDropped?.(lines);
    device.onFailure = (reason) => this.onFailure?.(reason);
  }

  #writeWaiting(): void {
    const text = this.#isTorn ? `\n${this.#waiting}` : this.#waiting;
    this.#waiting = "";
    const bytes = Buffer.from(text);
    const { fd } = this.#target;
    this.#underWay = { bytes, fd };
    this.#writeFrom(bytes, 0, fd);
  }

  #writeFrom(bytes: Uint8Array, at: number, fd: number): void {
    builtins.fs.write(
      fd,
      bytes,
      at,
      bytes.length - at,
      null,
      (error, count) => {
        if (error !== null && isForTheMoment(error)) {
          setTimeout(() => this.#writeFrom(bytes, at, fd), RETRY_MS);
          return;
        }
        const end = at + (error === null ? count : 0);
        if (error !== null) this.#fail(error, bytes, at, fd);
        else if (end < bytes.length) {
          this.#writeFrom(bytes, end, fd);
          return;
        } else this.#succeed(fd, bytes.length);
        this.#endWrite(fd);
      },
    );
  }

  #succeed(fd: number, length: number): void {
    if (fd !== this.#target.fd) return;
    this.#size += length;
    this.#isTorn = false;
    this.#isFailing = false;
  }

  /** After a write, well or not. */
  #endWrite(fd: number): void {
    this.#underWay = undefined;
    const isOld = fd !== this.#target.fd;
    if (isOld) builtins.fs.closeSync(fd);
    if (this.#waiting !== "" && this.#target.device === undefined) {
      this.#writeWaiting();
    } else if (this.#isClosed) {
      if (this.#target.device === undefined) this.#finish(this.#target.fd);
      return;
    }
    if (this.#droppedLines > 0 && !this.#isFailing) {
      this.onDropped?.(this.#takeDropped());
    }
  }

  /** Blocks until a write that is under way has reached the file, or for a while. */
  #awaitWrite(fd: number, length: number): void {
    const wanted = this.#size + length;
    try {
      for (let leftMs = MAX_UNDER_WAY_MS; leftMs > 0; leftMs -= NAP_MS) {
        if (builtins.fs.fstatSync(fd).size >= wanted) return;
        Atomics.wait(napping, 0, 0, NAP_MS);
      }
    } catch {
      // The write itself will say what is wrong.
    }
  }

  /** @param at How much of `bytes` was written for certain. */
  #fail(error: unknown, bytes: Uint8Array, at: number, fd: number): void {
    const end = Math.max(at, Math.min(bytes.length, this.#growth(fd)));
    if (end > 0) this.#isTorn = bytes[end - 1] !== LF;
    for (const byte of bytes.subarray(end)) {
      if (byte === LF) this.#droppedLines++;
    }
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.onFailure?.(error instanceof Error ? error.message : String(error));
  }

  /**
   * Bytes that the file has grown by. fs.write of Deno 2.9 writes on after a partial write, and does
   * not say how much was written when that fails; no upstream issue is known.
   */
  #growth(fd: number): number {
    if (fd !== this.#target.fd) return 0;
    try {
      const before = this.#size;
      this.#size = builtins.fs.fstatSync(fd).size;
      return this.#size - before;
    } catch {
      return 0;
    }
  }

  #drop(text: string): void {
    for (const char of text) if (char === "\n") this.#droppedLines++;
  }
}

function isForTheMoment(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "EAGAIN" || code === "EINTR";
}
