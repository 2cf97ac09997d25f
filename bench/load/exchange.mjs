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
        // wrk counts bytes, not framing: an answer of a fixed size is what can be checked.
        if (!(head.contentLength >= 0)) return fail("no content-length");
      }
      const whole = head.length + head.contentLength;
      if (size < whole) return;
      if (size > whole) return fail(`${size - whole} bytes too many`);
      socket.removeAllListeners("close");
      socket.destroy();
      const all = Buffer.concat(pieces);
      resolve({ status: head.status, body: all.subarray(head.length), size });
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
    contentLength: Number(
      text.match(/\r\ncontent-length: *(\d+)/i)?.[1] ?? NaN,
    ),
  };
}
