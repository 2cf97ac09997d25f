/**
 * Upgrades that a Node application speaks by itself: the package `ws` on our connection, and other
 * protocols, byte by byte.
 */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { serve } from "../../src/serve.ts";
import { type ClientTarget, RawClient } from "../_support/raw_client.ts";
import { ROOT } from "../_support/this_runtime.ts";
import { pattern } from "./_node_apps.ts";
import { QUIET, requestText } from "./_node_pair.ts";

/** The real package: Bun puts one of its own in its place, which needs its own server. */
const WS = pathToFileURL(join(ROOT, "node_modules/ws/wrapper.mjs")).href;
const { WebSocketServer } = await import(WS) as typeof import("ws");

const CONNECT = (protocol: string, ...headers: string[]) =>
  requestText("GET /chat?room=1", [
    "Connection: Upgrade",
    `Upgrade: ${protocol}`,
    ...headers,
  ]);

let server: ReturnType<typeof serve>;
let target: ClientTarget & { readonly port: number };
let app: Server;
/** What the listener for upgrades was given last. */
let last: { request: IncomingMessage; socket: Duplex } | undefined;

before(async () => {
  app = createServer((request, response) => {
    response.end(`plain ${request.headers.upgrade ?? "none"}`);
  });
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (socket, request) => {
    socket.send(`hello ${request.url} ${request.socket.remoteAddress}`);
    socket.on("message", (data, isBinary) => {
      if (String(data) === "throw") throw new Error("thrown in a listener");
      socket.send(data, { binary: isBinary });
    });
  });
  app.on("upgrade", (request, socket, head) => {
    last = { request, socket };
    switch (request.headers.upgrade) {
      case "websocket":
        sockets.handleUpgrade(
          request,
          socket,
          head,
          (one) => sockets.emit("connection", one, request),
        );
        break;
      case "echo":
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n",
        );
        socket.pipe(socket);
        break;
      case "refused":
        socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        break;
      case "throws":
        throw new Error("thrown by the listener");
      default:
        socket.destroy();
    }
  });
  server = serve(app as never, QUIET);
  const [address] = await server.listening;
  assert.ok(address.kind === "tcp");
  target = { host: "127.0.0.1", port: address.port };
});

after(() => server.stop({ timeout: 1 }));

/** A WebSocket, and its messages as they come. */
async function open(path = "/chat") {
  const socket = new WebSocket(`ws://127.0.0.1:${target.port}${path}`);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  const waiting: ((message: unknown) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const waiter = waiting.shift();
    if (waiter === undefined) messages.push(data);
    else waiter(data);
  });
  const closed = new Promise<CloseEvent>((resolve) =>
    socket.addEventListener("close", resolve)
  );
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const next = () =>
    messages.length > 0
      ? Promise.resolve(messages.shift())
      : new Promise((resolve) => waiting.push(resolve));
  return { socket, next, closed };
}

describe("the package ws", () => {
  test("speaks on our connection, text, bytes and its close", async () => {
    const { socket, next, closed } = await open("/chat?room=1");
    assert.equal(await next(), "hello /chat?room=1 127.0.0.1");
    socket.send("text");
    assert.equal(await next(), "text");
    socket.send(new Uint8Array([1, 2, 3]));
    assert.deepEqual(
      new Uint8Array(await next() as ArrayBuffer),
      new Uint8Array([1, 2, 3]),
    );
    socket.close(4000, "enough");
    assert.equal((await closed).code, 4000);
  });

  test("sends and gets messages larger than buffers", async () => {
    const { socket, next, closed } = await open();
    await next();
    const size = 3_000_000;
    socket.send(pattern(size) as Uint8Array<ArrayBuffer>);
    const got = new Uint8Array(await next() as ArrayBuffer);
    // Anew: clients mask what they are given in place.
    assert.ok(Buffer.compare(got, pattern(size)) === 0);
    socket.close();
    await closed;
  });

  test("an exception in a listener ends that connection alone", async () => {
    const { socket, next, closed } = await open();
    await next();
    socket.send("throw");
    await closed;
    const other = await open();
    await other.next();
    other.socket.close();
    await other.closed;
  });
});

describe("another protocol", () => {
  test("is spoken byte by byte, with what came ahead, up to both ends", async () => {
    const client = await RawClient.connect(target);
    client.send(`${CONNECT("echo")}ahead `);
    assert.match(await client.readUntil("ahead "), /^HTTP\/1\.1 101 /);
    client.send("and behind");
    assert.equal(await client.readUntil("behind"), "and behind");
    client.halfClose();
    assert.equal((await client.readToEnd()).end, "fin");
    assert.equal(last?.request.url, "/chat?room=1");
    client.close();
  });

  test("with more than buffers hold, both ways", async () => {
    const client = await RawClient.connect(target);
    client.send(CONNECT("echo"));
    await client.readUntil("\r\n\r\n");
    const bytes = pattern(2_000_000);
    const text = Buffer.from(bytes).toString("latin1");
    const sent = client.sendAll(bytes);
    // The last bytes occur once: a mark behind the pattern.
    client.send("#end#");
    const got = await client.readUntil("#end#");
    await sent;
    assert.ok(got === `${text}#end#`);
    client.close();
  });

  test("may be refused with a response", async () => {
    const client = await RawClient.connect(target);
    client.send(CONNECT("refused"));
    const response = await client.readResponse();
    assert.equal(response.status, 403);
    assert.equal((await client.readToEnd()).end, "fin");
    client.close();
  });

  test("is cut off by destroy(), and by an exception", async () => {
    for (const protocol of ["nothing", "throws"]) {
      const client = await RawClient.connect(target);
      client.send(CONNECT(protocol));
      const { bytes } = await client.readToEnd();
      assert.equal(bytes, "");
      client.close();
    }
  });

  test("comes after another request on the same connection", async () => {
    const client = await RawClient.connect(target);
    client.send(requestText("GET /") + CONNECT("echo") + "x");
    assert.equal((await client.readResponse()).body, "plain none");
    assert.match(await client.readUntil("\r\n\r\n"), /101/);
    assert.equal(await client.readUntil("x"), "x");
    client.close();
  });

  test("with a body is an ordinary request", async () => {
    const client = await RawClient.connect(target);
    client.send(requestText("POST /", [
      "Connection: Upgrade",
      "Upgrade: echo",
    ], "body"));
    assert.equal((await client.readResponse()).body, "plain echo");
    client.close();
  });
});

test("without a listener for upgrades, the request is an ordinary one", async () => {
  const quiet = serve(
    createServer((request, response) =>
      response.end(`plain ${request.headers.upgrade}`)
    ) as never,
    QUIET,
  );
  const [address] = await quiet.listening;
  assert.ok(address.kind === "tcp");
  const client = await RawClient.connect({
    host: "127.0.0.1",
    port: address.port,
  });
  client.send(CONNECT("websocket"));
  assert.equal((await client.readResponse()).body, "plain websocket");
  client.close();
  await quiet.stop({ timeout: 1 });
});

test("a stop ends connections that were taken over, after its time", async () => {
  const other = serve(app as never, QUIET);
  const [address] = await other.listening;
  assert.ok(address.kind === "tcp");
  const client = await RawClient.connect({
    host: "127.0.0.1",
    port: address.port,
  });
  client.send(CONNECT("echo"));
  await client.readUntil("\r\n\r\n");
  await other.stop({ timeout: 0.1 });
  await client.readToEnd();
  client.close();
});
