import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { canReadShared, readShared } from "../../src/runtime/shared_reads.ts";

/** Bun 1.4 has sockets of its own making. */
const canHere = process.versions.bun === undefined;

test("one buffer takes the reads of all sockets where the runtime can do it", () => {
  assert.equal(canReadShared, canHere);
});

/** What arrives of `writes`, as text, read one way or the other. */
async function received(
  writes: readonly Uint8Array[],
  prepare: (raw: Socket) => void,
): Promise<{ readonly whole: Buffer; readonly isShared: boolean }> {
  const chunks: Buffer[] = [];
  let isShared = false;
  const ended = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true }, (raw) => {
    prepare(raw);
    const onRead = (bytes: Uint8Array) => {
      chunks.push(Buffer.from(bytes)); // a copy: they are lent
    };
    isShared = readShared(raw, onRead);
    if (!isShared) raw.on("data", onRead);
    raw.on("end", () => {
      raw.end();
      ended.resolve();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect(port, "127.0.0.1");
  for (const bytes of writes) {
    await new Promise((resolve) => client.write(bytes, resolve));
  }
  client.end();
  client.resume();
  await ended.promise;
  server.close();
  return { whole: Buffer.concat(chunks), isShared };
}

const WRITES = [1, 2, 2, 3000, 1, 70_000, 2048, 2049, 200_000, 7].map((
  size,
  at,
) => Buffer.alloc(size, at + 1));

test("what is read is the same with it and without", async () => {
  const plain = await received(WRITES, (raw) => {
    const { _handle } = raw as unknown as {
      _handle?: { useUserBuffer?: unknown };
    };
    if (_handle !== undefined) _handle.useUserBuffer = undefined;
  });
  const fast = await received(WRITES, () => {});
  assert.equal(plain.isShared, false);
  assert.equal(fast.isShared, canHere);
  assert.ok(plain.whole.equals(Buffer.concat(WRITES)));
  assert.ok(fast.whole.equals(plain.whole));
});
