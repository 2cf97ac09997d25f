/** Applications driven without a port, through everything behind the sockets. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AsgiApp, HttpScope, Scope } from "../../src/asgi.ts";
import { AppLoadError, ConfigError, StartupError } from "../../src/errors.ts";
import {
  ConnectionLost,
  type TestClient,
  testClient,
  TestClock,
  type TestConnection,
  type TestResponse,
  WebSocketClosed,
  WebSocketRefused,
} from "../../src/testing/mod.ts";

/** An application for HTTP alone. */
function httpApp(
  http: (
    scope: HttpScope,
    receive: Parameters<AsgiApp>[1],
    send: Parameters<AsgiApp>[2],
  ) => Promise<void>,
): AsgiApp {
  return async (scope, receive, send) => {
    if (scope.type !== "http") throw new Error("only HTTP");
    await http(scope, receive, send);
  };
}

const hello = httpApp(async (_scope, _receive, send) => {
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"], ["X-Twice", "1"], [
      "x-twice",
      "2",
    ]],
  });
  await send({ type: "http.response.body", body: "Hello!" });
});

/** Sends back what it gets, piece by piece. */
const echo = httpApp(async (_scope, receive, send) => {
  await send({ type: "http.response.start", status: 200 });
  for (;;) {
    const event = await receive();
    if (event.type !== "http.request") return;
    const { body, more_body } = event;
    await send({ type: "http.response.body", body, more_body });
    if (!more_body) return;
  }
});

/** Tells its scope as JSON. */
const tell = httpApp(async (scope, _receive, send) => {
  const { method, path, raw_path, headers, client, server, scheme } = scope;
  const query = scope.query_string;
  const told = {
    method,
    path,
    raw_path,
    headers,
    client,
    server,
    scheme,
    query,
  };
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: JSON.stringify(told) });
});

/** Answers the first message it gets after the request. */
function awaitingEnd(notes: string[]): AsgiApp {
  return httpApp(async (_scope, receive, send) => {
    for (;;) {
      const { type } = await receive();
      notes.push(type);
      if (type === "http.disconnect") return;
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
    }
  });
}

/** Resolves when nobody can connect any more: a lull is looked for by the time of the process. */
async function untilDeaf(client: TestClient): Promise<void> {
  for (;;) {
    await client.settle();
    try {
      client.connect().reset();
    } catch {
      return await client.settle();
    }
  }
}

describe("fetch()", () => {
  test("answers as the server does on a port", async () => {
    await using client = await testClient(hello);
    const response = await client.fetch("/a?b");
    assert.ok(response instanceof Response);
    assert.equal(response.status, 200);
    assert.equal(response.statusText, "OK");
    assert.equal(response.ok, true);
    assert.equal(response.url, "http://127.0.0.1:8000/a?b");
    assert.equal(response.headers.get("server"), "tricorn");
    assert.equal(response.headers.get("x-twice"), "1, 2");
    assert.deepEqual(
      response.rawHeaders.filter(([name]) => /twice/i.test(name)),
      [["x-twice", "1"], ["x-twice", "2"]],
    );
    assert.equal(await response.text(), "Hello!");
    assert.equal((await response.trailers).get("a"), null);
  });

  test("shows the application what a server on a port would", async () => {
    await using client = await testClient(tell, { host: "::1", port: 99 });
    const response = await client.fetch("/caf%C3%A9?x=1", {
      method: "PUT",
      headers: { "X-A": "1" },
    });
    assert.deepEqual(await response.json(), {
      method: "PUT",
      path: "/café",
      raw_path: "/caf%C3%A9",
      query: "x=1",
      scheme: "http",
      server: ["::1", 99],
      client: ["127.0.0.1", 50000],
      headers: [["host", "[::1]:99"], ["x-a", "1"], ["content-length", "0"]],
    });
  });

  test("takes paths, URLs and requests", async () => {
    await using client = await testClient(tell, {
      baseUrl: "https://example.com/base/",
    });
    const asked = async (...[input, init]: Parameters<typeof client.fetch>) => {
      const told = await (await client.fetch(input, init)).json();
      const { method, raw_path, scheme, headers } = told as HttpScope;
      return [method, scheme, raw_path, headers[0]![1]].join(" ");
    };
    assert.equal(await asked("item"), "GET https /base/item example.com");
    assert.equal(
      await asked(new URL("http://other.org/x#f")),
      "GET http /x other.org",
    );
    assert.equal(
      await asked(new Request("http://a.b/r", { method: "POST", body: "1" })),
      "POST http /r a.b",
    );
    assert.equal(
      await asked("/", { target: "/a/../b" }),
      "GET https /a/../b example.com",
    );
  });

  for (
    const [name, body, length] of [
      ["text", "grün", "5"],
      ["bytes", Uint8Array.of(0, 255, 10), "3"],
      ["a form", new URLSearchParams({ a: "1" }), "3"],
      ["a blob", new Blob(["xyz"]), "3"],
    ] as const
  ) {
    test(`a body of ${name} has a length`, async () => {
      await using client = await testClient(echo);
      const sent = new Uint8Array(await new Response(body).arrayBuffer());
      const response = await client.fetch("/", { method: "POST", body });
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), sent);
      await using teller = await testClient(tell);
      const told = await (await teller.fetch("/", { method: "POST", body }))
        .json() as HttpScope;
      const [, value] = told.headers.find(([name]) =>
        name === "content-length"
      )!;
      assert.equal(value, length);
    });
  }

  test("streams in both directions at once", async () => {
    await using client = await testClient(echo);
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    const pending = client.fetch("/", { method: "POST", body: readable });
    const encoder = new TextEncoder();
    void writer.write(encoder.encode("one"));
    const reader = (await pending).body!
      .pipeThrough(new TextDecoderStream()).getReader();
    assert.deepEqual(await reader.read(), { value: "one", done: false });
    void writer.write(encoder.encode("two"));
    assert.deepEqual(await reader.read(), { value: "two", done: false });
    void writer.close();
    assert.equal((await reader.read()).done, true);
  });

  test("a response that is not read makes the application wait", async () => {
    let sent = 0;
    const app = httpApp(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      const body = new Uint8Array(65_536);
      for (; sent < 100; sent++) {
        await send({ type: "http.response.body", body, more_body: true });
      }
      await send({ type: "http.response.body" });
    });
    await using client = await testClient(app);
    const response = await client.fetch("/");
    for (let i = 0; i < 20; i++) await client.settle();
    assert.ok(sent > 0 && sent < 20, `sent ${sent}`);
    assert.equal((await response.arrayBuffer()).byteLength, 6_553_600);
  });

  test("shows informational responses and trailers", async () => {
    await using client = await testClient(
      httpApp(async (_scope, _receive, send) => {
        await send({
          type: "http.response.early_hint",
          links: ["</a.css>; rel=preload"],
        });
        await send({
          type: "http.response.start",
          status: 200,
          trailers: true,
        });
        await send({ type: "http.response.body", body: "x" });
        await send({
          type: "http.response.trailers",
          headers: [["x-sum", "7"]],
        });
      }),
      { earlyHints: true },
    );
    const response = await client.fetch("/", { headers: { te: "trailers" } });
    assert.equal(response.informational.length, 1);
    assert.equal(response.informational[0]!.status, 103);
    assert.equal(
      response.informational[0]!.headers.get("link"),
      "</a.css>; rel=preload",
    );
    assert.equal(await response.text(), "x");
    assert.equal((await response.trailers).get("x-sum"), "7");
  });

  test("waits for a 100 if it expects one", async () => {
    const app = httpApp(async (_scope, receive, send) => {
      const event = await receive();
      await send({ type: "http.response.start", status: 200 });
      if (event.type !== "http.request") return;
      await send({ type: "http.response.body", body: event.body });
    });
    await using client = await testClient(app);
    const response = await client.fetch("/", {
      method: "POST",
      body: "later",
      headers: { expect: "100-continue" },
    });
    assert.equal(response.informational[0]?.status, 100);
    assert.equal(await response.text(), "later");
  });

  for (const status of [204, 304]) {
    test(`a response of status ${status} has no body`, async () => {
      await using client = await testClient(
        httpApp(async (_scope, _receive, send) => {
          await send({ type: "http.response.start", status });
          await send({ type: "http.response.body" });
        }),
      );
      const response = await client.fetch("/");
      assert.equal(response.status, status);
      assert.equal(response.body, null);
    });
  }

  test("an answer to HEAD has no body", async () => {
    await using client = await testClient(hello);
    const response = await client.fetch("/", { method: "HEAD" });
    assert.equal(response.headers.get("content-length"), "6");
    assert.equal(await response.text(), "");
  });

  test("a GET may have a body", async () => {
    await using client = await testClient(echo);
    const response = await client.fetch("/", { method: "GET", body: "x" });
    assert.equal(await response.text(), "x");
  });

  test("TRACE can be sent, though no Request has it", async () => {
    await using client = await testClient(tell);
    const response = await client.fetch("/", { method: "trace" });
    assert.equal((await response.json() as HttpScope).method, "TRACE");
  });

  test("redirects are shown, not followed", async () => {
    await using client = await testClient(
      httpApp(async (_scope, _receive, send) => {
        await send({
          type: "http.response.start",
          status: 302,
          headers: [["location", "/b"]],
        });
        await send({ type: "http.response.body" });
      }),
    );
    const response = await client.fetch("/a");
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), "/b");
  });

  test("an abort signal cuts the request off, before and after the head", async () => {
    const notes: string[] = [];
    await using client = await testClient(awaitingEnd(notes));
    const aborting = new AbortController();
    const response = await client.fetch("/", { signal: aborting.signal });
    aborting.abort(new Error("enough"));
    await assert.rejects(response.text());
    await client.settle();
    assert.deepEqual(notes, ["http.request", "http.disconnect"]);
    const reason = new Error("no");
    await assert.rejects(
      client.fetch("/", { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  });

  test("cancelling the body is seen as a disconnect", async () => {
    const notes: string[] = [];
    await using client = await testClient(awaitingEnd(notes));
    const response = await client.fetch("/");
    await response.body!.cancel();
    await client.settle();
    assert.deepEqual(notes, ["http.request", "http.disconnect"]);
  });

  test("an application that throws gets a 500, and its error is at hand", async () => {
    const thrown = new Error("broken");
    await using client = await testClient(
      httpApp(() => Promise.reject(thrown)),
    );
    assert.equal((await client.fetch("/")).status, 500);
    assert.deepEqual(client.errors, [thrown]);
  });

  test("a response that breaks off rejects where it is read", async () => {
    await using client = await testClient(
      httpApp(async (_scope, _receive, send) => {
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body", body: "a", more_body: true });
        throw new Error("broken");
      }),
    );
    const response = await client.fetch("/");
    await assert.rejects(response.text(), ConnectionLost);
    await assert.rejects(response.trailers, ConnectionLost);
  });

  test("an upload that fails rejects with its own reason", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new RangeError("no more"));
      },
    });
    const app = httpApp(async (_scope, receive) => {
      for (;;) if ((await receive()).type === "http.disconnect") return;
    });
    await using silent = await testClient(app);
    await assert.rejects(
      silent.fetch("/", { method: "POST", body }),
      { message: "no more" },
    );
  });
});

describe("connect()", () => {
  test("bytes in, bytes out", async () => {
    await using client = await testClient(hello);
    const connection = client.connect();
    await connection.write("GET / HTTP/1.0\r\n\r\n");
    const text = await connection.text();
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(text, /\r\n\r\nHello!$/);
  });

  test("what is no request is refused as on a port", async () => {
    await using client = await testClient(hello);
    const connection = client.connect();
    await connection.write("nonsense\r\n\r\n");
    assert.match(await connection.text(), /^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  test("one connection carries several requests, and raw bytes after them", async () => {
    await using client = await testClient(tell);
    const connection = client.connect();
    const ports: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const response = await client.fetch("/", { connection });
      ports.push(((await response.json()) as HttpScope).client![1]);
    }
    assert.deepEqual(ports, [50000, 50000, 50000]);
    await connection.write(
      "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    assert.match(await connection.text(), /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("a second request has to wait until the response was read", async () => {
    await using client = await testClient(hello);
    const connection = client.connect();
    const response = await client.fetch("/", { connection });
    await assert.rejects(client.fetch("/", { connection }), TypeError);
    await response.text();
    assert.equal((await client.fetch("/", { connection })).status, 200);
  });

  test("a request that dribbles in byte by byte is whole in the end", async () => {
    await using client = await testClient(echo);
    const response = await client.fetch("/", {
      method: "POST",
      body: "drop by drop",
      connection: { pieceBytes: 1 },
    });
    assert.equal(await response.text(), "drop by drop");
  });

  test("a small window makes the server wait, and nothing is lost", async () => {
    await using client = await testClient(echo);
    const body = new Uint8Array(100_000).map((_, i) => i % 251);
    const response = await client.fetch("/", {
      method: "POST",
      body,
      connection: { windowBytes: 100 },
    });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
  });

  test("a response may be cut after some of its bytes", async () => {
    await using client = await testClient(hello);
    await assert.rejects(
      client.fetch("/", { connection: { cut: { afterReceived: 10 } } }),
      { name: "ConnectionLost", loss: "local" },
    );
  });

  for (const by of ["reset", "close", "end"] as const) {
    test(`a request that is cut within its body by "${by}" is a disconnect`, async () => {
      const notes: string[] = [];
      const app = httpApp(async (_scope, receive) => {
        for (;;) {
          const event = await receive();
          if (event.type !== "http.request") {
            notes.push("disconnect");
            return;
          }
          notes.push(new TextDecoder().decode(event.body));
        }
      });
      await using client = await testClient(app);
      const head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n";
      const connection = client.connect({
        cut: { afterSent: head.length + 3, by },
      });
      await assert.rejects(
        connection.write(`${head}abcdefghi`),
        ConnectionLost,
      );
      await client.settle();
      assert.deepEqual(
        notes.join(""),
        by === "reset" && notes.length === 1 ? "disconnect" : "abcdisconnect",
      );
    });
  }

  test("a client that ends its side is still answered", async () => {
    await using client = await testClient(hello);
    const connection = client.connect();
    await connection.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    connection.end();
    assert.match(await connection.text(), /Hello!$/);
  });

  test("an application that takes nothing stops the reading", async () => {
    let isOver = false;
    const taken = Promise.withResolvers<void>();
    const app = httpApp(async (_scope, receive, send) => {
      await taken.promise;
      for (;;) {
        const event = await receive();
        if (event.type !== "http.request" || !event.more_body) break;
      }
      isOver = true;
      await send({ type: "http.response.start", status: 204 });
      await send({ type: "http.response.body" });
    });
    await using client = await testClient(app);
    const connection = client.connect({ pieceBytes: 65_536 });
    const pending = client.fetch("/", {
      method: "POST",
      body: new Uint8Array(2_000_000),
      connection,
    });
    for (let i = 0; i < 10; i++) await client.settle();
    assert.equal(connection.isServerPaused, true);
    assert.ok(connection.unsentBytes > 0);
    assert.equal(isOver, false);
    taken.resolve();
    assert.equal((await pending).status, 204);
  });

  test("is refused when the server does not listen any more", async () => {
    const client = await testClient(hello);
    await client.close();
    assert.throws(() => client.connect(), /does not listen/);
  });
});

describe("webSocket()", () => {
  /** Echoes messages; refuses `/no`. */
  const socketApp: AsgiApp = async (scope, receive, send) => {
    if (scope.type !== "websocket") throw new Error("only WebSockets");
    await receive();
    if (scope.path === "/no") {
      await send({
        type: "websocket.http.response.start",
        status: 403,
        headers: [["x-why", "secret"]],
      });
      await send({ type: "websocket.http.response.body", body: "no" });
      return;
    }
    await send({
      type: "websocket.accept",
      ...scope.subprotocols.length > 0
        ? { subprotocol: scope.subprotocols[0] }
        : {},
    });
    for (;;) {
      const event = await receive();
      if (event.type !== "websocket.receive") return;
      if (event.text === "bye") {
        return await send({ type: "websocket.close", code: 4001, reason: "ü" });
      }
      await send(
        event.text !== null && event.text !== undefined
          ? { type: "websocket.send", text: event.text }
          : { type: "websocket.send", bytes: event.bytes! },
      );
    }
  };

  for (
    const [what, compression, agreed] of [
      ["as browsers do", true, /^permessage-deflate(;|$)/],
      ["with small windows", {
        serverMaxWindowBits: 9,
        clientMaxWindowBits: 9,
      }, /; server_max_window_bits=9; client_max_window_bits=9$/],
      ["without windows that are kept", {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        clientMaxWindowBits: false,
      }, /; server_no_context_takeover; client_no_context_takeover/],
    ] as const
  ) {
    test(`compresses ${what}, if the server agrees`, async () => {
      const long = "0123456789".repeat(1000);
      await using client = await testClient(socketApp);
      await using socket = await client.webSocket("/", { compression });
      assert.match(socket.extensions, agreed);
      const { connection } = socket;
      const sent = connection.sentBytes;
      const received = connection.receivedBytes;
      await socket.send(long);
      assert.equal(await socket.receiveText(), long);
      assert.ok(connection.sentBytes - sent < 500);
      assert.ok(connection.receivedBytes - received < 500);
      for (const message of ["", "short", long, new Uint8Array(70_000)]) {
        await socket.send(message);
        assert.deepEqual(await socket.receive(), message);
      }
      const before = connection.sentBytes;
      await socket.send(long, { compress: false });
      assert.equal(await socket.receiveText(), long);
      assert.ok(connection.sentBytes - before > 10_000);
      assert.equal((await socket.close()).code, 1000);
    });
  }

  test("compresses nothing if it is not offered, or the server refuses", async () => {
    const long = "0123456789".repeat(1000);
    await using client = await testClient(socketApp);
    await using without = await testClient(socketApp, {
      wsPerMessageDeflate: false,
    });
    for (
      const opening of [
        client.webSocket("/", { compression: false }),
        without.webSocket("/"),
      ]
    ) {
      await using socket = await opening;
      assert.equal(socket.extensions, "");
      assert.equal(socket.headers.get("sec-websocket-extensions"), null);
      await socket.send(long);
      assert.equal(await socket.receiveText(), long);
      assert.ok(socket.connection.sentBytes > 10_000);
      assert.ok(socket.connection.receivedBytes > 10_000);
    }
  });

  test("a compressed message that is damaged is refused by the server", async () => {
    await using client = await testClient(socketApp);
    const socket = await client.webSocket("/");
    // A final text frame, marked as compressed, whose block is of no kind that there is.
    const frame = [0xc1, 0x83, 0, 0, 0, 0, 0xff, 0xff, 0xff];
    await socket.connection.write(Uint8Array.from(frame));
    assert.equal((await socket.closed).code, 1007);
  });

  test("carries text, bytes and JSON", async () => {
    await using client = await testClient(socketApp);
    await using socket = await client.webSocket("/", {
      protocols: ["b", "a"],
    });
    assert.equal(socket.protocol, "b");
    await socket.send("grün");
    assert.equal(await socket.receiveText(), "grün");
    const long = new Uint8Array(70_000).fill(7);
    await socket.send(long);
    assert.deepEqual(await socket.receiveBytes(), long);
    await socket.sendJson({ a: [1] });
    assert.deepEqual(await socket.receiveJson(), { a: [1] });
    await socket.send("text");
    await assert.rejects(socket.receiveBytes(), TypeError);
    assert.deepEqual(await socket.close(1000), { code: 1000, reason: "" });
  });

  test("shows with what the application closed", async () => {
    await using client = await testClient(socketApp);
    const socket = await client.webSocket("ws://a.b/");
    await socket.send("1");
    await socket.send("2");
    await socket.send("bye");
    const messages: unknown[] = [];
    for await (const message of socket) messages.push(message);
    assert.deepEqual(messages, ["1", "2"]);
    assert.deepEqual(await socket.closed, { code: 4001, reason: "ü" });
    await assert.rejects(
      socket.receive(),
      (error) =>
        error instanceof WebSocketClosed && error.closeCode === 4001 &&
        error.reason === "ü",
    );
  });

  test("a refusal is a response", async () => {
    await using client = await testClient(socketApp);
    const error = await client.webSocket("/no").catch((error) => error);
    assert.ok(error instanceof WebSocketRefused);
    assert.equal(error.response.status, 403);
    assert.equal(error.response.headers.get("x-why"), "secret");
    assert.equal(await error.response.text(), "no");
  });

  test("disconnect() is 1006 for the application", async () => {
    const codes: (number | undefined)[] = [];
    await using client = await testClient(async (scope, receive, send) => {
      if (scope.type !== "websocket") throw new Error("only WebSockets");
      await receive();
      await send({ type: "websocket.accept" });
      const event = await receive();
      if (event.type === "websocket.disconnect") codes.push(event.code);
    });
    const socket = await client.webSocket("/");
    socket.disconnect();
    assert.deepEqual(await socket.closed, { code: 1006, reason: "" });
    await client.settle();
    assert.deepEqual(codes, [1006]);
  });

  for (const answersPings of [true, false]) {
    test(
      `a peer that ${answersPings ? "answers" : "does not answer"} pings is ${
        answersPings ? "kept" : "dropped"
      }`,
      async () => {
        const clock = new TestClock();
        await using client = await testClient(socketApp, {
          clock,
          wsPingInterval: 20,
          wsPingTimeout: 10,
        });
        const socket = await client.webSocket("/", { answersPings });
        await clock.advance(22_000);
        assert.equal(socket.pings, 1);
        await clock.advance(11_000);
        assert.equal(socket.connection.isClosed, !answersPings);
      },
    );
  }

  test("ping() is answered", async () => {
    await using client = await testClient(socketApp);
    await using socket = await client.webSocket("/");
    await socket.ping();
    await client.settle();
    assert.equal(socket.pongs, 1);
  });
});

describe("the server", () => {
  test("runs the lifespan, and shows its state", async () => {
    const notes: string[] = [];
    const app: AsgiApp = async (scope: Scope, receive, send) => {
      if (scope.type === "lifespan") {
        for (;;) {
          const { type } = await receive();
          notes.push(type);
          if (type === "lifespan.startup") {
            scope.state.db = "open";
            await send({ type: "lifespan.startup.complete" });
          } else return await send({ type: "lifespan.shutdown.complete" });
        }
      }
    };
    {
      await using client = await testClient(app);
      assert.equal(client.state.db, "open");
      assert.equal(client.server.phase, "running");
      assert.deepEqual(notes, ["lifespan.startup"]);
    }
    assert.deepEqual(notes, ["lifespan.startup", "lifespan.shutdown"]);
  });

  test("fails to start as on a port", async () => {
    await assert.rejects(testClient("no_such_module:app"), AppLoadError);
    await assert.rejects(
      testClient((_scope, _receive, _send) => Promise.reject(new Error("no")), {
        lifespan: "on",
      }),
      StartupError,
    );
    await assert.rejects(
      testClient(hello, { port: -1 }),
      ConfigError,
    );
  });

  test("keeps what it logged, with access lines", async () => {
    const seen: string[] = [];
    await using client = await testClient(hello, {
      logSink: (record) => seen.push(record.message),
    });
    await (await client.fetch("/x")).text();
    await client.settle();
    const access = client.logs.filter(({ logger }) =>
      logger === "tricorn.access"
    );
    assert.deepEqual(access.map(({ message }) => message), [
      '127.0.0.1:50000 - "GET /x HTTP/1.1" 200',
    ]);
    assert.ok(
      client.logs.some(({ message }) => /Tricorn running/.test(message)),
    );
    assert.deepEqual(seen, client.logs.map(({ message }) => message));
  });

  test("close() tells whether calls had to be cut off", async () => {
    const client = await testClient(hello);
    await client.fetch("/");
    assert.equal(await client.close(), true);
    assert.equal(await client.close(), true);
    const stuck = await testClient(httpApp(() => new Promise(() => {})));
    const pending = stuck.fetch("/").catch((error) => error);
    await stuck.settle();
    assert.equal(await stuck.close(), false);
    assert.ok(await pending instanceof ConnectionLost);
  });

  test("stop() drains: a request in progress is answered", async () => {
    const answer = Promise.withResolvers<void>();
    await using client = await testClient(
      httpApp(async (_scope, _receive, send) => {
        await answer.promise;
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body", body: "late" });
      }),
    );
    const pending = client.fetch("/");
    await client.settle();
    const stopped = client.server.stop();
    await untilDeaf(client);
    answer.resolve();
    const response = await pending;
    assert.equal(response.headers.get("connection"), "close");
    assert.equal(await response.text(), "late");
    assert.equal(await stopped, true);
  });

  test("a UNIX socket and several addresses need no kernel", async () => {
    await using unix = await testClient(tell, { uds: "/nowhere/a.sock" });
    assert.equal(unix.baseUrl, "http://localhost");
    const told = await (await unix.fetch("/")).json() as HttpScope;
    assert.deepEqual(told.server, ["/nowhere/a.sock", null]);
    await using both = await testClient(hello, {
      bind: ["127.0.0.1:80", "127.0.0.2:81"],
    });
    assert.equal((await both.fetch("/")).status, 200);
  });

  test("TLS is told of, not spoken", async () => {
    let tls: unknown;
    await using client = await testClient(
      httpApp(async (scope, _receive, send) => {
        tls = scope.extensions?.tls;
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body", body: scope.scheme });
      }),
    );
    const response = await client.fetch("https://a.b/");
    assert.equal(await response.text(), "https");
    assert.equal((tls as { tls_version: number }).tls_version, 0x0304);
    assert.equal(await (await client.fetch("/")).text(), "http");
    assert.equal(tls, undefined);
  });

  test("starts and stops a hundred times, and leaves nothing", async () => {
    const phases = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const client = await testClient(hello);
      assert.equal((await client.fetch("/")).status, 200);
      assert.equal(await client.close(), true);
      phases.add(client.server.phase);
      assert.equal(client.server.stats.connections, 0);
    }
    assert.deepEqual([...phases], ["finished"]);
  });
});

describe("a clock", () => {
  test("lets a request time out", async () => {
    const clock = new TestClock();
    await using client = await testClient(
      httpApp(() => new Promise(() => {})),
      { clock, timeoutRequest: 30 },
    );
    const responses: TestResponse[] = [];
    const pending = client.fetch("/").then((one) => responses.push(one));
    await clock.advance(29_000);
    assert.deepEqual(responses, []);
    await clock.advance(2_000);
    await pending;
    assert.deepEqual(responses.map(({ status }) => status), [503]);
    assert.equal(clock.now, 31_000);
  });

  test("ends idle connections, and unfinished heads", async () => {
    const clock = new TestClock();
    await using client = await testClient(hello, {
      clock,
      timeoutKeepAlive: 5,
      timeoutRequestHead: 10,
    });
    const idle = client.connect();
    await (await client.fetch("/", { connection: idle })).text();
    const slow: TestConnection = client.connect();
    await slow.write("GET / HT");
    await clock.advance(4_000);
    assert.equal(idle.isClosed, false);
    await clock.advance(2_000);
    assert.equal(await idle.read(), undefined);
    await clock.advance(5_000);
    assert.match(await slow.text(), /^HTTP\/1\.1 408 /);
  });

  test("limits a lifespan startup", async () => {
    const clock = new TestClock();
    const starting = testClient(
      (_scope, _receive, _send) => new Promise(() => {}),
      {
        clock,
        lifespan: "on",
        timeoutLifespan: 60,
      },
    );
    const failed = assert.rejects(starting, StartupError);
    await clock.advance(61_000);
    await failed;
  });

  test("limits a graceful shutdown", async () => {
    const clock = new TestClock();
    await using client = await testClient(
      httpApp(() => new Promise(() => {})),
      { clock, timeoutGracefulShutdown: 20 },
    );
    const pending = client.fetch("/").catch((error) => error);
    await client.settle();
    let isStopped: boolean | undefined;
    const stopping = client.server.stop().then((clean) => isStopped = clean);
    await untilDeaf(client);
    await clock.advance(19_000);
    assert.equal(isStopped, undefined);
    await clock.advance(3_000);
    await stopping;
    assert.equal(isStopped, false);
    await pending;
  });

  test("tells the date", async () => {
    const clock = new TestClock({ epochMs: Date.UTC(2030, 0, 1) });
    await using client = await testClient(hello, { clock });
    const date = async () => (await client.fetch("/")).headers.get("date");
    assert.equal(await date(), "Tue, 01 Jan 2030 00:00:00 GMT");
    await clock.advance(3_600_000);
    assert.equal(await date(), "Tue, 01 Jan 2030 01:00:00 GMT");
  });
});
