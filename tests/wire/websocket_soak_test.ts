/**
 * Many WebSockets at once, with messages of all sizes, pauses, cuts and reconnects: none is lost,
 * repeated, changed or out of order. Some seconds; `SOAK_SECONDS=600` makes it ten minutes (start
 * it alone, with the test runner's own time limit raised).
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { type ClientTarget, latin1, pause } from "../_support/raw_client.ts";
import { withServer } from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { closeFrame, frame } from "../_support/websocket_frames.ts";

const SECONDS = Number(process.env.SOAK_SECONDS ?? 3);
const CLIENTS = 12;
/** Messages sent ahead of their echoes. */
const MAX_AHEAD = 20;

/** Numbers that look random and are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Tally {
  messages: number;
  bytes: number;
  connections: number;
  cuts: number;
}

/** A message that begins with its number, in octets or in digits. */
function messageOf(
  number: number,
  random: () => number,
): { readonly opcode: 1 | 2; readonly bytes: Uint8Array } {
  const size = random() < 0.05
    ? Math.floor(random() * 300_000)
    : Math.floor(random() ** 3 * 20_000);
  const bytes = new Uint8Array(size + 10);
  if (random() < 0.5) {
    bytes.fill(0x61 + number % 26);
    bytes.set(new TextEncoder().encode(`${number}`.padStart(10, "0")));
    return { opcode: 1, bytes };
  }
  for (let i = 4; i < bytes.length; i++) bytes[i] = (i + number) & 0xff;
  new DataView(bytes.buffer).setUint32(0, number);
  return { opcode: 2, bytes };
}

/** The frames of a message, now and then in fragments with a ping between them. */
function framesOf(
  { opcode, bytes }: ReturnType<typeof messageOf>,
  random: () => number,
): Uint8Array[] {
  if (random() < 0.8) return [frame(opcode, bytes)];
  const frames: Uint8Array[] = [];
  const step = Math.max(1, Math.ceil(bytes.length / 4));
  for (let at = 0; at < bytes.length; at += step) {
    const fin = at + step >= bytes.length;
    frames.push(
      frame(at === 0 ? opcode : 0, bytes.subarray(at, at + step), { fin }),
    );
    if (random() < 0.3) frames.push(frame(9, `ping ${at}`));
  }
  return frames;
}

/** One connection's life; returns whether it ended with a closing handshake. */
async function live(
  target: ClientTarget,
  random: () => number,
  until: number,
  tally: Tally,
): Promise<void> {
  const client = await FrameClient.connect(target, "/soak");
  assert.equal(client.status, 101);
  tally.connections++;
  const expected: string[] = [];
  const pings: string[] = [];
  let received = 0;
  let isCut = false;
  let isClosing = false;
  let isInsideFrame = false;
  const owed: Uint8Array[] = [];
  let wake = (): void => {};

  const reading = (async () => {
    for (;;) {
      let next;
      try {
        next = await client.next();
      } catch (error) {
        if (isCut) return;
        throw error;
      }
      const { kind, payload } = next;
      if (kind === "ping") {
        // Not into the middle of a frame that is under way in pieces.
        if (isInsideFrame) owed.push(frame(10, payload));
        else client.send(frame(10, payload));
      } else if (kind === "pong") {
        // Pongs that could not leave are given up for the last (RFC 6455 §5.5.3).
        const at = pings.indexOf(payload);
        assert.ok(at >= 0, `a pong for no ping: ${JSON.stringify(payload)}`);
        pings.splice(0, at + 1);
      } else if (kind === "close") {
        assert.ok(
          isClosing,
          `closed by the server: ${JSON.stringify(payload)}`,
        );
        assert.equal(payload, "\x03\xe8");
        return;
      } else {
        assert.ok(
          payload === expected.shift(),
          `message ${received} came back wrong`,
        );
        received++;
        tally.messages++;
        tally.bytes += payload.length;
        wake();
      }
    }
  })();
  // Whoever waits for room below must hear of a failure.
  reading.catch(() => wake());

  const planned = 1 + Math.floor(random() * 200);
  const isToBeCut = random() < 0.3;
  for (let number = 0; number < planned && Date.now() < until; number++) {
    const message = messageOf(number, random);
    expected.push(latin1(message.bytes));
    for (const bytes of framesOf(message, random)) {
      const isPing = (bytes[0] & 0x0f) === 9;
      if (isPing) pings.push(unmasked(bytes));
      if (random() < 0.02) {
        const cut = Math.floor(random() * bytes.length);
        isInsideFrame = true;
        await client.sendAll(bytes.subarray(0, cut));
        await pause(Math.floor(random() * 5));
        client.send(bytes.subarray(cut));
        isInsideFrame = false;
        for (const pong of owed.splice(0)) client.send(pong);
      } else client.send(bytes);
    }
    if (random() < 0.02) {
      client.pause();
      await pause(Math.floor(random() * 50));
      client.resume();
    }
    while (expected.length >= MAX_AHEAD && !client.isEnded) {
      await Promise.race([
        new Promise<void>((resolve) => wake = resolve),
        reading,
      ]);
    }
  }
  if (isToBeCut) {
    tally.cuts++;
    isCut = true;
    if (random() < 0.5) client.reset();
    else client.close();
    await reading;
    return;
  }
  while (expected.length > 0) {
    await Promise.race([
      new Promise<void>((resolve) => wake = resolve),
      reading.then(() => assert.fail("It ended before all came back")),
    ]);
  }
  isClosing = true;
  client.send(closeFrame(1000));
  await reading;
  assert.equal(await client.rest(), "");
  client.close();
}

/** The payload of a short frame of ours. */
function unmasked(bytes: Uint8Array): string {
  const key = bytes.subarray(2, 6);
  return latin1(bytes.subarray(6).map((byte, i) => byte ^ key[i & 3]));
}

/** Resident memory of a process in MiB; 0 where the system does not tell. */
function residentMib(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  } catch {
    return 0;
  }
}

test("no message is lost, repeated, changed or out of order", {
  timeout: (SECONDS + 100) * 1000,
}, async () => {
  const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);
  console.log(`soak: seed ${seed}, ${SECONDS} s`);
  await withServer({
    app: "websocket:app",
    args: [
      "--ws-max-queue",
      "8",
      "--ws-ping-interval",
      "0.5",
      "--no-access-log",
    ],
  }, async (server) => {
    const until = Date.now() + SECONDS * 1000;
    const tally: Tally = { messages: 0, bytes: 0, connections: 0, cuts: 0 };
    const telling = setInterval(() => {
      console.log(
        `soak: ${tally.messages} messages, server at ${
          residentMib(server.pid)
        } MiB`,
      );
    }, 30_000);
    try {
      await Promise.all(
        Array.from({ length: CLIENTS }, async (_, i) => {
          const random = randomOf(seed * 1000 + i);
          while (Date.now() < until) {
            await live(server.target, random, until, tally);
          }
        }),
      );
    } finally {
      clearInterval(telling);
    }
    console.log(
      `soak: ${tally.messages} messages, ${
        (tally.bytes / 1e6).toFixed(0)
      } MB, ${tally.connections} connections, ${tally.cuts} cut; server at ${
        residentMib(server.pid)
      } MiB`,
    );
    assert.ok(tally.messages > 0);
    server.signal("SIGTERM");
    await server.end();
    const bad = [...server.stdout, ...server.stderr].filter((line) =>
      /soak broken|Exception|error/i.test(line)
    );
    assert.deepEqual(bad, []);
  });
});
