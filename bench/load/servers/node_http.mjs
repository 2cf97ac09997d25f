// node:http with the four routes. Argument: the port.
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import process from "node:process";

const HELLO = Buffer.from("Hello, world!");
const DOWNLOAD = Buffer.from("0123456789abcdef".repeat(62_500));

function answer(response, body) {
  response.writeHead(200, {
    "content-type": "text/plain",
    "content-length": body.length,
  });
  response.end(body);
}

const server = createServer((request, response) => {
  switch (request.url) {
    case "/":
      return answer(response, HELLO);
    case "/download":
      return answer(response, DOWNLOAD);
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
