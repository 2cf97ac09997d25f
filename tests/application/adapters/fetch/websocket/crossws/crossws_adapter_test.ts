/** Hooks of crossws and of H3, typed by them, asked by the `WebSocket` of each runtime. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineHooks, type SyncDriver, type SyncMessage } from "crossws";
import { defineWebSocketHandler, H3 } from "h3";
import {
  crosswsAdapter,
  type CrosswsHooks,
  type CrosswsPeer,
} from "../../../../../../src/application/adapters/fetch/mod.ts";
import { serve } from "../../../../../../mod.ts";
import { RawClient } from "../../../../../_support/raw_client.ts";
import { handshakeRequest } from "../../../../../_support/websocket_frames.ts";
import type { LogRecord } from "../../../../../../src/logging/record.ts";
import { client } from "../_client.ts";

interface Served {
  readonly url: string;
  readonly port: number;
  readonly logs: readonly LogRecord[];
}

async function withApp(
  app: unknown,
  use: (served: Served) => Promise<void>,
): Promise<void> {
  const logs: LogRecord[] = [];
  const server = serve(app as never, {
    port: 0,
    accessLog: false,
    logSink: (record) => void logs.push(record),
  });
  await server.listening;
  try {
    await use({ url: server.url!, port: server.port!, logs });
  } finally {
    await server.stop({ timeout: 1 });
  }
}

/** Hooks behind a handler that refuses what is no handshake. */
function appOf(adapter: ReturnType<typeof crosswsAdapter>): unknown {
  return {
    fetch: (request: Request, info: unknown) =>
      request.headers.get("upgrade") === "websocket"
        ? adapter.handleUpgrade(request, info)
        : new Response("plain"),
  };
}

/** What is written onto the wire in answer to a handshake. */
async function answerTo(
  port: number,
  fields: readonly string[] = [],
) {
  const raw = await RawClient.connect({ host: "127.0.0.1", port });
  try {
    raw.send(handshakeRequest("/", fields));
    return await raw.readResponse({ method: "GET" });
  } finally {
    raw.close();
  }
}

describe("crosswsAdapter()", () => {
  test("runs upgrade, open, message and close", async () => {
    const closed = Promise.withResolvers<unknown>();
    const ws = crosswsAdapter({
      hooks: defineHooks({
        upgrade: (request) => ({
          context: { query: new URL(request.url).search },
          headers: { "x-upgraded": "yes" },
        }),
        open: (peer) =>
          void peer.send(`hello ${peer.remoteAddress}${peer.context.query}`),
        message(peer, message) {
          if (message.text() === "bytes") {
            peer.send(new Uint8Array([1, 2]));
          } else if (typeof message.rawData === "string") {
            peer.send({ got: message.json() });
          } else peer.send(message.arrayBuffer() as ArrayBuffer);
        },
        close: (_peer, details) => closed.resolve(details),
      }),
    });
    await withApp(appOf(ws), async ({ url, port }) => {
      assert.equal(await (await fetch(url)).text(), "plain");
      const one = client(url, "/room?a=1");
      assert.equal(await one.next(), "hello 127.0.0.1?a=1");
      one.socket.send('{"b":2}');
      assert.equal(await one.next(), '{"got":{"b":2}}');
      one.socket.send("bytes");
      const bytes = await one.next() as ArrayBuffer;
      assert.deepEqual([...new Uint8Array(bytes)], [1, 2]);
      one.socket.send(new Uint8Array([0, 255]));
      const echo = await one.next() as ArrayBuffer;
      assert.deepEqual([...new Uint8Array(echo)], [0, 255]);
      one.socket.close(3005, "bye");
      assert.deepEqual(await closed.promise, { code: 3005, reason: "bye" });
      assert.equal(ws.peers.size, 0, "nothing is kept of a path");
      const { status, headers } = await answerTo(port);
      assert.equal(status, 101);
      const fields = headers.map(([name, value]) => `${name}: ${value}`);
      assert.ok(fields.includes("x-upgraded: yes"));
      assert.ok(!fields.some((field) => field.startsWith("x-tricorn")));
    });
  });

  test("publishes to the others of a namespace, and from outside", async () => {
    const ws = crosswsAdapter({
      hooks: {
        open: (peer) => void peer.subscribe("news"),
        message(peer, message) {
          if (message.text() === "leave") {
            peer.unsubscribe("news");
            peer.send("left");
          } else peer.publish("news", message.text());
        },
      },
    });
    await withApp(appOf(ws), async ({ url }) => {
      const [ann, bob, eve] = [
        client(url, "/a"),
        client(url, "/a"),
        client(url, "/b"),
      ];
      await Promise.all([ann.opened, bob.opened, eve.opened]);
      ann.socket.send("from Ann");
      assert.equal(await bob.next(), "from Ann");
      ws.publish("news", "for all");
      for (const one of [ann, bob, eve]) {
        assert.equal(await one.next(), "for all");
      }
      assert.deepEqual([...ws.peers.keys()].sort(), ["/a", "/b"]);
      ws.publish("news", { only: "b" }, { namespace: "/b" });
      assert.equal(await eve.next(), '{"only":"b"}');
      bob.socket.send("leave");
      assert.equal(await bob.next(), "left");
      ws.publish("news", "again");
      assert.equal(await ann.next(), "again");
      bob.socket.send("from Bob");
      assert.equal(await ann.next(), "from Bob");
      await ws.close(4000, "over");
      const ends = await Promise.all([ann, bob, eve].map((one) => one.closed));
      assert.deepEqual(ends.map(({ code }) => code), [4000, 4000, 4000]);
    });
  });

  test("refuses by a Response that is returned, thrown, or held by what is thrown", async () => {
    const refusals: (() => unknown)[] = [
      () => new Response("returned", { status: 401 }),
      () => {
        throw new Response("thrown", { status: 402 });
      },
      () => {
        throw Object.assign(new Error("held"), {
          response: new Response("held", { status: 403 }),
        });
      },
    ];
    const ws = crosswsAdapter({
      hooks: { upgrade: () => refusals.shift()!() },
    });
    await withApp(appOf(ws), async ({ port }) => {
      const seen = [];
      while (refusals.length > 0) {
        const { status, body } = await answerTo(port);
        seen.push(`${status} ${body}`);
      }
      assert.deepEqual(seen, ["401 returned", "402 thrown", "403 held"]);
    });
  });

  test("what a hook throws is logged, and at the handshake a 500", async () => {
    const ws = crosswsAdapter({
      hooks: {
        upgrade(request) {
          if (request.url.endsWith("?fail")) throw new Error("no upgrade");
        },
        message: async (peer, message) => {
          peer.send("before");
          await Promise.resolve();
          throw new Error(`cannot take ${message.text()}`);
        },
      },
    });
    await withApp(appOf(ws), async ({ url, logs }) => {
      const one = client(url);
      await one.opened;
      one.socket.send("it");
      assert.equal(await one.next(), "before");
      one.socket.send("that");
      assert.equal(await one.next(), "before");
      await one.close();
      await assert.rejects(client(url, "/?fail").opened);
      const errors = logs.filter((record) => record.error !== undefined)
        .map(({ error }) => (error as Error).message);
      assert.deepEqual(errors, [
        "cannot take it",
        "cannot take that",
        "no upgrade",
      ]);
    });
  });

  test("chooses no subprotocol unless told, and none that was not offered", async () => {
    const protocolOf = async (
      options: Parameters<typeof crosswsAdapter>[0],
    ): Promise<[number, string | undefined]> => {
      let answer: [number, string | undefined] | undefined;
      await withApp(appOf(crosswsAdapter(options)), async ({ port }) => {
        const { status, headers } = await answerTo(port, [
          "Sec-WebSocket-Protocol: v1, v2",
        ]);
        const found = headers.find(([name]) =>
          name.toLowerCase() === "sec-websocket-protocol"
        );
        answer = [status, found?.[1]];
      });
      return answer!;
    };
    assert.deepEqual(await protocolOf({}), [101, undefined]);
    assert.deepEqual(
      await protocolOf({ hooks: { upgrade: () => ({ protocol: "v2" }) } }),
      [101, "v2"],
    );
    assert.deepEqual(
      await protocolOf({
        hooks: {
          upgrade: () => ({ headers: { "sec-websocket-protocol": "v1" } }),
        },
      }),
      [101, "v1"],
    );
    assert.deepEqual(
      await protocolOf({
        handleProtocols: (offered) => offered.has("v2") ? "v2" : false,
      }),
      [101, "v2"],
    );
    assert.deepEqual(
      await protocolOf({ hooks: { upgrade: () => ({ protocol: "v3" }) } }),
      [500, undefined],
    );
  });

  test("resolves hooks of a request besides those of all", async () => {
    const seen: string[] = [];
    const ws = crosswsAdapter({
      hooks: {
        upgrade: () => ({ context: { by: "all" } }),
        message: () => void seen.push("all"),
      },
      resolve: (request) =>
        Promise.resolve({
          upgrade: () => ({ context: { by: new URL(request.url).pathname } }),
          message(peer: CrosswsPeer) {
            seen.push("own");
            peer.send(String(peer.context.by));
          },
        }),
      getNamespace: () => "one",
    });
    await withApp(appOf(ws), async ({ url }) => {
      const one = client(url, "/here");
      await one.opened;
      one.socket.send("x");
      assert.equal(await one.next(), "/here");
      assert.deepEqual(seen, ["all", "own"]);
      assert.deepEqual([...ws.peers.keys()], ["one"]);
      await one.close();
    });
  });

  test("a connection that breaks is an error, and a close with 1006", async () => {
    const events: string[] = [];
    const ended = Promise.withResolvers<void>();
    const ws = crosswsAdapter({
      hooks: defineHooks({
        error: (_peer, error) => void events.push(`error ${error.message}`),
        close(_peer, { code }) {
          events.push(`close ${code}`);
          ended.resolve();
        },
      }),
    });
    await withApp(appOf(ws), async ({ port }) => {
      const raw = await RawClient.connect({ host: "127.0.0.1", port });
      raw.send(handshakeRequest());
      await raw.readResponse({ method: "GET" });
      raw.close();
      await ended.promise;
      assert.deepEqual(events, [
        "error The connection ended without a close frame",
        "close 1006",
      ]);
    });
  });

  test("waitForDrain() waits for messages to leave, and for no longer than the WebSocket is open", async () => {
    const drained = Promise.withResolvers<number>();
    const ws = crosswsAdapter({
      hooks: {
        async message(peer) {
          peer.send(new Uint8Array(1000));
          await peer.waitForDrain();
          drained.resolve(peer.bufferedAmount);
          const left = AbortSignal.abort(new Error("given up"));
          peer.send("last");
          await peer.waitForDrain({ signal: left }).catch((error) =>
            peer.send(error.message)
          );
        },
      },
    });
    await withApp(appOf(ws), async ({ url }) => {
      const one = client(url);
      await one.opened;
      one.socket.send("go");
      await one.next();
      assert.equal(await drained.promise, 0);
      assert.equal(await one.next(), "last");
      assert.equal(await one.next(), "given up");
      await one.close();
    });
  });

  test("a driver of crossws/sync carries what is published to other processes", async () => {
    const published: SyncMessage[] = [];
    const failures: string[] = [];
    let deliver: (message: SyncMessage) => void = () => {};
    let isClosed = false;
    const driver: SyncDriver = {
      subscribe: (take) => void (deliver = take),
      publish(message) {
        published.push(message);
        if (message.data === "lost") throw new Error("away");
      },
      close: () => void (isClosed = true),
    };
    const ws = crosswsAdapter({
      sync: () => driver,
      onError: (error, { stage }) =>
        void failures.push(`${stage} ${(error as Error).message}`),
      hooks: {
        open: (peer) => void peer.subscribe("t"),
        message: (peer, message) => void peer.publish("t", message.text()),
      },
    });
    await withApp(appOf(ws), async ({ url }) => {
      const one = client(url, "/n");
      await one.opened;
      deliver({ namespace: "/n", topic: "t", data: "from far" });
      assert.equal(await one.next(), "from far");
      deliver({ namespace: "/other", topic: "t", data: "not for us" });
      deliver({ namespace: "", topic: "t", data: new Uint8Array([7]) });
      assert.deepEqual(
        [...new Uint8Array(await one.next() as ArrayBuffer)],
        [7],
      );
      one.socket.send("near");
      ws.publish("t", { a: 1 });
      assert.equal(await one.next(), '{"a":1}');
      ws.publish("t", "lost");
      assert.equal(await one.next(), "lost");
      while (published.length < 3) await new Promise((go) => setTimeout(go, 1));
      assert.deepEqual(
        published.map(({ namespace, data }) => `${namespace} ${data}`).sort(),
        [" lost", ' {"a":1}', "/n near"],
      );
      assert.deepEqual(failures, ["publish away"]);
      await ws.close();
      await one.closed;
      assert.ok(isClosed);
    });
  });

  test("a request that is no handshake is refused", async () => {
    await assert.rejects(
      crosswsAdapter().handleUpgrade(new Request("http://localhost/")),
      TypeError,
    );
  });
});

describe("hooks that come with the answer", () => {
  test("H3 serves WebSockets by defineWebSocketHandler()", async () => {
    const app = new H3({ silent: true });
    app.get(
      "/ws",
      defineWebSocketHandler({
        open: (peer) => void peer.subscribe("all"),
        message(peer, message) {
          peer.send(`you: ${message.text()}`);
          peer.publish("all", `them: ${message.text()}`);
        },
      }),
    );
    app.get("/no", () => new Response("no", { status: 403 }));
    await withApp(app, async ({ url }) => {
      assert.equal((await fetch(`${url}/ws`)).status, 426);
      const [one, two] = [client(url, "/ws"), client(url, "/ws")];
      await Promise.all([one.opened, two.opened]);
      one.socket.send("hi");
      assert.equal(await one.next(), "you: hi");
      assert.equal(await two.next(), "them: hi");
      await Promise.all([one.close(), two.close()]);
      await assert.rejects(client(url, "/no").opened);
    });
  });

  test("on the request, they count unless something refuses", async () => {
    const hooks: CrosswsHooks = { open: (peer) => void peer.send("open") };
    const app = {
      fetch(request: Request) {
        Object.assign(request, { [Symbol.for("crossws.hooks")]: hooks });
        const { pathname } = new URL(request.url);
        const status = Number(pathname.slice(1));
        return new Response("body", { status });
      },
    };
    await withApp(app, async ({ url }) => {
      for (const status of [200, 426]) {
        const one = client(url, `/${status}`);
        assert.equal(await one.next(), "open");
        await one.close();
      }
      await assert.rejects(client(url, "/401").opened);
    });
  });
});
