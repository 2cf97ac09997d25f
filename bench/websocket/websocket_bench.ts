/**
 * What frames, masks, text and compression cost, over a ladder of sizes: nanoseconds a message,
 * best of several rounds.
 *
 *   deno run -A bench/websocket/websocket_bench.ts      (or bun, or node)
 */
import { createDeflater, createInflater } from "../../src/runtime/deflate.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import { applyMask } from "../../src/websocket/mask.ts";
import { WebSocketProtocol } from "../../src/websocket/protocol.ts";
import { BOUNDARY, checkUtf8 } from "../../src/websocket/utf8.ts";
import { frame as maskedFrame } from "../../tests/_support/websocket_frames.ts";

const ROUNDS = 7;
const ROUND_MS = 20;
const KEY = 0x37fa213d;

const encoder = new TextEncoder();

/** JSON as an application may send it, `size` octets of it. */
function json(size: number): Uint8Array {
  let text = "";
  for (let i = 0; text.length < size; i++) {
    text += `{"id":${i * 7919 % 10_007},"name":"item ${i}","price":${i}.99},`;
  }
  return encoder.encode(text.slice(0, size));
}

/** `size` octets of text of which every fourth character is not ASCII. */
function mixed(size: number): Uint8Array {
  return encoder.encode("größ".repeat(Math.ceil(size / 6))).slice(0, size);
}

/** A client's frame whose mask changes nothing, so that it can be read again and again. */
function frame(opcode: number, payload: Uint8Array): Uint8Array {
  return maskedFrame(opcode, payload, { key: [0, 0, 0, 0] });
}

/** Nanoseconds of one call, best round of {@linkcode ROUNDS}. */
function measure(run: () => number): number {
  let calls = 1;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0;
    const start = performance.now();
    for (let call = 0; call < calls; call++) sum += run();
    const elapsed = performance.now() - start;
    if (Number.isNaN(sum)) throw new Error("Cannot bench: nothing was read");
    if (elapsed < ROUND_MS) { // warming up: not a round yet
      calls *= 2;
      round--;
      continue;
    }
    best = Math.min(best, elapsed / calls);
  }
  return Math.round(best * 1e6);
}

function sizeName(size: number): string {
  if (size >= 1 << 20) return `${size >> 20} MB`;
  return size >= 4096 ? `${size >> 10} kB` : `${size} B`;
}

const rows: Record<string, number> = {};

for (const size of [16, 32, 48, 64, 125, 1024, 65_536, 1 << 20]) {
  const bytes = new Uint8Array(size + 16);
  // Behind a header of 6 octets nothing is aligned.
  rows[`unmask ${sizeName(size)}`] = measure(() => {
    applyMask(bytes, 6, 6 + size, KEY, 0);
    return bytes[6];
  });
}

function readMessages(bytes: Uint8Array): () => number {
  const protocol = new WebSocketProtocol(DEFAULT_WEBSOCKET_LIMITS, undefined);
  return () => {
    protocol.push(bytes);
    let size = 0;
    while (protocol.next() === "message") {
      size += (protocol.text ?? protocol.binary!).length;
    }
    return size || NaN;
  };
}

for (const size of [16, 125, 1000, 4096, 65_536]) {
  rows[`read binary, ${sizeName(size)}`] = measure(
    readMessages(frame(2, json(size))),
  );
}
for (const size of [16, 125, 500, 1000, 4096, 65_536]) {
  rows[`read text, ${sizeName(size)}`] = measure(
    readMessages(frame(1, json(size))),
  );
}
for (const size of [126, 4098]) {
  rows[`read text beyond ASCII, ${sizeName(size)}`] = measure(
    readMessages(frame(1, mixed(size))),
  );
}
{
  const whole = frame(1, json(4096));
  const [first, second] = [whole.slice(0, 2000), whole.slice(2000)];
  const protocol = new WebSocketProtocol(DEFAULT_WEBSOCKET_LIMITS, undefined);
  rows["read text in two reads, 4 kB"] = measure(() => {
    protocol.push(first);
    protocol.next();
    protocol.push(second);
    return protocol.next() === "message" ? protocol.text!.length : NaN;
  });
}

for (
  const [name, bytes] of [
    ["ASCII", json(4096)],
    ["beyond", mixed(4098)],
  ] as const
) {
  rows[`check UTF-8, ${name}, 4 kB`] = measure(() =>
    checkUtf8(bytes, 0, bytes.length, BOUNDARY) === BOUNDARY ? 1 : NaN
  );
}

for (const size of [125, 4096]) {
  const message = json(size);
  const deflater = createDeflater(12, true);
  rows[`deflate, ${sizeName(size)}`] = measure(() =>
    deflater.deflate(message).length
  );
  deflater.close();
  const forgetful = createDeflater(12, false);
  const payload = forgetful.deflate(message);
  const inflater = createInflater(12, false);
  rows[`inflate, ${sizeName(size)}`] = measure(() => {
    const result = inflater.inflate(payload, 1 << 20);
    return typeof result === "string" ? NaN : result.length;
  });
  forgetful.close();
  inflater.close();
}

console.log(JSON.stringify({ unit: "ns per message", rows }));
