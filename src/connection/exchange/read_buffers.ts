/** Buffers that files are read into on their way to a socket. */

/** Bytes of a buffer. Large enough for few system calls, small enough to keep for each download. */
export const READ_BYTES: number = 128 * 1024;

/** Buffers kept for reuse: 2 MiB in total. */
const MAX_FREE = 16;

/** Free buffers. Allocating one costs more than reading a file into it. */
const free: Uint8Array[] = [];

/** A buffer of {@linkcode READ_BYTES} bytes, with whatever was read into it last. */
export function takeReadBuffer(): Uint8Array {
  return free.pop() ?? new Uint8Array(READ_BYTES);
}

/** Gives a buffer back; its bytes must not be in use any more. */
export function giveReadBuffer(buffer: Uint8Array): void {
  if (free.length < MAX_FREE) free.push(buffer);
}
