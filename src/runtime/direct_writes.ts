/**
 * Writes past the stream: straight to the handle below a `node:net` socket, on Node.
 *
 * The stream makes a request, a state and a tick of each write, although the kernel nearly always
 * takes all of it at once and nothing of that is needed. Its handle says so itself, and a request
 * that was not needed serves the next write. What a request is, is learned from the first write,
 * which still goes through the stream; where handles do not tell how much waits in them, as on
 * Deno and Bun, all writes do.
 */
import type { Socket as NetSocket } from "node:net";

/** What libuv needs to remember a write that it could not do at once. */
interface WriteRequest {
  oncomplete: (status: number) => void;
  /** Keeps the bytes from the collector. */
  buffer: Uint8Array;
}

/** What is below a socket and takes its bytes. */
export interface WriteHandle {
  /** Takes all of `bytes`, or says in a negative number what is wrong and takes none. */
  writeBuffer?: (request: WriteRequest, bytes: Uint8Array) => number;
  /** Bytes taken that the kernel has not. */
  readonly writeQueueSize: number;
}

/** Who hears what has become of bytes that had to wait. */
export interface DirectWriter {
  /** The kernel has taken the rest of them (0), or will not (the negative number of an error). */
  onWritten(status: number): void;
}

let Request: (new () => WriteRequest) | undefined;
/** One that no write is using. */
let spare: WriteRequest | undefined;

/** The handle below `raw`, if {@linkcode writeDirectly} can do anything with it. */
export function directHandle(raw: NetSocket): WriteHandle | undefined {
  const { _handle: handle } = raw as { readonly _handle?: WriteHandle | null };
  return typeof handle?.writeQueueSize === "number" &&
      typeof handle.writeBuffer === "function"
    ? handle
    : undefined;
}

/**
 * Writes one or more bytes to a handle in which nothing waits.
 *
 * @param writer Hears of them once, later, if they have to wait.
 * @returns `refused`: none was taken, they have to go through the stream, which also knows what to
 * do about errors.
 */
export function writeDirectly(
  handle: WriteHandle,
  bytes: Uint8Array,
  writer: DirectWriter,
): "left" | "waiting" | "refused" {
  if (Request === undefined) {
    learnFrom(handle);
    return "refused";
  }
  const request = spare ??= new Request();
  if (handle.writeBuffer!(request, bytes) !== 0) return "refused";
  if (handle.writeQueueSize === 0) return "left";
  spare = undefined;
  request.buffer = bytes;
  request.oncomplete = (status) => writer.onWritten(status);
  return "waiting";
}

/** Looks at the request of the next write. */
function learnFrom(handle: WriteHandle): void {
  const { writeBuffer } = handle;
  handle.writeBuffer = (request, bytes) => {
    delete handle.writeBuffer;
    Request = request.constructor as new () => WriteRequest;
    return writeBuffer!.call(handle, request, bytes);
  };
}
