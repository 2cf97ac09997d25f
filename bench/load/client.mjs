// Clients that wrk cannot be: large uploads, and thousands of connections that do nothing.
//
//   client.mjs upload PORT BYTES TIMES     bodies to /discard, one after the other
//   client.mjs idle PORT COUNT             opens, asks once each, prints "ready", waits for SIGTERM
//
// Prints one line of JSON at the end.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { performance } from "node:perf_hooks";

const PIECE = Buffer.alloc(256 * 1024, "x");
const BATCH = 100;
/** Some comparators cut the path out of the URL behind the origin they know. */
let host = "";

/** Sends `bytes` bytes with back-pressure and resolves to the answer's body. */
async function upload(socket, bytes) {
  const answer = nextAnswer(socket);
  // An answer that fails while we still write must not count as unhandled.
  answer.catch(() => {});
  socket.write(
    `POST /discard HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  for (let left = bytes; left > 0;) {
    const size = Math.min(left, PIECE.length);
    left -= size;
    if (
      !socket.write(size === PIECE.length ? PIECE : PIECE.subarray(0, size))
    ) {
      await Promise.race([once(socket, "drain"), answer]);
    }
  }
  return await answer;
}

/** Reads one answer with a content-length; rejects unless it is a 200. */
function nextAnswer(socket) {
  return new Promise((resolve, reject) => {
    let text = "";
    const finish = (settle, value) => {
      socket.off("data", onData).off("close", onClose);
      settle(value);
    };
    const onClose = () =>
      finish(reject, new Error(`Connection closed after "${text}"`));
    const onData = (bytes) => {
      text += bytes.latin1Slice();
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(text.match(/\r\ncontent-length: *(\d+)/i)?.[1]);
      if (!text.startsWith("HTTP/1.1 200 ") || !(length >= 0)) {
        return finish(reject, new Error(`Unexpected answer "${text}"`));
      }
      if (text.length >= end + 4 + length) finish(resolve, text.slice(end + 4));
    };
    socket.on("data", onData).on("close", onClose);
  });
}

async function opened(port) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  return socket;
}

async function runUpload(port, bytes, times) {
  const startMs = performance.now();
  for (let i = 0; i < times; i++) {
    // A connection for each: Deno.serve 2.9 closes one that has carried a large body.
    const socket = await opened(port);
    const counted = await upload(socket, bytes);
    socket.destroy();
    if (counted !== String(bytes)) {
      throw new Error(`The application counted ${counted} bytes of ${bytes}`);
    }
  }
  const seconds = (performance.now() - startMs) / 1_000;
  console.log(JSON.stringify({ seconds }));
}

async function runIdle(port, count) {
  const sockets = [];
  const ask = async () => {
    const socket = await opened(port);
    sockets.push(socket);
    const answer = nextAnswer(socket);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    if (await answer !== "Hello, world!") throw new Error("Unexpected answer");
  };
  while (sockets.length < count) {
    const size = Math.min(BATCH, count - sockets.length);
    await Promise.all(Array.from({ length: size }, ask));
  }
  console.log("ready");
  await new Promise((resolve) => {
    const timer = setInterval(() => {}, 1_000);
    process.once("SIGTERM", () => {
      clearInterval(timer);
      resolve();
    });
  });
  const held = sockets.filter((socket) =>
    !socket.destroyed && !socket.readableEnded
  );
  // The connections must still be good for a request, not merely open.
  let alive = 0;
  for (const socket of held.slice(0, BATCH)) {
    const answer = nextAnswer(socket);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    if (await answer === "Hello, world!") alive++;
  }
  console.log(
    JSON.stringify({
      held: held.length,
      asked: Math.min(BATCH, held.length),
      alive,
    }),
  );
  for (const socket of sockets) socket.destroy();
}

const [kind, port, ...rest] = process.argv.slice(2);
const numbers = rest.map(Number);
host = `127.0.0.1:${port}`;
try {
  if (kind === "upload") await runUpload(Number(port), numbers[0], numbers[1]);
  else await runIdle(Number(port), numbers[0]);
  process.exit(0);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
