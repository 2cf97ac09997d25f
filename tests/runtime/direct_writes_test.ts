/** Writes past the stream on Node and Deno: the same bytes and callbacks as those that go through it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Socket as NetSocket } from "node:net";
import { test } from "node:test";
import {
  directHandle,
  writeDirectly,
  writePairDirectly,
} from "../../src/runtime/direct_writes.ts";
import { contextOf } from "../../src/runtime/listen.ts";
import { NodeSocket } from "../../src/runtime/node_socket.ts";
import { RUNTIME } from "../_support/this_runtime.ts";
import { Recorder, until } from "./_wire.ts";

type Way = "direct" | "stream";

/** Has a socket made of `raw` find no handle that it could write to. */
function hideHandle(raw: NetSocket): void {
  const { _handle: handle } = raw as unknown as { _handle?: object };
  if (handle === undefined) return;
  const { writeBuffer } = handle as { writeBuffer: () => number };
  let looks = 0;
  Object.defineProperty(handle, "writeBuffer", {
    // The first look is that of the socket.
    get: () => looks++ === 0 ? undefined : writeBuffer,
  });
}

/** A socket that writes one `way`, and its peer, which does not read yet. */
async function withPair(
  way: Way,
  body: (recorder: Recorder, peer: NetSocket) => Promise<void>,
): Promise<void> {
  const accepted = Promise.withResolvers<Recorder>();
  const server = createServer({ allowHalfOpen: true }, (raw) => {
    if (way === "stream") hideHandle(raw);
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

test("bytes can go past the stream where handles say whether they wait", async () => {
  await withPair("direct", async (_recorder, peer) => {
    const handle = directHandle(peer);
    assert.equal(handle !== undefined, RUNTIME !== "bun");
    assert.equal(typeof handle?.writev === "function", RUNTIME !== "bun");
  });
});

test("[node] a request whose callback is still to come serves no other write", {
  skip: RUNTIME !== "node" &&
    "the others are told, or write through the stream",
}, async () => {
  await withPair("direct", async ({ socket }) => {
    assert.equal(socket.write(Buffer.from("a request is seen")), true);
    const used: object[] = [];
    // The kernel takes the rest at the second try: nothing waits, and the request is in use.
    const handle = {
      writeQueueSize: 0,
      writeBuffer(request: object): number {
        used.push(request);
        Object.defineProperty(request, "getAsyncId", { value: () => 7 });
        return 0;
      },
      writev(request: object): number {
        used.push(request);
        return 0;
      },
    };
    const bytes = Buffer.from("bytes");
    const writer = { onWritten: () => assert.fail("nothing waited") };
    assert.equal(writeDirectly(handle, bytes, writer), "left");
    assert.equal(writePairDirectly(handle, bytes, bytes, writer), "left");
    assert.equal(writePairDirectly(handle, bytes, bytes, writer), "left");
    assert.notEqual(used[1], used[0]);
    assert.equal(used[2], used[1], "one that is free is used again");
    (used[0] as { oncomplete(status: number): void }).oncomplete(0);
  });
});

for (const way of ["direct", "stream"] as const) {
  for (const [at, sizes] of SIZES.entries()) {
    test(`${way}: what is written arrives whole and in order (${at})`, async () => {
      const writes = sizes.map(patterned);
      const whole = Buffer.concat(writes);
      await withPair(way, async (recorder, peer) => {
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
    test(`${way}: pairs arrive whole and in order (${at})`, async () => {
      const writes = sizes.map(patterned);
      const whole = Buffer.concat(writes.flatMap((body) => [HEAD, body]));
      await withPair(way, async (recorder, peer) => {
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

  test(`${way}: each time that nothing waits any more is told once`, async () => {
    await withPair(way, async (recorder, peer) => {
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

  test(`${way}: a peer that is reset while something waits closes once`, async () => {
    await withPair(way, async (recorder, peer) => {
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

  test(`${way}: a socket that is destroyed while something waits closes once`, async () => {
    await withPair(way, async (recorder) => {
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
}
