/** What a socket of node:net tells of its writes, beyond the contract. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Socket as NetSocket } from "node:net";
import { test } from "node:test";
import { contextOf } from "../../../src/runtime/listen/listen.ts";
import { NodeSocket } from "../../../src/runtime/node/socket.ts";
import { Recorder, until } from "../_wire.ts";

/** A socket and its peer, which does not read yet. */
async function withPair(
  body: (recorder: Recorder, peer: NetSocket) => Promise<void>,
): Promise<void> {
  const accepted = Promise.withResolvers<Recorder>();
  const server = createServer({ allowHalfOpen: true }, (raw) => {
    const target = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    const socket = new NodeSocket(raw, contextOf(target));
    const recorder = new Recorder(socket);
    socket.handler = recorder;
    accepted.resolve(recorder);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const peer = connect(port, "127.0.0.1");
  peer.on("error", () => {});
  try {
    await body(await accepted.promise, peer);
  } finally {
    peer.destroy();
    server.close();
  }
}

/** Bytes that tell where they belong. */
function patterned(size: number, at: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + at * 7) & 0xff;
  return bytes;
}

const HEAD = Buffer.from("Fourteen bytes");

const SIZES = [
  [1, 13, 1, 16_384, 2, 65_536, 1],
  [300_000, 300_000, 1, 5_000_000, 1, 7],
  [1, 8_000_000, 100, 600_000],
];

for (const [at, sizes] of SIZES.entries()) {
  test(`what is written arrives whole and in order (${at})`, async () => {
    const writes = sizes.map(patterned);
    const whole = Buffer.concat(writes);
    await withPair(async (recorder, peer) => {
      const { socket } = recorder;
      const outcomes = writes.map((bytes) => socket.write(bytes));
      socket.end();
      const hasWaited = outcomes.includes(false);
      assert.equal(socket.queuedBytes > 0, hasWaited);
      // Once something waits, so does all that follows.
      const first = outcomes.indexOf(false);
      if (hasWaited) assert.ok(!outcomes.slice(first).includes(true));
      const chunks: Buffer[] = [];
      peer.on("data", (chunk: Buffer) => chunks.push(chunk));
      await once(peer, "end");
      assert.ok(Buffer.concat(chunks).equals(whole));
      assert.equal(recorder.drains, hasWaited ? 1 : 0);
      assert.equal(socket.queuedBytes, 0);
    });
  });
}

for (const [at, sizes] of SIZES.entries()) {
  test(`pairs arrive whole and in order (${at})`, async () => {
    const writes = sizes.map(patterned);
    const whole = Buffer.concat(writes.flatMap((body) => [HEAD, body]));
    await withPair(async (recorder, peer) => {
      const { socket } = recorder;
      const outcomes = writes.map((body) => socket.writePair(HEAD, body));
      const hasWaited = outcomes.includes(false);
      assert.equal(socket.queuedBytes > 0, hasWaited);
      assert.ok(socket.queuedBytes <= whole.length);
      const first = outcomes.indexOf(false);
      if (hasWaited) assert.ok(!outcomes.slice(first).includes(true));
      let received = 0;
      const chunks: Buffer[] = [];
      peer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        received += chunk.length;
      });
      await until(() => received === whole.length, "all has arrived");
      assert.ok(Buffer.concat(chunks).equals(whole));
      await until(() => socket.queuedBytes === 0, "nothing waits");
      assert.equal(recorder.drains, hasWaited ? 1 : 0);
    });
  });
}

test(`each time that nothing waits any more is told once`, async () => {
  await withPair(async (recorder, peer) => {
    const { socket } = recorder;
    let received = 0;
    let sent = 0;
    peer.on("data", (chunk: Buffer) => received += chunk.length);
    for (let round = 1; round <= 5; round++) {
      peer.pause();
      while (socket.write(patterned(200_000, round))) sent += 200_000;
      sent += 200_000;
      assert.equal(socket.write(patterned(10, round)), false);
      sent += 10;
      assert.ok(socket.queuedBytes > 0);
      peer.resume();
      await until(() => recorder.drains === round, "the drain");
      assert.equal(socket.queuedBytes, 0);
      await until(() => received === sent, "all has arrived");
    }
    assert.equal(recorder.drains, 5);
  });
});

test(`a peer that is reset while something waits closes once`, async () => {
  await withPair(async (recorder, peer) => {
    const { socket } = recorder;
    while (socket.write(patterned(200_000, 1)));
    socket.write(patterned(10, 2));
    peer.resetAndDestroy();
    await until(() => recorder.closes > 0, "the end");
    assert.equal(socket.write(patterned(10, 3)), true);
    assert.equal(socket.queuedBytes, 0);
    assert.equal(recorder.closes, 1);
    assert.equal(recorder.drains, 0);
  });
});

test(`a socket that is destroyed while something waits closes once`, async () => {
  await withPair(async (recorder) => {
    const { socket } = recorder;
    while (socket.write(patterned(200_000, 1)));
    socket.destroy();
    assert.equal(socket.queuedBytes, 0);
    await until(() => recorder.closes > 0, "the end");
    assert.equal(recorder.closes, 1);
    assert.equal(recorder.error, undefined);
    assert.equal(recorder.drains, 0);
  });
});
