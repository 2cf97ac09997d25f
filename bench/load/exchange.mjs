// One request and its whole answer, byte by byte: what the load generator's counts are held against.
import { Buffer } from "node:buffer";
import { connect } from "node:net";

const LIMIT_MS = 10_000;

/** The request as bytes, in the form in which wrk sends it. */
export function requestBytes(
  port,
  { path, method = "GET", headers = [], body = "" },
) {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (body !== "") lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/**
 * Sends one request and reads its answer.
 *
 * @returns `status`, `body`, and `size`, the bytes of the answer with its head.
 */
export function exchange(port, request) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = Buffer.alloc(0);
    const pieces = [];
    let size = 0;
    let head;
    const fail = (why) => {
      socket.destroy();
      reject(
        why instanceof Error
          ? why
          : new Error(`Cannot read ${request.path}: ${why}`),
      );
    };
    socket.setTimeout(LIMIT_MS, () => fail("no answer in time"));
    socket.on("connect", () => socket.write(requestBytes(port, request)));
    socket.on("error", fail);
    socket.on("close", () => fail("connection closed early"));
    socket.on("data", (bytes) => {
      size += bytes.length;
      pieces.push(bytes);
      if (head === undefined) {
        received = Buffer.concat(pieces);
        head = readHead(received);
        if (head === undefined) return;
        if (!head.isChunked && !(head.contentLength >= 0)) {
          return fail("no content-length");
        }
      }
      const body = head.isChunked
        ? readChunks(Buffer.concat(pieces).subarray(head.length))
        : undefined;
      if (head.isChunked && body === undefined) return;
      const whole = head.length + (body?.size ?? head.contentLength);
      if (size < whole) return;
      if (size > whole) return fail(`${size - whole} bytes too many`);
      socket.removeAllListeners("close");
      socket.destroy();
      const all = Buffer.concat(pieces);
      resolve({
        status: head.status,
        body: body?.bytes ?? all.subarray(head.length),
        size,
      });
    });
  });
}

function readHead(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const text = bytes.latin1Slice(0, end);
  return {
    length: end + 4,
    status: Number(text.match(/^HTTP\/1\.1 (\d{3})/)?.[1]),
    isChunked: /\r\ntransfer-encoding: *chunked/i.test(text),
    contentLength: Number(
      text.match(/\r\ncontent-length: *(\d+)/i)?.[1] ?? NaN,
    ),
  };
}

/** A body in chunks and the bytes that it took, or `undefined` before its end. */
function readChunks(bytes) {
  const pieces = [];
  for (let at = 0;;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.latin1Slice(at, end), 16);
    const next = end + 2 + size + 2;
    if (next > bytes.length) return undefined;
    if (size === 0) return { bytes: Buffer.concat(pieces), size: next };
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
