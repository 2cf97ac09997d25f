// The `ws` package on node:http: echo, broadcast, and "/" to see that it is up. Argument: the port.
import { createServer } from "node:http";
import process from "node:process";
import { WebSocket, WebSocketServer } from "ws";

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-length": 13 });
  response.end("Hello, world!");
});
const sockets = new WebSocketServer({
  server,
  // Its default leaves messages below 1 kB uncompressed; Tricorn's begins at 64 bytes.
  perMessageDeflate: { threshold: 64 },
});

sockets.on("connection", (socket, request) => {
  socket.on("error", () => socket.terminate());
  if (request.url === "/broadcast") {
    socket.on("message", (data, binary) => {
      for (const member of sockets.clients) {
        if (member.readyState === WebSocket.OPEN) member.send(data, { binary });
      }
    });
  } else {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  }
});
server.listen(Number(process.argv[2]), "127.0.0.1");
