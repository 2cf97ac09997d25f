/** A client that sends its last word together with its FIN is answered, on every runtime and transport. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { latin1, RawClient } from "../_support/raw_client.ts";
import { sharedServer } from "../_support/spawn_server.ts";
import {
  describeFrames,
  handshakeRequest,
  textFrame,
} from "../_support/websocket_frames.ts";

/** More than once: some of it is a race. */
const TIMES = 10;

for (const loop of ["native", "node"]) {
  describe(`over ${loop} sockets`, () => {
    const shared = sharedServer({
      app: "websocket:app",
      args: ["--loop", loop],
    });
    const handshake = () => handshakeRequest("/echo?id=last");

    test("a handshake with a FIN behind it", async () => {
      for (let i = 0; i < TIMES; i++) {
        const client = await RawClient.connect(shared.server.target);
        client.send(handshake());
        client.halfClose();
        const { bytes } = await client.readToEnd();
        assert.match(bytes, /^HTTP\/1\.1 101 /);
        client.close();
      }
    });

    test("a handshake and a message with a FIN behind them", async () => {
      for (let i = 0; i < TIMES; i++) {
        const client = await RawClient.connect(shared.server.target);
        client.send(handshake() + latin1(textFrame("hello")));
        client.halfClose();
        const { bytes } = await client.readToEnd();
        assert.match(bytes, /hello/);
        client.close();
      }
    });

    test("a message with a FIN behind it", async () => {
      for (let i = 0; i < TIMES; i++) {
        const client = await RawClient.connect(shared.server.target);
        client.send(handshake());
        await client.readUntil("\r\n\r\n");
        client.send(textFrame("hello"));
        client.halfClose();
        const { bytes } = await client.readToEnd();
        assert.match(describeFrames(bytes).join(), /hello/);
        client.close();
      }
    });
  });
}
