/**
 * Requests of Node applications from end to end: who leaves when, what waits for whom, what is said
 * beside head and body.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { after, describe, test } from "node:test";
import { serve, type ServeOptions } from "../../src/serve.ts";
import { TestAuthority } from "../_support/certificates.ts";
import { RawClient, type RawResponse } from "../_support/raw_client.ts";
import { pattern, readBody } from "./_node_apps.ts";
import { QUIET, requestText } from "./_node_pair.ts";

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

const started: ReturnType<typeof serve>[] = [];
after(async () => {
  for (const server of started) await server.stop({ timeout: 1 });
});

/** Serves `listener`, or another application of Node. */
async function start(app: unknown, options: ServeOptions = {}) {
  const server = serve(app as never, {
    ...QUIET,
    interface: "node",
    ...options,
  });
  started.push(server);
  const [address] = await server.listening;
  assert.ok(address.kind === "tcp");
  return {
    server,
    port: address.port,
    connect: () => RawClient.connect({ host: "127.0.0.1", port: address.port }),
  };
}

/** A listener that hands each request to the test. */
function handed() {
  const waiting = Promise.withResolvers<
    { req: IncomingMessage; res: ServerResponse }
  >();
  const listener: Listener = (req, res) => waiting.resolve({ req, res });
  return { listener, next: waiting.promise };
}

async function ask(
  app: unknown,
  text: string,
  options?: ServeOptions,
): Promise<RawResponse[]> {
  const { connect } = await start(app, options);
  const client = await connect();
  client.send(text);
  const responses: RawResponse[] = [];
  const method = text.split(" ", 1)[0]!;
  for (;;) {
    const response = await client.readResponse({ method });
    responses.push(response);
    if (response.status >= 200) break;
  }
  client.close();
  return responses;
}

describe("a client that leaves", () => {
  test("before the answer: close without finish, and the signal", async () => {
    const { listener, next } = handed();
    const { connect } = await start(listener);
    const client = await connect();
    client.send(requestText("GET /"));
    const { req, res } = await next;
    const events: string[] = [];
    res.on("finish", () => events.push("finish"));
    const { signal } = req as unknown as { signal: AbortSignal };
    const aborted = once(signal, "abort");
    const closed = once(res, "close");
    client.reset();
    await Promise.all([closed, aborted]);
    assert.deepEqual(events, []);
    assert.equal(res.destroyed, true);
    assert.equal(res.writableFinished, false);
    assert.equal(res.socket!.destroyed, true);
  });

  test("in the middle of its body: aborted, ECONNRESET", async () => {
    const { listener, next } = handed();
    const { connect } = await start(listener);
    const client = await connect();
    client.send(requestText("POST /", ["Content-Length: 100"], "some"));
    const { req } = await next;
    const error = once(req, "error");
    const aborted = once(req, "aborted");
    req.resume();
    await once(req, "data");
    client.reset();
    await aborted;
    const [reason] = await error;
    assert.equal(reason.code, "ECONNRESET");
    assert.equal(req.complete, false);
    assert.equal(req.aborted, true);
  });

  test("while nobody reads its body", async () => {
    const { listener, next } = handed();
    const { connect } = await start(listener);
    const client = await connect();
    client.send(requestText("POST /", ["Content-Length: 100"], "some"));
    const { res } = await next;
    const closed = once(res, "close");
    client.reset();
    await closed;
    assert.equal(res.destroyed, true);
  });

  test("in the middle of a stream: writes call back with an error", async () => {
    const { listener, next } = handed();
    const { connect } = await start(listener);
    const client = await connect();
    client.send(requestText("GET /"));
    const { res } = await next;
    res.write("first");
    await client.readUntil("first");
    const closed = once(res, "close");
    client.reset();
    await closed;
    const error = await new Promise<{ code?: string } | null | undefined>(
      (resolve) => res.write("late", resolve as never),
    );
    assert.equal(error?.code, "ERR_STREAM_DESTROYED");
  });

  test("after the answer: finish, close, and the request's close", async () => {
    const events: string[] = [];
    const done = Promise.withResolvers<void>();
    const { connect } = await start(
      ((req, res) => {
        for (const name of ["finish", "close"]) {
          res.on(name, () => events.push(`res ${name}`));
        }
        req.on("close", () => {
          events.push("req close");
          done.resolve();
        });
        res.end("x");
      }) as Listener,
    );
    const client = await connect();
    client.send(requestText("POST /", [], "unread"));
    assert.equal((await client.readResponse()).body, "x");
    await done.promise;
    assert.deepEqual(events, ["res finish", "res close", "req close"]);
    client.close();
  });
});

describe("an application that leaves", () => {
  test("destroy() before the head ends the connection without an answer", async () => {
    for (
      const leave of [
        (_: IncomingMessage, res: ServerResponse) => res.destroy(),
        (req: IncomingMessage) => req.destroy(),
        (req: IncomingMessage) => req.socket.destroy(),
      ]
    ) {
      const { connect } = await start(leave);
      const client = await connect();
      client.send(requestText("POST /", ["Content-Length: 9"]));
      assert.equal((await client.readToEnd()).bytes, "");
      client.close();
    }
  });

  test("destroy() in the middle cuts the body off", async () => {
    const { connect } = await start(
      ((_, res) => {
        res.write("some", () => res.destroy());
      }) as Listener,
    );
    const client = await connect();
    client.send(requestText("GET /"));
    const { bytes } = await client.readToEnd();
    assert.match(bytes, /some/);
    assert.doesNotMatch(bytes, /\r\n0\r\n/);
    client.close();
  });

  for (
    const [what, listener] of [
      ["throws", (_: unknown) => {
        throw new Error("thrown");
      }],
      ["rejects", (_: unknown) => Promise.reject(new Error("rejected"))],
      [
        "passes an error on",
        (_: unknown, __: unknown, next: (error: Error) => void) =>
          next(new Error("passed")),
      ],
    ] as const
  ) {
    test(`that ${what} gets a 500, and the server goes on`, async () => {
      const [response] = await ask(listener, requestText("GET /"));
      assert.equal(response!.status, 500);
      assert.doesNotMatch(response!.body, /thrown|rejected|passed/);
    });
  }

  test("that passes a request on gets a 404", async () => {
    const [response] = await ask(
      (_req: unknown, _res: unknown, next: () => void) => next(),
      requestText("GET /"),
    );
    assert.equal(response!.status, 404);
  });

  test("that throws in the middle of a body cuts it off", async () => {
    const { connect } = await start(
      (async (_, res) => {
        res.write("some");
        await new Promise((resolve) => setTimeout(resolve, 5));
        throw new Error("late");
      }) as Listener,
    );
    const client = await connect();
    client.send(requestText("GET /"));
    const { bytes } = await client.readToEnd();
    assert.match(bytes, /some/);
    assert.doesNotMatch(bytes, /\r\n0\r\n/);
    client.close();
  });

  test("that sends a status or length that cannot be sent gets a 500", async () => {
    for (
      const listener of [
        (_: IncomingMessage, res: ServerResponse) => res.writeHead(700).end(),
        (_: IncomingMessage, res: ServerResponse) =>
          res.writeHead(200, { "content-length": "3" }).end("too long"),
      ]
    ) {
      const [response] = await ask(listener, requestText("GET /"));
      assert.equal(response!.status, 500);
    }
  });
});

describe("back-pressure", () => {
  test("write() says so, and drain comes when the client reads", async () => {
    const { listener, next } = handed();
    const { connect } = await start(listener);
    const client = await connect();
    client.pause();
    client.send(requestText("GET /"));
    const { res } = await next;
    const piece = pattern(64 * 1024);
    let written = 0;
    // Until the buffers of the kernel are full, too.
    for (;;) {
      written++;
      if (res.write(piece)) continue;
      assert.equal(res.writableNeedDrain, true);
      const drained = await Promise.race([
        once(res, "drain").then(() => true),
        new Promise((resolve) => setTimeout(resolve, 200, false)),
      ]);
      if (!drained) break;
      assert.ok(written < 2000, "nothing ever waits");
    }
    assert.ok(res.writableLength > 0);
    client.resume();
    await once(res, "drain");
    assert.equal(res.writableLength, 0);
    res.end();
    const response = await client.readResponse();
    assert.equal(response.body.length, written * piece.length);
    client.close();
  });

  test("a body that is not read stops the client", async () => {
    const { listener, next } = handed();
    const { connect } = await start(listener);
    const client = await connect();
    const size = 8_000_000;
    client.send(requestText("POST /", [`Content-Length: ${size}`]));
    let isSent = false;
    const sent = client.sendAll(pattern(size)).then(() => isSent = true);
    const { req, res } = await next;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(isSent, false);
    const body = await readBody(req);
    await sent;
    assert.ok(Buffer.compare(body, pattern(size)) === 0);
    res.end("read");
    assert.equal((await client.readResponse()).body, "read");
    client.close();
  });
});

describe("beside head and body", () => {
  test("early hints and other interim responses", async () => {
    const responses = await ask(
      ((_, res) => {
        res.writeEarlyHints({ link: ["</a>", "</b>"], "x-h": "1" });
        res.writeProcessing();
        res.end("final");
      }) as Listener,
      requestText("GET /"),
    );
    assert.deepEqual(responses.map(({ status }) => status), [103, 102, 200]);
    assert.equal(responses[0]!.header("link"), "</a>, </b>");
    assert.equal(responses[0]!.header("x-h"), "1");
  });

  test("100 Continue comes with the first read, or when it is asked for", async () => {
    for (const asks of [false, true]) {
      const { listener, next } = handed();
      const { connect } = await start(listener);
      const client = await connect();
      client.send(requestText("POST /", [
        "Expect: 100-continue",
        "Content-Length: 4",
      ]));
      const { req, res } = await next;
      if (asks) res.writeContinue();
      const body = readBody(req);
      assert.equal((await client.readResponse()).status, 100);
      client.send("body");
      assert.equal(Buffer.from(await body).toString(), "body");
      res.end("ok");
      assert.equal((await client.readResponse()).body, "ok");
      client.close();
    }
  });

  test("checkContinue of an http.Server decides in its place", async () => {
    const app = createServer(() => assert.fail("not this one"));
    app.on("checkContinue", (_req, res) => res.writeHead(417).end("no"));
    const [response] = await ask(
      app,
      requestText("POST /", ["Expect: 100-continue", "Content-Length: 4"]),
    );
    assert.deepEqual([response!.status, response!.body], [417, "no"]);
  });

  test("trailers reach clients that take them", async () => {
    const listener: Listener = (_, res) => {
      res.writeHead(200, { Trailer: "X-Sum" });
      res.write("data");
      res.addTrailers({ "X-Sum": "4" });
      res.end();
    };
    const [taken] = await ask(listener, requestText("GET /", ["TE: trailers"]));
    assert.deepEqual(taken!.trailers, [["x-sum", "4"]]);
    const [left] = await ask(listener, requestText("GET /"));
    assert.deepEqual([left!.body, left!.trailers], ["data", []]);
  });

  test("requests in one packet are answered in their order", async () => {
    const { connect } = await start(
      (async (req, res) => {
        if (req.url === "/slow") {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        res.end(req.url);
      }) as Listener,
    );
    const client = await connect();
    client.send(
      requestText("GET /slow") + requestText("GET /2") + requestText("GET /3"),
    );
    const bodies = [];
    for (let i = 0; i < 3; i++) bodies.push((await client.readResponse()).body);
    assert.deepEqual(bodies, ["/slow", "/2", "/3"]);
    client.close();
  });

  test("timeouts and socket options harm nothing", async () => {
    const [response] = await ask(
      ((req, res) => {
        req.setTimeout(1, () => {});
        res.setTimeout(1, () => {});
        req.socket.setTimeout(1).setNoDelay(true).setKeepAlive(true, 5).ref()
          .unref();
        setTimeout(() => res.end("still here"), 30);
      }) as Listener,
      requestText("GET /"),
    );
    assert.equal(response!.body, "still here");
  });

  test("an upload in parts comes through byte by byte", async () => {
    const part = Buffer.from(pattern(300_000)).toString("latin1");
    const body =
      "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n" +
      `\r\n${part}\r\n--b--\r\n`;
    const [response] = await ask(
      (async (req, res) => {
        const bytes = Buffer.from(await readBody(req));
        const begin = bytes.indexOf("\r\n\r\n") + 4;
        const end = bytes.lastIndexOf("\r\n--b--");
        res.end(
          String(
            Buffer.compare(bytes.subarray(begin, end), pattern(300_000)) === 0,
          ),
        );
      }) as Listener,
      requestText(
        "POST /",
        ["Content-Type: multipart/form-data; boundary=b"],
        body,
      ),
    );
    assert.equal(response!.body, "true");
  });
});

describe("the socket of a request", () => {
  const details: Listener = (req, res) => {
    const socket = req.socket as typeof req.socket & {
      encrypted: boolean;
      authorized: boolean;
      getProtocol(): string | null;
      getPeerCertificate(): { subject?: { CN?: string } };
    };
    res.end(JSON.stringify([
      socket.remoteAddress,
      socket.remoteFamily,
      socket.localPort === (socket.address() as { port: number }).port,
      socket.encrypted,
      socket.authorized,
      socket.getPeerCertificate().subject?.CN ?? null,
      socket.getProtocol(),
    ]));
  };

  test("tells what trusted proxies tell", async () => {
    const [response] = await ask(
      details,
      requestText("GET /", [
        "X-Forwarded-For: 2001:db8::7",
        "X-Forwarded-Proto: https",
      ]),
      { forwardedAllowIps: "127.0.0.1", proxyHeaders: true },
    );
    assert.deepEqual(JSON.parse(response!.body), [
      "2001:db8::7",
      "IPv6",
      true,
      true,
      false,
      null,
      null,
    ]);
  });

  test("has the client's certificate", async () => {
    const { connect } = await import("node:tls");
    const authority = new TestAuthority();
    const own = authority.server(["localhost"]);
    const client = authority.client("somebody");
    const { port } = await start(details, {
      sslContextFactory: () => ({
        identities: [{ cert: own.cert, key: own.key }],
        ca: authority.cert,
        clientCertificates: "required",
      }),
    });
    const socket = connect({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      ca: authority.cert,
      cert: client.cert,
      key: client.key,
    });
    await once(socket, "secureConnect");
    let text = "";
    socket.setEncoding("latin1").on("data", (piece: string) => text += piece);
    socket.write(requestText("GET /", ["Connection: close"]));
    await once(socket, "end");
    socket.destroy();
    const seen = JSON.parse(text.split("\r\n\r\n")[1]!);
    assert.deepEqual(seen.slice(3, 6), [true, true, "somebody"]);
    assert.match(seen[6], /^TLSv1\.[23]$/);
  });
});

describe("the life of an application", () => {
  test("Fastify is made ready at startup and closed at shutdown", async () => {
    const { default: fastify } = await import("fastify");
    const calls: string[] = [];
    for (const lifespan of ["auto", "off"] as const) {
      const app = fastify();
      app.addHook("onReady", async () => void calls.push("ready"));
      app.addHook("onClose", async () => void calls.push("closed"));
      app.get("/", async () => "served");
      const { server, connect } = await start(app, {
        lifespan,
        interface: "auto",
      });
      const client = await connect();
      client.send(requestText("GET /"));
      assert.equal((await client.readResponse()).body, "served");
      client.close();
      await server.stop({ timeout: 1 });
      // Without lifespan nobody tells of the end.
      assert.deepEqual(
        calls.splice(0),
        lifespan === "off" ? ["ready"] : ["ready", "closed"],
      );
      if (lifespan === "off") await app.close();
      calls.length = 0;
    }
  });

  test("a plugin that fails fails the start", async () => {
    const { default: fastify } = await import("fastify");
    const app = fastify();
    app.register(async () => {
      throw new Error("no database");
    });
    await assert.rejects(start(app, { interface: "auto" }), /no database/);
  });

  test("an http.Server hears that it listens and closes", async () => {
    const events: string[] = [];
    const app = createServer((_, res) => res.end("x"));
    app.on("listening", () => events.push("listening"));
    app.on("close", () => events.push("close"));
    const { server } = await start(app, { interface: "auto" });
    await server.stop({ timeout: 1 });
    assert.deepEqual(events, ["listening", "close"]);
  });

  test("a router of Express is served without an application around it", async () => {
    const name = "express";
    const { default: express } = await import(name);
    const router = express.Router();
    router.get("/here", (_: unknown, res: ServerResponse) => res.end("routed"));
    const { connect } = await start(router, { interface: "auto" });
    const client = await connect();
    client.send(requestText("GET /here") + requestText("GET /gone"));
    assert.equal((await client.readResponse()).body, "routed");
    assert.equal((await client.readResponse()).status, 404);
    client.close();
  });
});
