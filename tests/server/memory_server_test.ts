/** A whole server over a transport in memory: nothing of it needs a kernel's socket. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AsgiApp } from "../../src/asgi.ts";
import { Config } from "../../src/config/config.ts";
import { Server } from "../../src/server/server.ts";
import { loggingOf } from "../_support/fake_logging.ts";
import { FakeLogger } from "../_support/harness.ts";
import { MemoryTransport } from "../_support/memory_transport.ts";

const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") throw new Error("no lifespan here");
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: `at ${scope.path}` });
};

async function setUp() {
  const transport = new MemoryTransport();
  const logger = new FakeLogger();
  const server = new Server(new Config(app, { host: "192.0.2.1", port: 80 }), {
    logging: loggingOf(logger),
    selectTransport: () => transport,
  });
  server.start();
  const addresses = await server.listening;
  return { transport, server, logger, addresses };
}

/** Sends `request` and resolves to the response, which begins with a later turn of the real loop. */
async function exchange(transport: MemoryTransport, request: string) {
  const socket = transport.connect();
  socket.receive(request);
  for (let i = 0; i < 1_000 && socket.text === ""; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { socket, text: socket.text };
}

test("a server answers over a transport in memory", async () => {
  const { transport, server, addresses } = await setUp();
  assert.deepEqual(addresses, [{ kind: "tcp", host: "192.0.2.1", port: 80 }]);
  assert.equal(server.url, "http://192.0.2.1:80");
  const { socket, text } = await exchange(
    transport,
    "GET /here HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(text, /\r\n\r\nat \/here$/);
  assert.equal(server.stats.totalRequests, 1);
  assert.equal(server.stats.connections, 1);
  socket.close();
  assert.equal(await server.stop(), true);
  assert.equal(transport.isListening, false);
});

test("a server closes its connections in memory when it stops", async () => {
  const { transport, server, logger } = await setUp();
  const { socket } = await exchange(
    transport,
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  const stopped = server.stop();
  for (let i = 0; i < 1_000 && !socket.hasEnded && !socket.isClosed; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (!socket.isClosed) socket.close();
  assert.equal(await stopped, true);
  assert.equal(server.stats.connections, 0);
  assert.ok(logger.at("info").includes("Shutting down"));
});
