/** A file as a response body: `http.response.pathsend`, with the range of our extension. */
import type { HttpResponsePathSendEvent } from "../../asgi.ts";
import { UnexpectedEventError } from "../../errors.ts";
import { forbidsBody } from "../../http/status_lines.ts";
import type { OpenFile } from "../../runtime/types.ts";
import { giveReadBuffer, READ_BYTES, takeReadBuffer } from "./read_buffers.ts";
import type { ResponseSink } from "./response_sink.ts";

/** What sending a file needs of its cycle. */
export interface FileSenderHost {
  openFile(path: string): Promise<OpenFile>;
  /** Whether the socket holds nothing of what it was handed. */
  hasSentAll(): boolean;
  /** Something was written: resolves when more may be. */
  afterWrite(bytes: number): Promise<void>;
  /** Throws once the client has left. */
  checkGone(): void;
}

/** What is wrong with the message, or `undefined`. */
export function checkPathSend(
  event: HttpResponsePathSendEvent,
): string | undefined {
  const { path, offset = 0, count } = event;
  if (typeof path !== "string" || !isAbsolute(path)) {
    return `"path" is ${JSON.stringify(path)}, expected an absolute path`;
  }
  if (!isCount(offset)) {
    return `"offset" is ${String(offset)}, expected an integer from 0`;
  }
  if (count !== undefined && !isCount(count)) {
    return `"count" is ${String(count)}, expected an integer from 0`;
  }
  return undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** POSIX `/…`, Windows `C:\…` and `\\server\…`, on every system: opening the file fails where it must. */
function isAbsolute(path: string): boolean {
  return path.startsWith("/") || path.startsWith("\\\\") ||
    /^[A-Za-z]:[\\/]/.test(path);
}

/**
 * Writes the head and the file behind it. Until the first bytes of the file are there nothing has
 * been written, so that an error leaves the application free to answer otherwise.
 *
 * @throws The I/O error of opening or reading; UnexpectedEventError if the file is shorter than
 * the `content-length` given.
 */
export async function sendFile(
  event: HttpResponsePathSendEvent,
  stream: ResponseSink,
  host: FileSenderHost,
): Promise<void> {
  const { path, offset = 0, count = Infinity } = event;
  if (forbidsBody(stream.status)) {
    // The file is not opened: a status without content does not describe one.
    if (stream.isHeadOpen) stream.endHead(-1);
    return;
  }
  const file = await host.openFile(path);
  /** What the socket may still be sending. */
  const lent: Uint8Array[] = [];
  try {
    host.checkGone();
    let left = Math.min(count, Math.max(file.size - offset, 0));
    const declared = stream.declaredLength;
    // Never more than the content-length promised, and less is an error (RFC 9110 §8.6).
    if (declared >= 0 && left < declared) {
      throw new UnexpectedEventError(
        `Response content shorter than Content-Length: expected ${declared} bytes, file has ${left}`,
        event.type,
        "started",
      );
    }
    if (declared >= 0) left = declared;
    if (stream.isHead) {
      // RFC 9110 §9.3.2: the head that GET would get, its length and its errors.
      if (stream.isHeadOpen) stream.endHead(left);
      return;
    }
    for (let at = offset; left > 0;) {
      const buffer = takeReadBuffer();
      lent.push(buffer);
      const wanted = Math.min(READ_BYTES, left);
      const size = await file.read(
        wanted === READ_BYTES ? buffer : buffer.subarray(0, wanted),
        at,
      );
      host.checkGone();
      if (size === 0) {
        throw new Error(
          `Cannot send file ${JSON.stringify(path)}: it became shorter`,
        );
      }
      // A head that was started in an earlier turn has left already.
      if (stream.isHeadOpen) stream.endHead(left);
      stream.write(
        size === READ_BYTES ? buffer : buffer.subarray(0, size),
        false,
      );
      at += size;
      left -= size;
      await host.afterWrite(size);
      host.checkGone();
      // While bytes are queued, any of the buffers may hold them.
      if (host.hasSentAll()) lent.splice(0).forEach(giveReadBuffer);
    }
    stream.write("", true);
  } finally {
    file.close();
  }
}
