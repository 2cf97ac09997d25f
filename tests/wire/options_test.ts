/** Effects of options that no other file here looks at, with the real command. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { SCRIPTED_APP } from "../_support/script.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { textFrame } from "../_support/websocket_frames.ts";

const OFFER = ["Sec-WebSocket-Extensions: permessage-deflate"];

test("--limit-request-target, --limit-request-fields and --http are in force", () =>
  withServer({
    app: SCRIPTED_APP,
    args: [
      ...["--limit-request-target", "64", "--limit-request-fields", "3"],
      ...["--http", "h1"],
    ],
  }, async ({ target }) => {
    const status = async (path: string, fields: readonly string[] = []) =>
      (await exchange(target, request(`GET ${path}`, fields))).status;
    assert.equal(await status(`/${"x".repeat(63)}`), 200);
    assert.equal(await status(`/${"x".repeat(64)}`), 414);
    // Host is the first.
    assert.equal(await status("/", ["A: 1", "B: 2"]), 200);
    assert.equal(await status("/", ["A: 1", "B: 2", "C: 3"]), 431);
  }));

test("--ws-max-size and --ws-per-message-deflate are in force (options:O-035, O-039)", () =>
  withServer({
    app: "websocket:app",
    args: ["--ws-max-size", "10", "--ws-per-message-deflate", "no"],
  }, async ({ target }) => {
    const client = await FrameClient.connect(target, "/echo", OFFER);
    assert.equal(client.status, 101);
    assert.equal(client.header("sec-websocket-extensions"), undefined);
    client.send(textFrame("x".repeat(10)));
    assert.equal(await client.said(), `text ${"x".repeat(10)}`);
    client.send(textFrame("x".repeat(11)));
    assert.match(await client.said(), /^close 1009 /);
    client.close();
  }));

test("--limit-max-requests-jitter adds at most so many requests (options:O-025)", async () => {
  const server = new ServerProcess({
    app: SCRIPTED_APP,
    args: [
      ...["--port", "0", "--limit-max-requests", "1"],
      ...["--limit-max-requests-jitter", "2"],
    ],
  });
  try {
    await server.ready();
    const { target } = server;
    try {
      for (;;) {
        const { status } = await exchange(target, request("GET /"));
        assert.equal(status, 200);
      }
    } catch (error) {
      // It does not listen any more.
      if (error instanceof assert.AssertionError) throw error;
    }
    const line = await server.line("stderr", /Maximum request limit of/);
    assert.match(line, /limit of [123] exceeded/);
    assert.equal((await server.end()).code, 0);
  } finally {
    await server.kill();
  }
});
