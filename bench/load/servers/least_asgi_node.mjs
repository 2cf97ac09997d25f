// What an ASGI WebSocket costs in memory on node:net before a server does anything for it: the
// scope, receive(), send() and the application's waiting functions, on the smallest server that
// can echo one short message. No limits, no closing, no checks. Argument: the port.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import process from "node:process";

const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HELLO = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nHello, world!";
const DONE = Promise.resolve();

async function app(scope, receive, send) {
  if (scope.type === "websocket") return await echo(receive, send);
}

async function echo(receive, send) {
  await receive();
  await send({ type: "websocket.accept" });
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") return;
    await send({ type: "websocket.send", text: event.text });
  }
}

class Connection {
  isNew = true;
  wake = undefined;
}

function open(raw, text) {
  const headers = text.split("\r\n").slice(1).filter(Boolean).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
  const key = headers.find(([name]) => name === "sec-websocket-key")?.[1];
  if (key === undefined) return raw.write(HELLO);
  const connection = raw.connection = new Connection();
  const receive = () => {
    if (!connection.isNew) return new Promise((wake) => connection.wake = wake);
    connection.isNew = false;
    return Promise.resolve({ type: "websocket.connect" });
  };
  const send = (event) => {
    if (event.type === "websocket.accept") {
      const accept = createHash("sha1").update(key + KEY_SUFFIX)
        .digest("base64");
      raw.write(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n" +
          `connection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
    } else {
      const bytes = Buffer.from(event.text);
      raw.write(Buffer.concat([Buffer.from([0x81, bytes.length]), bytes]));
    }
    return DONE;
  };
  void app(
    {
      type: "websocket",
      asgi: null,
      http_version: "1.1",
      scheme: "ws",
      path: "/ws",
      raw_path: "/ws",
      query_string: "",
      root_path: "",
      headers,
      client: [raw.remoteAddress, raw.remotePort],
      server: ["127.0.0.1", raw.localPort],
      subprotocols: [],
      state: {},
      extensions: {},
    },
    receive,
    send,
  );
}

/** One masked frame of up to 125 bytes. */
function textOf(frame) {
  const mask = frame.subarray(2, 6);
  return Buffer.from(frame.subarray(6)).map((byte, at) => byte ^ mask[at & 3])
    .toString();
}

function onData(bytes) {
  if (this.connection === undefined) return open(this, bytes.latin1Slice());
  if ((bytes[0] & 0x0f) === 8) return this.end();
  const { wake } = this.connection;
  this.connection.wake = undefined;
  wake?.({ type: "websocket.receive", text: textOf(bytes), bytes: null });
}

createServer({ noDelay: true }, (raw) => {
  raw.on("data", onData);
  raw.on("error", () => raw.destroy());
}).listen(Number(process.argv[2]), "127.0.0.1");
