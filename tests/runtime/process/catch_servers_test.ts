// deno-lint-ignore-file no-explicit-any
import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import { describe, test } from "node:test";
import { catchServers } from "../../../src/runtime/process/catch_servers.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";
import type { Address, CaughtServer } from "../../../src/runtime/types.ts";

const ADDRESS: Address = { kind: "tcp", host: "::1", port: 81 };
const all = globalThis as any;

/** What `start` starts. */
function caughtFrom(start: () => void): CaughtServer[] {
  const caught: CaughtServer[] = [];
  const restore = catchServers((server) => void caught.push(server));
  try {
    start();
  } finally {
    restore();
  }
  return caught;
}

describe("catchServers()", () => {
  test("puts everything back", () => {
    const now = () => [
      Object.getOwnPropertyDescriptor(http.Server.prototype, "listen"),
      Object.getOwnPropertyDescriptor(https.Server.prototype, "listen"),
      http.Server.prototype.listen,
      https.Server.prototype.listen,
      all.Deno?.serve,
      all.Bun?.serve,
    ];
    const before = now();
    const restore = catchServers(() => {});
    assert.notEqual(http.Server.prototype.listen, before[2]);
    assert.notEqual(https.Server.prototype.listen, before[3]);
    restore();
    assert.deepEqual(now(), before);
  });

  for (const [name, create] of [["http", http], ["https", https]] as const) {
    test(`takes a server of node:${name}, and tells it what happens`, () => {
      const events: string[] = [];
      const server = (create.createServer as any)({});
      const [caught, ...others] = caughtFrom(() => {
        const listening = () =>
          events.push(`listening ${JSON.stringify(server.address())}`);
        assert.equal(server.listen(3000, listening), server);
      });
      assert.equal(caught?.value, server);
      assert.deepEqual(others, []);
      assert.equal(server.listening, false);
      caught.onListening(ADDRESS);
      assert.equal(server.listening, true);
      server.close(() => events.push("closed"));
      caught.onStopped();
      assert.equal(server.listening, false);
      server.emit("close");
      assert.deepEqual(events, [
        'listening {"address":"::1","port":81,"family":"IPv6"}',
        "closed",
      ]);
    });
  }

  test("tells a UNIX socket by its path", () => {
    const server = http.createServer();
    const [caught] = caughtFrom(() => server.listen("/run/a.sock"));
    caught!.onListening({ kind: "unix", path: "/run/b.sock" });
    assert.equal(server.address(), "/run/b.sock");
  });
});

const handler = () => new Response("hi");

const onDeno = { skip: RUNTIME !== "deno" && "there is no such function" };
const onBun = { skip: RUNTIME !== "bun" && "there is no such function" };

describe(
  "catchServers() and the runtime's own function:",
  () => {
    for (
      const [form, start] of [
        ["(handler)", () => all.Deno.serve(handler)],
        ["(options, handler)", () => all.Deno.serve({ port: 1 }, handler)],
        ["({ handler })", () => all.Deno.serve({ port: 1, handler })],
      ] as const
    ) {
      test(`[deno] takes Deno.serve${form}`, onDeno, async () => {
        let server: any;
        const [caught] = caughtFrom(() => server = start());
        assert.equal((caught!.value as any).fetch, handler);
        assert.equal(server.addr.port, 0);
        caught!.onListening(ADDRESS);
        assert.deepEqual(server.addr, {
          transport: "tcp",
          hostname: "::1",
          port: 81,
        });
        caught!.onStopped();
        await server.finished;
        await server.shutdown();
      });
    }

    test(
      "[deno] keeps onListen and onError, and refuses what has no handler",
      onDeno,
      () => {
        const onListen = () => {};
        const onError = handler;
        const [caught] = caughtFrom(() =>
          all.Deno.serve({ onListen, onError }, handler)
        );
        assert.deepEqual(caught!.value, { fetch: handler, onListen, onError });
        assert.throws(() => caughtFrom(() => all.Deno.serve({})), {
          message:
            "Cannot take over Deno.serve(): expected a handler, a function",
        });
      },
    );

    test("[bun] takes Bun.serve()", onBun, async () => {
      const options = { port: 1, fetch: handler };
      let server: any;
      const [caught] = caughtFrom(() => server = all.Bun.serve(options));
      assert.equal(caught!.value, options);
      caught!.onListening(ADDRESS);
      assert.deepEqual([server.hostname, server.port], ["::1", 81]);
      assert.equal(server.url.href, "http://[::1]:81/");
      caught!.onStopped();
      await server.stop();
    });

    test("[bun] refuses routes, which would be passed over", onBun, () => {
      for (const options of [{ routes: {} }, { routes: {}, fetch: handler }]) {
        assert.throws(() => caughtFrom(() => all.Bun.serve(options)), {
          message:
            'Cannot take over Bun.serve(): expected a function "fetch" and no "routes"',
        });
      }
    });
  },
);
