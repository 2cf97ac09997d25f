import assert from "node:assert/strict";
import { test } from "node:test";
import { Config } from "../../src/config/config.ts";
import { ListenError } from "../../src/errors.ts";
import type { HeldSocket, ListenTarget } from "../../src/runtime/types.ts";
import { HeldSockets } from "../../src/supervisor/held_sockets.ts";

/** Holds nothing, and writes what it is asked for. */
function fakeHost(
  descriptorOf: (target: ListenTarget) => number | undefined,
): {
  calls: string[];
  holdSocket: (target: ListenTarget) => Promise<HeldSocket>;
} {
  const calls: string[] = [];
  return {
    calls,
    async holdSocket(target) {
      const where = target.kind === "tcp" ? `${target.port}` : target.kind;
      calls.push(`hold ${where}`);
      if (where === "99") throw new ListenError("busy", "EADDRINUSE");
      return {
        address: { kind: "tcp", host: "127.0.0.1", port: 1000 },
        descriptor: descriptorOf(target),
        close: async () => void calls.push(`close ${where}`),
      };
    },
  };
}

const address = { kind: "tcp", host: "127.0.0.1", port: 1000 };

test("workers inherit the sockets from descriptor 4 on, in order", async () => {
  const config = new Config("main:app", {
    bind: ["127.0.0.1:80", "127.0.0.1:81", "127.0.0.1:82"],
  });
  // The second one has to be bound by each worker.
  const host = fakeHost((target) =>
    target.kind === "tcp" && target.port === 81 ? undefined : 30
  );
  const sockets = await HeldSockets.open(config, host);
  assert.deepEqual(sockets.descriptors, [30, 30]);
  assert.deepEqual(sockets.places, [
    { address, fd: 4 },
    { address, fd: null },
    { address, fd: 5 },
  ]);
  assert.equal(sockets.bound.length, 3);
  const lines: string[] = [];
  sockets.tellShared({ info: (line) => void lines.push(line) });
  assert.deepEqual(lines, [
    "Workers share 127.0.0.1:1000 by SO_REUSEPORT: connections that wait for a worker are lost if it dies",
  ]);
});

test("all are bound, or none", async () => {
  const host = fakeHost(() => 30);
  const config = new Config("main:app", {
    bind: ["127.0.0.1:80", "127.0.0.1:99", "127.0.0.1:82"],
  });
  await assert.rejects(HeldSockets.open(config, host), { code: "EADDRINUSE" });
  assert.deepEqual(host.calls, ["hold 80", "hold 99", "close 80"]);
});

test("they are closed once", async () => {
  const host = fakeHost(() => 30);
  const config = new Config("main:app", { bind: ["127.0.0.1:80"] });
  const sockets = await HeldSockets.open(config, host);
  await Promise.all([sockets.close(), sockets.close()]);
  assert.deepEqual(host.calls, ["hold 80", "close 80"]);
});

test("standard input stays what it is: each child has that of its parent", async () => {
  const config = new Config("main:app", {
    bind: ["fd://0", "127.0.0.1:81"],
  });
  const host = fakeHost((target) => target.kind === "fd" ? 0 : 30);
  const sockets = await HeldSockets.open(config, host);
  assert.deepEqual(sockets.descriptors, [30]);
  assert.deepEqual(sockets.places.map(({ fd }) => fd), [0, 4]);
});
