// node:http with the same routes, but WebSockets. Argument: the port.
import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";

const HELLO = Buffer.from("Hello, world!");
const DOWNLOAD = Buffer.from("0123456789abcdef".repeat(62_500));
const FILES = process.env.BENCH_FILES;

function answer(response, body) {
  response.writeHead(200, {
    "content-type": "text/plain",
    "content-length": body.length,
  });
  response.end(body);
}

/** As the usual middleware does: its size first, then a stream of it. */
async function answerFile(response, path) {
  const { size } = await stat(path);
  response.writeHead(200, {
    "content-type": "text/plain",
    "content-length": size,
  });
  createReadStream(path).pipe(response);
}

const server = createServer((request, response) => {
  switch (request.url) {
    case "/":
      return answer(response, HELLO);
    case "/download":
      return answer(response, DOWNLOAD);
    case "/files/page":
      return void answerFile(response, `${FILES}/page`);
    case "/files/download":
      return void answerFile(response, `${FILES}/download`);
    case "/echo": {
      const pieces = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => answer(response, Buffer.concat(pieces)));
      return;
    }
    case "/discard": {
      let size = 0;
      request.on("data", (piece) => size += piece.length);
      request.on("end", () => answer(response, Buffer.from(String(size))));
      return;
    }
    default:
      response.writeHead(404).end();
  }
});
server.keepAliveTimeout = 120_000; // the idle connections must outlive their count
server.listen(Number(process.argv[2]), "127.0.0.1");
