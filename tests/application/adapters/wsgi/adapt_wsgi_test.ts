import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serve } from "../../../../mod.ts";
import type { WsgiApp } from "../../../../src/application/application.ts";
import type { Server } from "../../../../src/server/server.ts";
import type { WsgiInput } from "../../../../src/application/adapters/wsgi/wsgi_input.ts";

let closed = 0;

const app: WsgiApp = (environ, startResponse) => {
  const input = environ["wsgi.input"] as WsgiInput;
  switch (environ["PATH_INFO"]) {
    case "/sync": {
      const body = new TextDecoder().decode(input.readSync());
      startResponse("200 OK", [["Content-Type", "text/plain"]]);
      return [`${environ["REQUEST_METHOD"]} ${body}`];
    }
    case "/async":
      return (async function* () {
        const body = await input.read();
        startResponse("201 Made", []);
        yield `${body.length} bytes`;
      })();
    case "/error": {
      const errors = environ["wsgi.errors"] as { write(text: string): void };
      errors.write("about to fail\n");
      throw new Error("failed");
    }
    case "/endless":
      startResponse("200 OK", []);
      return {
        *[Symbol.iterator]() {
          for (;;) yield "x".repeat(65536);
        },
        close: () => void closed++,
      } as Iterable<string>;
  }
  startResponse("404 Not Found", []);
  return [];
};

describe("a WSGI application", () => {
  let server: Server;
  const lines: string[] = [];
  before(async () => {
    server = serve(app, {
      port: 0,
      interface: "wsgi",
      lifespan: "on",
      logSink: (record) => void lines.push(`${record.level} ${record.message}`),
    });
    await server.listening;
  });
  after(async () => {
    await server.stop();
  });

  test("answers, and reads a short body at once", async () => {
    const response = await fetch(`${server.url}/sync`, {
      method: "POST",
      body: "hello",
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain");
    assert.equal(await response.text(), "POST hello");
  });

  test("reads a long body as it arrives", async () => {
    const response = await fetch(`${server.url}/async`, {
      method: "POST",
      body: "x".repeat(300_000),
    });
    assert.equal(response.status, 201);
    assert.equal(await response.text(), "300000 bytes");
  });

  test("that throws answers 500, and what it wrote is in the log", async () => {
    const response = await fetch(`${server.url}/error`);
    assert.equal(response.status, 500);
    await response.body?.cancel();
    assert.ok(lines.includes("error about to fail"), lines.join("\n"));
  });

  test("has its body closed when the client leaves", async () => {
    const controller = new AbortController();
    const response = await fetch(`${server.url}/endless`, {
      signal: controller.signal,
    });
    await response.body!.getReader().read();
    controller.abort();
    while (closed === 0) await new Promise((done) => setTimeout(done, 5));
    assert.equal(closed, 1);
  });

  test("gets a handshake of a WebSocket as an ordinary request (options:B-007)", async () => {
    const { hostname, port } = new URL(server.url!);
    const { connect } = await import("node:net");
    const socket = connect(Number(port), hostname);
    socket.write(
      "GET /none HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let text = "";
    for await (const chunk of socket) {
      text += chunk;
    }
    assert.match(text, /^HTTP\/1\.1 404 /);
    assert.ok(lines.includes("warning Unsupported upgrade request."));
  });
});
