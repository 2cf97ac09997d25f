/** The hostile client does what it says it does, and cleans up: servers are judged by it. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { TestAuthority, withFolder } from "../_support/certificates.ts";
import { type HostileTarget, runHostile } from "./_hostile_client.ts";
import { HOSTILE_KINDS, MAX_PLAN_MS, planExchange } from "./_hostile_plans.ts";

const PATHS = { small: "/small", large: "/large", webSocket: "/ws" };
const EXCHANGES = 250;

test("a plan follows from seed and number alone", () => {
  for (let index = 0; index < 50; index++) {
    assert.deepEqual(
      planExchange(7, index, PATHS),
      planExchange(7, index, PATHS),
    );
  }
  const plans = [1, 2, 3].map((seed) =>
    JSON.stringify(planExchange(seed, 0, PATHS))
  );
  assert.equal(new Set(plans).size, 3);
});

test("plans are the same on every runtime", () => {
  // FNV-1a over kinds and bytes of the first plans.
  let hash = 0x811c9dc5;
  const mix = (octet: number) => {
    hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  };
  for (let index = 0; index < 40; index++) {
    const { kind, steps } = planExchange(2026, index, PATHS);
    for (const char of kind) mix(char.charCodeAt(0));
    for (const step of steps) {
      for (const char of step.do) mix(char.charCodeAt(0));
      if (step.do === "send") { for (const octet of step.bytes) mix(octet); }
    }
  }
  assert.equal(hash, 3_267_922_391);
});

test("plans hold every kind, every step, and end in bounded time", () => {
  const kinds = new Set<string>();
  const steps = new Set<string>();
  let bytes = 0;
  for (let index = 0; index < 2_000; index++) {
    const plan = planExchange(1, index, PATHS);
    kinds.add(plan.kind);
    let ms = 0;
    for (const step of plan.steps) {
      steps.add(step.do);
      if (step.do === "wait" || step.do === "await") ms += step.ms;
      if (step.do !== "send") continue;
      ms += step.flushes ?? 0;
      bytes += step.bytes.length;
    }
    assert.ok(ms <= MAX_PLAN_MS, `${plan.kind} ${index} takes ${ms} ms`);
  }
  assert.deepEqual([...kinds].sort(), [...HOSTILE_KINDS].sort());
  assert.deepEqual([...steps].sort(), [
    "await",
    "halfClose",
    "pause",
    "reset",
    "resume",
    "send",
    "vanish",
    "wait",
  ]);
  assert.ok(bytes > 2_000_000, `only ${bytes} bytes`);
});

/** A server that answers anything with something, and knows its sockets. */
class Dummy {
  readonly open = new Set<Socket>();
  readonly onConnection = (socket: Socket): void => {
    this.open.add(socket);
    socket.on("close", () => this.open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  };
}

async function listening(
  server: Server,
  where: { readonly port: number; readonly host: string } | {
    readonly path: string;
  },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(where, resolve);
  });
}

/** Runs the client against a dummy of its own, and asserts that nothing is left on either side. */
async function trial(
  dummy: Dummy,
  server: Server,
  target: HostileTarget,
): Promise<Record<string, number>> {
  const { exchanges, outcomes } = await runHostile({
    connect: target,
    seed: 42,
    exchanges: EXCHANGES,
    concurrency: 8,
    maxMs: 120_000,
  });
  // Not waited for: Bun 1.4 is done before the last of its sockets has told of its end, and Deno 2.9
  // never is after a peer was reset within its TLS handshake.
  server.close();
  for (let tries = 0; dummy.open.size > 0 && tries < 500; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(dummy.open.size, 0);
  assert.equal(exchanges, EXCHANGES);
  const sum = Object.values(outcomes).reduce((all, one) => all + one, 0);
  assert.equal(sum, EXCHANGES);
  for (const outcome of Object.keys(outcomes)) {
    assert.match(
      outcome,
      /^\w+: (\d{3}|nothing|noise), (left|fin|reset|unconnected)$/,
    );
  }
  assert.ok(
    Object.keys(outcomes).some((outcome) => outcome.includes(": 200, ")),
  );
  return outcomes;
}

describe("runHostile() leaves no socket behind", () => {
  test("over TCP", async () => {
    const dummy = new Dummy();
    const server = createServer({ allowHalfOpen: true }, dummy.onConnection);
    await listening(server, { host: "127.0.0.1", port: 0 });
    const { port } = server.address() as { port: number };
    await trial(dummy, server, { host: "127.0.0.1", port });
  });

  test("over a UNIX socket", {
    skip: process.platform === "win32" && "there are none here",
  }, () =>
    withFolder(async (folder) => {
      const dummy = new Dummy();
      const server = createServer({ allowHalfOpen: true }, dummy.onConnection);
      const path = join(folder.path, "s.sock");
      await listening(server, { path });
      await trial(dummy, server, { path });
    }));

  test("over TLS", async () => {
    const dummy = new Dummy();
    const { cert, key } = new TestAuthority().server();
    const server = createTlsServer(
      { cert, key, allowHalfOpen: true, handshakeTimeout: 1_000 } as Parameters<
        typeof createTlsServer
      >[0],
      dummy.onConnection,
    );
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    await listening(server, { host: "127.0.0.1", port: 0 });
    const { port } = server.address() as { port: number };
    await trial(dummy, server, { host: "127.0.0.1", port, tls: true });
  });
});

test("runHostile() tells that nobody listens, and begins nothing after its time", async () => {
  const server = createServer();
  await listening(server, { host: "127.0.0.1", port: 0 });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const connect = { host: "127.0.0.1", port };
  const run = { connect, seed: 1, exchanges: 20, concurrency: 4 };
  const { outcomes } = await runHostile({ ...run, maxMs: 60_000 });
  for (const outcome of Object.keys(outcomes)) {
    assert.match(outcome, /: nothing, unconnected$|^cutHandshake: nothing, /);
  }
  assert.deepEqual(await runHostile({ ...run, maxMs: 0 }), {
    exchanges: 0,
    outcomes: {},
  });
});
