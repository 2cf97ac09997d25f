/** WebSockets of fetch applications, asked by the `WebSocket` of each runtime over a real socket. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  honoWebSocket,
  type ServerInfo,
  type ServerWebSocket,
  upgradeWebSocket,
} from "../../../../../src/application/adapters/fetch/mod.ts";
import { serve } from "../../../../../mod.ts";
import { RawClient } from "../../../../_support/raw_client.ts";
import { handshakeRequest } from "../../../../_support/websocket_frames.ts";
import { Hono } from "hono";
import { defineWebSocketHelper } from "hono/ws";
import { RUNTIME } from "../../../../_support/this_runtime.ts";
import { client } from "./_client.ts";

type Fetch = { fetch(request: Request, info: ServerInfo): unknown };

async function withApp(
  app: unknown,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = serve(app as never, {
    port: 0,
    accessLog: false,
    logLevel: "critical",
  });
  await server.listening;
  try {
    await use(server.url!);
  } finally {
    await server.stop({ timeout: 1 });
  }
}

describe("upgradeWebSocket()", () => {
  test("gives a WebSocket that sends and receives text and bytes", async () => {
    const app: Fetch = {
      fetch(request) {
        const { socket, response } = upgradeWebSocket(request);
        socket.binaryType = "arraybuffer";
        socket.addEventListener("message", (event) => {
          const { data } = event as MessageEvent;
          socket.send(
            typeof data === "string"
              ? data.toUpperCase()
              : new Uint8Array(data),
          );
        });
        return response;
      },
    };
    await withApp(app, async (url) => {
      const { socket, opened, closed, next } = client(url);
      await opened;
      socket.send("hé");
      assert.equal(await next(), "HÉ");
      socket.send(new Uint8Array([1, 2, 3]));
      assert.deepEqual(
        new Uint8Array(await next() as ArrayBuffer),
        new Uint8Array([1, 2, 3]),
      );
      socket.close(3001, "bye");
      assert.equal((await closed).code, 3001);
    });
  });

  test("opens once the response was returned, and tells how it ended", async () => {
    const events: string[] = [];
    const ended = Promise.withResolvers<void>();
    let server: ServerWebSocket | undefined;
    const app: Fetch = {
      async fetch(request) {
        const { socket, response } = upgradeWebSocket(request);
        server = socket;
        assert.equal(socket.readyState, 0);
        assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
        socket.onopen = () => events.push(`open ${socket.readyState}`);
        socket.onclose = ({ code, reason, wasClean }) => {
          events.push(`close ${code} ${reason} ${wasClean}`);
          ended.resolve();
        };
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push("return");
        return response;
      },
    };
    await withApp(app, async (url) => {
      const { socket, opened } = client(url, "/a?b");
      await opened;
      assert.equal(server!.url, `${url.replace(/^http/, "ws")}/a?b`);
      socket.close(4000, "done");
      await ended.promise;
      assert.deepEqual(events, ["return", "open 1", "close 4000 done true"]);
      assert.equal(server!.readyState, 3);
    });
  });

  test("closes with a code, behind what was sent, blobs included", async () => {
    const app: Fetch = {
      fetch(request) {
        const { socket, response } = upgradeWebSocket(request);
        socket.onopen = () => {
          socket.send(new Blob(["first"]));
          socket.send("second");
          assert.equal(socket.bufferedAmount, 11);
          socket.close(4321, "enough");
          socket.send("dropped");
        };
        return response;
      },
    };
    await withApp(app, async (url) => {
      const { closed, next } = client(url);
      assert.equal(
        new TextDecoder().decode(await next() as ArrayBuffer),
        "first",
      );
      assert.equal(await next(), "second");
      const { code, reason } = await closed;
      assert.deepEqual([code, reason], [4321, "enough"]);
    });
  });

  test("refuses codes and reasons that the standard refuses", async () => {
    const problems: unknown[] = [];
    const app: Fetch = {
      fetch(request) {
        const { socket, response } = upgradeWebSocket(request);
        for (
          const args of [[1001], [999], [5000], [1000, "x".repeat(124)]] as [
            number,
            string?,
          ][]
        ) {
          try {
            socket.close(...args);
            problems.push("none");
          } catch (error) {
            problems.push((error as Error).name);
          }
        }
        socket.onopen = () => socket.close();
        return response;
      },
    };
    await withApp(app, async (url) => {
      assert.equal((await client(url).closed).code, 1000);
      assert.deepEqual(problems, [
        "InvalidAccessError",
        "InvalidAccessError",
        "InvalidAccessError",
        "SyntaxError",
      ]);
    });
  });

  test("answers with a subprotocol, with fields of its own and of middleware, and never with the marker", async () => {
    const app: Fetch = {
      fetch(request) {
        const { response } = upgradeWebSocket(request, {
          protocol: "two",
          headers: { "x-own": "1" },
        });
        const copy = new Response(response.body, response);
        copy.headers.append("set-cookie", "a=1");
        copy.headers.append("set-cookie", "b=2");
        return copy;
      },
    };
    await withApp(app, async (url) => {
      const { port } = new URL(url);
      const raw = await RawClient.connect({ host: "127.0.0.1", port: +port });
      raw.send(
        handshakeRequest("/", ["Sec-WebSocket-Protocol: one, two"]),
      );
      const head = await raw.readUntil("\r\n\r\n");
      raw.close();
      assert.match(head, /^HTTP\/1\.1 101 /);
      assert.match(head, /\r\nsec-websocket-protocol: two\r\n/i);
      assert.match(head, /\r\nx-own: 1\r\n/);
      assert.match(head, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/);
      assert.equal(/tricorn-websocket|content-/.test(head), false);
    });
  });

  test("refuses what is no handshake, a second upgrade, and a foreign subprotocol", async () => {
    const problems: string[] = [];
    const attempt = (work: () => unknown) => {
      try {
        work();
        problems.push("none");
      } catch (error) {
        problems.push((error as Error).message);
      }
    };
    const app: Fetch = {
      fetch(request) {
        if (!request.headers.has("upgrade")) {
          attempt(() => upgradeWebSocket(request));
          return new Response("plain");
        }
        attempt(() => upgradeWebSocket(request, { protocol: "other" }));
        const { socket, response } = upgradeWebSocket(request);
        attempt(() => upgradeWebSocket(request));
        socket.onopen = () => socket.close();
        return response;
      },
    };
    await withApp(app, async (url) => {
      assert.equal(await (await fetch(url)).text(), "plain");
      await client(url).closed;
      assert.deepEqual(problems, [
        'Cannot upgrade: expected the Request that the server gave, with "upgrade: websocket"',
        'Cannot accept the subprotocol "other": the client did not offer it',
        "Cannot upgrade: the request has been upgraded before",
      ]);
    });
  });

  test("is undone by another response, which the client gets", async () => {
    const events: string[] = [];
    const app: Fetch = {
      fetch(request) {
        const { socket } = upgradeWebSocket(request);
        socket.onerror = () => events.push("error");
        socket.onclose = ({ code }) => events.push(`close ${code}`);
        return new Response("not you", { status: 403 });
      },
    };
    await withApp(app, async (url) => {
      const { port } = new URL(url);
      const raw = await RawClient.connect({ host: "127.0.0.1", port: +port });
      raw.send(handshakeRequest());
      const response = await raw.readResponse();
      raw.close();
      assert.equal(response.status, 403);
      assert.equal(response.body, "not you");
      assert.deepEqual(events, ["error", "close 1006"]);
    });
  });
});

describe("a handler that does not upgrade", () => {
  test("refuses the handshake with its response, and 500 if it throws", async () => {
    const app: Fetch = {
      fetch({ url }) {
        if (url.endsWith("/throw")) throw new Error("boom");
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode("no "));
              controller.enqueue(new TextEncoder().encode("sockets"));
              controller.close();
            },
          }),
          { status: 404 },
        );
      },
    };
    await withApp(app, async (url) => {
      const { port } = new URL(url);
      for (
        const [path, status, body] of [["/", 404, "no sockets"], [
          "/throw",
          500,
          "",
        ]] as const
      ) {
        const raw = await RawClient.connect({ host: "127.0.0.1", port: +port });
        raw.send(handshakeRequest(path));
        const response = await raw.readResponse();
        raw.close();
        assert.equal(response.status, status);
        if (body !== "") assert.equal(response.body, body);
      }
    });
  });
});

describe("server.upgrade()", () => {
  test("hands the WebSocket to the application's handlers, with their data", async () => {
    const events: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    const app = {
      fetch(request: Request, server: ServerInfo) {
        if (
          server.upgrade(request, { data: { id: 7 }, headers: { "x-a": "b" } })
        ) {
          return undefined;
        }
        return new Response("plain");
      },
      websocket: {
        open(ws: { data: { id: number }; send(text: string): number }) {
          events.push(["open", ws.data.id, ws.send("hi")]);
        },
        message(
          ws: { send(data: unknown): number },
          message: string | Uint8Array,
        ) {
          ws.send(message);
        },
        close(_ws: unknown, code: number, reason: string) {
          events.push(["close", code, reason]);
          ended.resolve();
        },
      },
    };
    await withApp(app, async (url) => {
      assert.equal(await (await fetch(url)).text(), "plain");
      const { socket, next } = client(url);
      assert.equal(await next(), "hi");
      socket.send("text");
      assert.equal(await next(), "text");
      socket.send(new Uint8Array([9]));
      assert.deepEqual(
        new Uint8Array(await next() as ArrayBuffer),
        new Uint8Array([9]),
      );
      socket.close(3000, "end");
      await ended.promise;
      assert.deepEqual(events, [["open", 7, 2], ["close", 3000, "end"]]);
    });
  });

  test("lets WebSockets publish to each other", async () => {
    type Socket = {
      subscribe(topic: string): void;
      unsubscribe(topic: string): void;
      publish(topic: string, text: string): number;
    };
    const app = {
      fetch: (request: Request, server: ServerInfo) =>
        server.upgrade(request) ? undefined : new Response(),
      websocket: {
        open: (ws: Socket) => ws.subscribe("room"),
        message: (ws: Socket, text: string) => void ws.publish("room", text),
      },
    };
    await withApp(app, async (url) => {
      const one = client(url);
      const two = client(url);
      await Promise.all([one.opened, two.opened]);
      one.socket.send("from one");
      assert.equal(await two.next(), "from one");
      two.socket.send("from two");
      assert.equal(await one.next(), "from two"); // and not its own
      one.socket.close();
      two.socket.close();
      await Promise.all([one.closed, two.closed]);
    });
  });

  test("goes on after a handler that throws", async () => {
    const app = {
      fetch: (request: Request, server: ServerInfo) =>
        server.upgrade(request) ? undefined : new Response(),
      websocket: {
        message(ws: { send(text: string): void }, text: string) {
          if (text === "throw") throw new Error("boom");
          ws.send(text);
        },
      },
    };
    await withApp(app, async (url) => {
      const { socket, opened, closed, next } = client(url);
      await opened;
      socket.send("throw");
      socket.send("on");
      assert.equal(await next(), "on");
      socket.close();
      await closed;
    });
  });
});

describe("frameworks", () => {
  test("Hono upgrades by its own helper", async () => {
    const upgrade = defineWebSocketHelper(honoWebSocket);
    const app = new Hono();
    app.get(
      "/ws",
      upgrade((c) => ({
        onOpen: (_event, ws) => ws.send(`open ${c.req.query("q")}`),
        onMessage: (event, ws) => {
          if (event.data === "end") ws.close(3003, "bye");
          else ws.send(`${event.data}!`);
        },
      })),
    );
    app.get("/ws", (c) => c.text("no handshake"));
    await withApp(app, async (url) => {
      assert.equal(await (await fetch(`${url}/ws`)).text(), "no handshake");
      const { socket, closed, next } = client(url, "/ws?q=1");
      assert.equal(await next(), "open 1");
      socket.send("hey");
      assert.equal(await next(), "hey!");
      socket.send("end");
      const { code, reason } = await closed;
      assert.deepEqual([code, reason], [3003, "bye"]);
    });
  });

  const isBun = RUNTIME === "bun"; // both modules read Bun's global
  (isBun ? test : () => {})(
    "[bun] Hono upgrades by its helper for Bun",
    async () => {
      const { upgradeWebSocket: upgrade, websocket } = await import("hono/bun");
      const app = new Hono();
      app.get(
        "/ws",
        upgrade(() => ({
          onMessage: (event, ws) => ws.send(`${event.data}!`),
        })),
      );
      await withApp({ fetch: app.fetch, websocket }, async (url) => {
        const { socket, opened, closed, next } = client(url, "/ws");
        await opened;
        socket.send("hey");
        assert.equal(await next(), "hey!");
        socket.close();
        await closed;
      });
    },
  );

  (isBun ? test : () => {})(
    "[bun] crossws upgrades by its adapter for Bun",
    async () => {
      const { default: bunAdapter } = await import("crossws/adapters/bun");
      const closed = Promise.withResolvers<number | undefined>();
      const ws = bunAdapter({
        hooks: {
          open: (peer) => void peer.send(`hello ${peer.remoteAddress}`),
          message: (peer, message) => void peer.send(`${message.text()}!`),
          close: (_peer, { code }) => closed.resolve(code),
        },
      });
      const app = {
        websocket: ws.websocket,
        fetch: (request: Request, server: unknown) =>
          request.headers.get("upgrade") === "websocket"
            ? ws.handleUpgrade(request, server as never)
            : new Response("plain"),
      };
      await withApp(app, async (url) => {
        assert.equal(await (await fetch(url)).text(), "plain");
        const { socket, next } = client(url);
        assert.equal(await next(), "hello 127.0.0.1");
        socket.send("hey");
        assert.equal(await next(), "hey!");
        socket.close(3005);
        assert.equal(await closed.promise, 3005);
      });
    },
  );
});
