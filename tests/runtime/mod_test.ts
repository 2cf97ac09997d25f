import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { describeTarget } from "../../src/runtime/listen/addresses.ts";
import { runtime, selectTransport } from "../../src/runtime/mod.ts";
import { RUNTIME, RUNTIME_VERSION } from "../_support/this_runtime.ts";

test("runtime knows where it is", () => {
  assert.equal(runtime.name, RUNTIME);
  assert.equal(runtime.version, RUNTIME_VERSION);
  assert.match(runtime.version, /^\d+\.\d+\.\d+/);
  assert.equal(runtime.platform, process.platform);
  assert.equal(runtime.pid, process.pid);
  assert.equal(runtime.cwd(), process.cwd());
});

const TCP = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
const EVERY_IPV6 = { kind: "tcp", host: "::", port: 0 } as const;
const UNIX = { kind: "unix", path: "/run/app.sock" } as const;
const INHERITED = { kind: "fd", fd: 3 } as const;
const GIVEN = { kind: "server", server: {} } as const;
const OPTIONS = { backlog: 16 };

test("selectTransport() gives the sockets that are asked for, or those that suit", () => {
  const { native, node } = runtime.transports;
  for (const target of [TCP, UNIX]) {
    const isBetter = RUNTIME !== "deno" || target === UNIX;
    const usual = isBetter ? native : node;
    assert.equal(selectTransport("auto", target, OPTIONS), usual);
    assert.equal(selectTransport("native", target, OPTIONS), native);
    assert.equal(selectTransport("node", target, OPTIONS), node);
  }
  assert.equal(node.name, "node");
  assert.equal(native.name, RUNTIME === "node" ? "node" : "native");
  assert.equal(native === node, RUNTIME === "node");
});

test("selectTransport() gives node:net where the native sockets lack something", () => {
  const { node } = runtime.transports;
  const tls = { update: () => {}, secure: () => {} };
  for (const target of [INHERITED, GIVEN]) {
    assert.equal(selectTransport("auto", target, OPTIONS), node);
    assert.equal(selectTransport("node", target, OPTIONS), node);
  }
  assert.equal(selectTransport("auto", TCP, { ...OPTIONS, tls }), node);
});

for (
  const [target, noun] of [
    [INHERITED, "inherited sockets"],
    [GIVEN, "servers of node:net"],
  ] as const
) {
  test(
    `selectTransport() [deno] [bun] refuses native for ${noun}, with a way out`,
    {
      skip: RUNTIME === "node" && "its sockets are those of node:net",
    },
    () => {
      const name = RUNTIME === "deno" ? "Deno" : "Bun";
      assert.throws(() => selectTransport("native", target, OPTIONS), {
        name: "ConfigError",
        message: `Cannot use --loop native for ${describeTarget(target)} on ` +
          `${name} ${RUNTIME_VERSION}: its own sockets lack ${noun}; use --loop auto or --loop node`,
      });
    },
  );
}

test("selectTransport() refuses ipv6Only where no socket can do it, and only there", () => {
  const options = { ...OPTIONS, ipv6Only: true };
  const select = () => selectTransport("auto", EVERY_IPV6, options);
  if (RUNTIME === "deno") {
    assert.throws(select, {
      name: "ConfigError",
      message:
        `Cannot listen on [::]:0 with --ipv6-only on Deno ${RUNTIME_VERSION}: it has no way ` +
        "to do that; name the addresses one by one with --bind, or hand over a bound socket " +
        "with --fd",
    });
  } else {
    assert.equal(select(), runtime.transports.native);
  }
  const one = { kind: "tcp", host: "::1", port: 0 } as const;
  for (const loop of ["native", "node"] as const) {
    const expected = runtime.transports[loop];
    assert.equal(selectTransport(loop, one, options), expected);
  }
});

test("selectTransport() gives sockets that know the zone of an address", () => {
  const zoned = { kind: "tcp", host: "fe80::1%lo", port: 0 } as const;
  const { native, node } = runtime.transports;
  const chosen = selectTransport("auto", zoned, { backlog: 1 });
  if (runtime.name === "node") assert.equal(chosen, node);
  else assert.equal(chosen, native);
  if (runtime.name !== "deno") return;
  assert.throws(
    () => selectTransport("node", zoned, { backlog: 1 }),
    /^ConfigError: Cannot listen on \[fe80::1%lo\]:0 with an IPv6 zone on Deno \S+: .* --loop auto$/,
  );
});

test("selectTransport() leaves reusePort to node:net on Deno, which would end the process", () => {
  const { native, node } = runtime.transports;
  const options = { ...OPTIONS, reusePort: true };
  const expected = RUNTIME === "deno" ? node : native;
  assert.equal(selectTransport("auto", TCP, options), expected);
  assert.equal(selectTransport("auto", UNIX, options), native);
});

test("runtime.env() reads the environment as it is now", () => {
  assert.equal(runtime.env("TRICORN_TEST_UNSET"), undefined);
  process.env.TRICORN_TEST_SET = "yes";
  try {
    assert.equal(runtime.env("TRICORN_TEST_SET"), "yes");
  } finally {
    delete process.env.TRICORN_TEST_SET;
  }
});

test("runtime.monotonicMs() never goes back", () => {
  let last = runtime.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    const now = runtime.monotonicMs();
    assert.ok(now >= last);
    last = now;
  }
});

test("runtime.every() calls again and again until it is stopped", async () => {
  let calls = 0;
  await new Promise<void>((resolve) => {
    // The interval alone would not keep the test alive.
    const keep = setInterval(() => {}, 1000);
    const stop = runtime.every(1, () => {
      if (++calls < 3) return;
      stop();
      stop();
      clearInterval(keep);
      resolve();
    });
  });
  await sleep(30);
  assert.equal(calls, 3);
});
