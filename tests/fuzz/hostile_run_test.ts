/**
 * Whatever peers do and however long the application sleeps: after the limits no descriptor and no
 * call is left, nothing of it is an error, and the server ends at once when it is told to.
 *
 * `TEST_HOSTILE_EXCHANGES` sets how many exchanges each transport gets, `TEST_HOSTILE_SEED` which.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { TestAuthority, withFolder } from "../_support/certificates.ts";
import { LOOPS } from "../_support/loops.ts";
import { pause } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { type HostileTarget, runHostile } from "./_hostile_client.ts";

const EXCHANGES = Number(process.env.TEST_HOSTILE_EXCHANGES ?? 400);
const SEED = Number(process.env.TEST_HOSTILE_SEED ?? 2026);
/** How many at a time: more where many are asked for, or it takes hours. */
const CONCURRENCY = EXCHANGES >= 1000 ? 256 : 64;
/** Every limit is short, so that what is left after them has no end. */
const LIMITS = Object.entries({
  "--timeout-keep-alive": 1,
  "--timeout-first-byte": 1,
  "--timeout-request-head": 1,
  "--timeout-request-body": 1,
  "--timeout-write-stall": 1,
  "--timeout-read-pause": 2,
  "--timeout-tls-handshake": 1,
  "--ws-handshake-timeout": 2,
  "--ws-ping-interval": 1,
  "--ws-ping-timeout": 1,
  "--ws-close-timeout": 1,
}).flatMap(([flag, seconds]) => [flag, `${seconds}`]);
/** Longest that they take together, with a wide margin for a busy machine, in milliseconds. */
const SETTLE_MS = 90_000;
const ROUND_MS = 500;

/** Open descriptors of the server; 0 where the system does not show them as Linux does. */
function descriptors(server: ServerProcess): number {
  const folder = `/proc/${server.pid}/fd`;
  return existsSync(folder) ? readdirSync(folder).length : 0;
}

/** Calls of the application that have not ended, as it said last. */
function calls(server: ServerProcess): number {
  const line = server.stdout.findLast((text) => text.startsWith("calls "));
  return Number(line?.slice("calls ".length) ?? -1);
}

async function attack(
  server: ServerProcess,
  target: HostileTarget,
): Promise<void> {
  const run = (first: number, exchanges: number) =>
    runHostile({
      connect: target,
      seed: SEED,
      first,
      exchanges,
      concurrency: CONCURRENCY,
      maxMs: 3_600_000,
      paths: { small: "/small", large: "/large", webSocket: "/ws" },
    });
  // What is loaded on first use stays open: it is not counted.
  await run(0, 64);
  const before = await settled(server, Infinity);
  const { exchanges, outcomes } = await run(64, EXCHANGES);
  assert.equal(exchanges, EXCHANGES);
  assert.ok(Object.keys(outcomes).length > 10, JSON.stringify(outcomes));
  await settled(server, before);
  const wrong = server.stderr.filter((line) =>
    /^(ERROR|CRITICAL)|Unexpected error|Exception in/.test(line)
  );
  assert.deepEqual(wrong, []);
}

/** Waits until no call is left and no more than `allowed` descriptors are open. */
async function settled(
  server: ServerProcess,
  allowed: number,
): Promise<number> {
  let open = 0;
  let steady = 0;
  for (let ms = 0; ms < SETTLE_MS; ms += ROUND_MS) {
    await pause(ROUND_MS);
    const last = open;
    open = descriptors(server);
    steady = open === last ? steady + 1 : 0;
    if (calls(server) !== 0) continue;
    // Where nothing is known yet: longer than any limit without a change.
    if (allowed === Infinity ? steady >= 16 : open <= allowed) return open;
  }
  return assert.fail(
    `left: ${calls(server)} calls, ${open} descriptors, expected ${allowed}`,
  );
}

for (const { loop, label } of LOOPS) {
  for (const kind of ["tcp", "unix", "tls"] as const) {
    if (kind === "tls" && loop === "native") continue; // refused: it is node:tls everywhere
    test(`nothing is left of hostile exchanges over ${kind}, ${label} sockets`, () =>
      withFolder(async (folder) => {
        const args = ["--loop", loop, "--no-access-log", ...LIMITS];
        if (kind === "unix") args.push("--uds", join(folder.path, "socket"));
        if (kind === "tls") {
          const { cert, key } = new TestAuthority().server();
          args.push("--ssl-certfile", folder.write("cert.pem", cert));
          args.push("--ssl-keyfile", folder.write("key.pem", key));
        }
        await withServer({ app: "hostile:app", args }, async (server) => {
          const target = { ...server.target, tls: kind === "tls" };
          await attack(server, target as HostileTarget);
          server.stdout.length = 0; // nobody wants to read how many calls there were
          process.kill(server.pid, "SIGTERM");
          assert.deepEqual(await server.exited, {
            code: null,
            signal: "SIGTERM",
          });
          assert.equal(
            server.stderr.some((line) =>
              /, [1-9]\d* cut off|Waiting for (connections|background)/.test(
                line,
              )
            ),
            false,
            server.stderr.slice(-5).join("\n"),
          );
        });
      }));
  }
}
