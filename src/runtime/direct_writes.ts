/**
 * Writes past the stream: straight to the handle below a `node:net` socket, on Node and Deno.
 *
 * The stream makes a request, a state and a tick of each write, although the kernel nearly always
 * takes all of it at once and nothing of that is needed. A request that was not needed serves the
 * next write. Neither runtime documents any of this, and each has its own way to tell whether
 * bytes had to wait: Node's handle says how many do; what a request is, is learned from the first
 * write, which still goes through the stream. Deno shows both in `process.binding`. Where there is
 * no way, as on Bun, all writes go through the stream.
 */
import type { Socket as NetSocket } from "node:net";
import { deno } from "./_deno_types.ts";

/** What libuv needs to remember a write that it could not do at once. */
interface WriteRequest {
  oncomplete: (status: number) => void;
  /** Keeps the bytes from the collector. */
  buffer: Uint8Array | readonly Uint8Array[];
  /** On Node, -1 unless a write is using it. */
  getAsyncId?(): number;
}

/** What is below a socket and takes its bytes. */
export interface WriteHandle {
  /** Takes all of `bytes`, or says in a negative number what is wrong and takes none. */
  writeBuffer?: (request: WriteRequest, bytes: Uint8Array) => number;
  /** The same for several, in one system call; the last argument says that all are bytes. */
  writev?: (
    request: WriteRequest,
    chunks: readonly Uint8Array[],
    areBytes: true,
  ) => number;
  /** Bytes taken that the kernel has not; `undefined` on Deno. */
  readonly writeQueueSize?: number;
}

/** Who hears what has become of bytes that had to wait. */
export interface DirectWriter {
  /** The kernel has taken the rest of them (0), or will not (the negative number of an error). */
  onWritten(status: number): void;
}

/** What Deno shows of the inside of its streams. */
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: ArrayLike<number>;
  readonly kLastWriteWasAsync: number;
}

const binding = deno === undefined ? undefined : denoBinding();
let Request = binding?.WriteWrap;
/** What Node says of a request that no write is using. */
const FREE = -1;
/** One that no write is using. */
let spare: WriteRequest | undefined;

/** The handle below `raw`, if {@linkcode writeDirectly} can do anything with it. */
export function directHandle(raw: NetSocket): WriteHandle | undefined {
  const { _handle: handle } = raw as { readonly _handle?: WriteHandle | null };
  if (typeof handle?.writeBuffer !== "function") return undefined;
  const isTold = typeof handle.writeQueueSize === "number" ||
    binding !== undefined;
  return isTold ? handle : undefined;
}

/** What has become of bytes. `refused`: none were taken, they have to go through the stream. */
export type WriteOutcome = "left" | "waiting" | "refused";

/**
 * Writes one or more bytes to a handle in which nothing waits. What is refused has to go through
 * the stream, which also knows what to do about errors.
 *
 * @param writer Hears of them once, later, if they have to wait.
 */
export function writeDirectly(
  handle: WriteHandle,
  bytes: Uint8Array,
  writer: DirectWriter,
): WriteOutcome {
  if (Request === undefined) {
    learnFrom(handle);
    return "refused";
  }
  const request = spare ??= new Request();
  const status = handle.writeBuffer!(request, bytes);
  return settle(handle, request, status, bytes, writer);
}

/** As {@linkcode writeDirectly}, for two that follow each other and leave in one system call. */
export function writePairDirectly(
  handle: WriteHandle,
  head: Uint8Array,
  body: Uint8Array,
  writer: DirectWriter,
): WriteOutcome {
  if (Request === undefined || handle.writev === undefined) return "refused";
  const request = spare ??= new Request();
  const chunks = [head, body];
  const status = handle.writev(request, chunks, true);
  return settle(handle, request, status, chunks, writer);
}

/** What became of bytes, and whether `request` may serve the next write. */
function settle(
  handle: WriteHandle,
  request: WriteRequest,
  status: number,
  bytes: Uint8Array | readonly Uint8Array[],
  writer: DirectWriter,
): WriteOutcome {
  if (status !== 0) {
    spare = undefined; // the stream comes to know what is wrong; nobody what the request is
    return "refused";
  }
  if (binding !== undefined) {
    const wasAsync = binding.streamBaseState[binding.kLastWriteWasAsync] !== 0;
    return wasAsync ? wait(request, bytes, writer) : "left";
  }
  if (handle.writeQueueSize !== 0) return wait(request, bytes, writer);
  // The kernel has it all, at the second try perhaps: then the request has a callback to come, and
  // Node 24 aborts the process if it is given to another write before.
  if (request.getAsyncId!() !== FREE) {
    spare = undefined;
    request.oncomplete = () => {};
  }
  return "left";
}

function wait(
  request: WriteRequest,
  bytes: Uint8Array | readonly Uint8Array[],
  writer: DirectWriter,
): "waiting" {
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
    const Found = request.constructor as new () => WriteRequest;
    // Without a way to tell whether one is in use, none can be used again.
    if (new Found().getAsyncId?.() === FREE) Request = Found;
    return writeBuffer!.call(handle, request, bytes);
  };
}

function denoBinding(): StreamBinding | undefined {
  const { binding } = process as unknown as {
    readonly binding?: (name: string) => Partial<StreamBinding>;
  };
  try {
    const found = binding?.("stream_wrap");
    const isKnown = typeof found?.WriteWrap === "function" &&
      found.streamBaseState?.[found.kLastWriteWasAsync!] !== undefined;
    return isKnown ? found as StreamBinding : undefined;
  } catch {
    return undefined;
  }
}
