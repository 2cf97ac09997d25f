/** Handshakes that come before what speaks WebSocket is loaded: all at once, as there is one chance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  loadWebSocketPart,
  webSocketPart,
} from "../../../src/connection/http1/websocket_part.ts";
import type { AsgiApp } from "../../../src/asgi.ts";
import { Config } from "../../../src/config/config.ts";
import { runtime } from "../../../src/runtime/mod.ts";
import { Server } from "../../../src/server/server.ts";
import { SYSTEM_TIME } from "../../../src/server/timers.ts";
import { FakeClock } from "../../_support/fake_clock.ts";
import { latin1, RawClient } from "../../_support/raw_client.ts";
import {
  handshakeRequest,
  readFrame,
  SAMPLE_ACCEPT,
  textFrame,
} from "../../_support/websocket_frames.ts";

const ended: string[] = [];

/** Sends back what it gets; refuses below /no. */
const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "websocket") {
    throw new Error(`Unexpected scope ${scope.type}`);
  }
  await receive();
  if (scope.path === "/no") return await send({ type: "websocket.close" });
  await send({ type: "websocket.accept" });
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") break;
    await send({ type: "websocket.send", text: event.text! });
  }
  ended.push(scope.path);
};

test("the first handshakes load it, and get what later ones get", async () => {
  const config = new Config(app, {
    port: 0,
    lifespan: "off",
    logLevel: "critical",
    accessLog: false,
  });
  // No time passes: the server does not load it by itself.
  const { every } = new FakeClock();
  const server = new Server(config, { time: { ...SYSTEM_TIME, every } });
  const served = server.serve();
  const [address] = await server.listening;
  assert.ok(address.kind === "tcp");
  const clients: RawClient[] = [];
  const connect = async () => {
    const { port } = address;
    const client = await RawClient.connect({ host: "127.0.0.1", port });
    clients.push(client);
    return client;
  };
  try {
    const [echo, early, refused, half, gone] = await Promise.all(
      Array.from({ length: 5 }, connect),
    );
    assert.equal(webSocketPart() === undefined, runtime.mayLoadLate);
    const hello = latin1(textFrame("hello"));
    echo!.send(handshakeRequest("/echo"));
    early!.send(handshakeRequest("/early") + hello);
    refused!.send(handshakeRequest("/no"));
    half!.send(handshakeRequest("/half"));
    half!.halfClose();
    gone!.send(handshakeRequest("/gone"));
    gone!.close();

    const head = await echo!.readUntil("\r\n\r\n");
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.ok(head.includes(SAMPLE_ACCEPT));
    echo!.send(hello);
    await early!.readUntil("\r\n\r\n");
    for (const client of [echo!, early!]) {
      const read = readFrame(await client.readUntil("hello"));
      assert.equal(read?.frame.payload, "hello");
    }
    assert.match(await refused!.readUntil("\r\n\r\n"), /^HTTP\/1\.1 403 /);
    await half!.ended();

    assert.notEqual(webSocketPart(), undefined);
    assert.equal(await loadWebSocketPart(), webSocketPart());
    const late = await connect();
    late.send(handshakeRequest("/late"));
    assert.match(await late.readUntil("\r\n\r\n"), /^HTTP\/1\.1 101 /);
  } finally {
    for (const client of clients) client.close();
    await server.stop();
    await served;
  }
  for (const path of ["/echo", "/early", "/late"]) {
    assert.ok(ended.includes(path), path);
  }
});
