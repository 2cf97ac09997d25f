/** What one turn writes, leaving in one socket write. */
import { ByteWriter } from "../../bytes/byte_writer.ts";
import type { Socket } from "../../runtime/types.ts";

/** Bytes a pooled writer begins with: a head and a small body. */
const WRITER_BYTES = 4 * 1024;
/** A writer that grew past this is dropped instead of pooled. */
const MAX_POOLED_BYTES = 64 * 1024;
/**
 * Writers kept for reuse: as many connections may write in one turn without any being made anew.
 * They come to 4 MiB.
 */
const MAX_POOLED = 1024;

/** Bodies up to this size are copied behind their head; larger ones leave in a write of their own. */
export const COPY_LIMIT: number = 16 * 1024;

/** Writers nobody uses at the moment: an idle connection holds none. */
export class WriterPool {
  readonly #free: ByteWriter[] = [];
  readonly #allocate: ((size: number) => Uint8Array) | undefined;

  /** @param allocate Makes the memory of writers, in the form that sockets take best. */
  constructor(allocate?: (size: number) => Uint8Array) {
    this.#allocate = allocate;
  }

  /** An empty writer. */
  take(): ByteWriter {
    return this.#free.pop() ?? new ByteWriter(WRITER_BYTES, this.#allocate);
  }

  /** Gives a writer back; nobody may hold its bytes any more. */
  give(writer: ByteWriter): void {
    if (
      this.#free.length >= MAX_POOLED || writer.bytes.length > MAX_POOLED_BYTES
    ) return;
    writer.length = 0;
    this.#free.push(writer);
  }
}

/** Who is told that bytes stay where they are. */
export interface BlockedListener {
  /** The kernel did not take everything. */
  onBlocked(): void;
}

/** The bytes on their way to one socket. */
export class OutputBuffer {
  readonly #socket: Socket;
  readonly #pool: WriterPool;
  #writer: ByteWriter | undefined;
  /** Writers whose bytes the socket still holds. */
  #held: ByteWriter[] | undefined;
  readonly #listener: BlockedListener | undefined;
  #handedBytes = 0;
  /** Whether what was written must stay for now: a head that can still be taken back. */
  isHeld = false;

  constructor(socket: Socket, pool: WriterPool, listener?: BlockedListener) {
    this.#socket = socket;
    this.#pool = pool;
    this.#listener = listener;
  }

  /** Where the next bytes go. Valid until {@linkcode flush}: ask again, do not keep it. */
  get writer(): ByteWriter {
    return this.#writer ??= this.#pool.take();
  }

  /** Bytes written here and not handed to the socket yet. */
  get pendingBytes(): number {
    return this.#writer === undefined ? 0 : this.#writer.length;
  }

  /** Bytes that the peer's side of the kernel has not taken yet, wherever they are. */
  get unsentBytes(): number {
    return this.pendingBytes + this.#socket.queuedBytes;
  }

  /** Bytes handed to the socket that the kernel has not taken. */
  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  /** Bytes that the kernel has taken since the beginning. */
  get sentBytes(): number {
    return this.#handedBytes - this.#socket.queuedBytes;
  }

  /** Hands everything written so far to the socket, in one write. */
  flush(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    this.#handedBytes += writer.length;
    const hasLeft = writer.length === 0 || this.#socket.write(writer.written);
    this.#handed(writer, hasLeft);
  }

  /** Sends `bytes` after what was written, uncopied: they are the server's now. */
  writeLarge(bytes: Uint8Array): void {
    const writer = this.#writer;
    this.#handedBytes += bytes.length;
    if (writer === undefined || writer.length === 0) {
      if (!this.#socket.write(bytes)) this.#listener?.onBlocked();
      return;
    }
    this.#writer = undefined;
    this.#handedBytes += writer.length;
    this.#handed(writer, this.#socket.writePair(writer.written, bytes));
  }

  /** The socket was given the bytes of `writer`. */
  #handed(writer: ByteWriter, hasLeft: boolean): void {
    if (hasLeft) {
      this.#pool.give(writer);
      return;
    }
    if (this.#held === undefined) this.#held = [writer];
    else this.#held.push(writer);
    this.#listener?.onBlocked();
  }

  /** The socket holds nothing any more: every writer is ours again. */
  onDrain(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    for (const writer of held) this.#pool.give(writer);
  }

  /** Drops what was written and not handed over. */
  discard(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    this.#pool.give(writer);
  }
}
