/** Reads into one buffer: the same bytes as by the "data" event, and the public way where it fails. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { probesDone } from "../../../../src/runtime/node/internals/fence.ts";
import { SharedReads } from "../../../../src/runtime/node/internals/shared_reads.ts";
import { RUNTIME } from "../../../_support/this_runtime.ts";

/** Bun 1.4 has sockets of its own making. */
const canHere = RUNTIME !== "bun";

/** Waits for probes, which keep no process alive. */
async function probed(): Promise<void> {
  const timer = setInterval(() => {}, 1000);
  await probesDone();
  clearInterval(timer);
}

/** What arrives of `writes`, read one way or the other. */
async function received(
  reads: SharedReads | undefined,
  writes: readonly Uint8Array[],
): Promise<{ readonly whole: Buffer; readonly isShared: boolean }> {
  const chunks: Buffer[] = [];
  let isShared = false;
  const ended = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true }, (raw: Socket) => {
    const onRead = (bytes: Uint8Array) => {
      chunks.push(Buffer.from(bytes)); // a copy: they are lent
    };
    isShared = reads?.take(raw, onRead) ?? false;
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
  const reads = new SharedReads("tcp");
  const before = await received(reads, WRITES);
  assert.equal(before.isShared, false, "not before it was probed");
  reads.prepare();
  await probed();
  const plain = await received(undefined, WRITES);
  const fast = await received(reads, WRITES);
  assert.equal(fast.isShared, canHere);
  assert.ok(plain.whole.equals(Buffer.concat(WRITES)));
  assert.ok(fast.whole.equals(plain.whole));
});

test("a handle that refuses ends it with one warning, and nothing is lost", async () => {
  const warnings: string[] = [];
  const listener = (warning: Error) => warnings.push(warning.message);
  process.on("warning", listener);
  const reads = new SharedReads("tcp");
  reads.prepare();
  await probed();
  const spoiled: SharedReads = Object.create(reads);
  Object.defineProperty(spoiled, "take", {
    value(raw: Socket, onRead: (bytes: Uint8Array) => void) {
      const { _handle } = raw as unknown as {
        _handle?: { useUserBuffer?: unknown };
      };
      if (_handle?.useUserBuffer !== undefined) {
        _handle.useUserBuffer = () => {
          throw new TypeError("Cannot read properties of null");
        };
      }
      return reads.take(raw, onRead);
    },
  });
  for (let i = 0; i < 2; i++) {
    const { whole, isShared } = await received(spoiled, WRITES);
    assert.equal(isShared, false);
    assert.ok(whole.equals(Buffer.concat(WRITES)));
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("warning", listener);
  assert.deepEqual(
    warnings.filter((text) => text.startsWith("Tricorn goes on without")),
    canHere
      ? [
        "Tricorn goes on without reads into a shared buffer (tcp), which failed on this " +
        "runtime: Cannot read properties of null",
      ]
      : [],
  );
  const after = await received(reads, WRITES);
  assert.equal(after.isShared, false);
});
