/**
 * What applications of Express, Koa and Fastify see of a client that leaves: the same as behind
 * `node:http`.
 */
import assert from "node:assert/strict";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { serve } from "../../mod.ts";
import { RawClient } from "../_support/raw_client.ts";
import { readBody } from "./_node_apps.ts";
import { QUIET } from "./_node_pair.ts";

/** What the request of a client was told. */
type Events = Set<string>;

const all = new Map<string, Events>();
const wake: (() => void)[] = [];

function tell(id: string, event: string): void {
  let events = all.get(id);
  if (events === undefined) all.set(id, events = new Set());
  events.add(event);
  for (const one of wake.splice(0)) one();
}

async function until(id: string, events: readonly string[]): Promise<void> {
  while (!events.every((event) => all.get(id)?.has(event))) {
    await new Promise<void>((resolve) => wake.push(resolve));
  }
}

/** Says that the request is there, and listens to what becomes of it. */
function watch(req: IncomingMessage, res: ServerResponse): string {
  const id = new URL(req.url!, "http://h").searchParams.get("id")!;
  req.on("aborted", () => tell(id, "aborted"));
  req.on("close", () => tell(id, "request closed"));
  res.on("finish", () => tell(id, "finished"));
  res.on("close", () => tell(id, "response closed"));
  tell(id, "called");
  return id;
}

async function read(req: IncomingMessage, id: string): Promise<void> {
  try {
    req.once("data", () => tell(id, "piece"));
    await readBody(req);
    tell(id, "read");
  } catch (error) {
    tell(id, `read failed: ${(error as { code?: unknown }).code}`);
  }
}

/** A body that goes on for as long as somebody reads. */
function endless(id: string): Readable {
  const stream = new Readable({
    read() {
      setTimeout(() => this.push("first"), 1);
    },
  });
  return stream.on("close", () => tell(id, "source closed"));
}

// deno-lint-ignore no-explicit-any
type Any = any;

async function untyped(name: string): Promise<(...args: unknown[]) => Any> {
  return (await import(name)).default;
}

interface Made {
  readonly app: unknown;
  readonly listener: RequestListener;
}

const APPS: Readonly<Record<string, () => Promise<Made>>> = {
  async express() {
    const express: Any = await untyped("express");
    const app = express();
    app.post("/read", (req: Any, res: Any) => read(req, watch(req, res)));
    app.post(
      "/parse",
      (req: Any, res: Any, next: Any) => {
        req.id = watch(req, res);
        tell(req.id, "piece");
        next();
      },
      express.text(),
      (req: Any) => tell(req.id, "read"),
    );
    app.get("/never", watch);
    app.get("/stream", (req: Any, res: Any) => {
      const id = watch(req, res);
      pipeline(endless(id), res, (error: Any) => tell(id, `${error?.code}`));
    });
    app.use((error: Any, req: Any, _res: Any, _next: unknown) =>
      tell(req.id, `error: ${error.type}`)
    );
    return { app, listener: app };
  },
  async koa() {
    const Koa: Any = await untyped("koa");
    const app = new Koa();
    app.silent = true;
    app.use(async (ctx: Any) => {
      const id = watch(ctx.req, ctx.res);
      if (ctx.path === "/read") await read(ctx.req, id);
      else if (ctx.path === "/never") await new Promise(() => {});
      else ctx.body = endless(id);
    });
    return { app, listener: app.callback() };
  },
  async fastify() {
    const fastify: Any = await untyped("fastify");
    const make = () => {
      const app = fastify();
      app.addHook("onRequest", (request: Any, reply: Any, done: Any) => {
        request.id = watch(request.raw, reply.raw);
        if (request.method === "POST") tell(request.id, "piece");
        done();
      });
      app.addHook("onRequestAbort", (request: Any, done: Any) => {
        tell(request.id, "onRequestAbort");
        done();
      });
      app.addHook("onError", (request: Any, _: Any, error: Any, done: Any) => {
        tell(request.id, `error: ${error.code}`);
        done();
      });
      app.post("/parse", (request: Any) => {
        tell(request.id, "read");
        return "";
      });
      app.get("/never", () => new Promise(() => {}));
      app.get(
        "/stream",
        (request: Any, reply: Any) => reply.send(endless(request.id)),
      );
      return app;
    };
    const other = make();
    await other.ready();
    return { app: make(), listener: other.routing };
  },
};

/** What is seen besides the events of request and response, by the framework's own server and ours. */
const EXPECTED: Readonly<Record<string, Record<string, readonly string[]>>> = {
  express: {
    "POST /read": ["read failed: ECONNRESET"],
    "POST /parse": ["error: request.aborted"],
    "GET /never": [],
    "GET /stream": ["ERR_STREAM_PREMATURE_CLOSE", "source closed"],
  },
  koa: {
    "POST /read": ["read failed: ECONNRESET"],
    "GET /never": [],
    "GET /stream": ["source closed"],
  },
  fastify: {
    "POST /parse": ["error: ECONNRESET", "onRequestAbort"],
    "GET /never": ["onRequestAbort"],
    "GET /stream": ["onRequestAbort", "source closed"],
  },
};

let requests = 0;

async function leave(port: number, route: string): Promise<string> {
  const id = `${++requests}`;
  const isPost = route.startsWith("POST");
  const client = await RawClient.connect({ host: "127.0.0.1", port });
  const fields = isPost
    ? "Content-Type: text/plain\r\nContent-Length: 100\r\n"
    : "";
  client.send(
    `${route}?id=${id} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n${
      isPost ? "ten octets" : ""
    }`,
  );
  await until(id, [isPost ? "piece" : "called"]);
  if (route === "GET /stream") await client.readUntil("first");
  client.reset();
  return id;
}

for (const [name, make] of Object.entries(APPS)) {
  describe(name, () => {
    let ports: { ours: number; theirs: number };
    const ends: (() => unknown)[] = [];
    before(async () => {
      const { app, listener } = await make();
      const native = createServer(listener);
      await new Promise<void>((go) => native.listen(0, "127.0.0.1", go));
      const server = serve(app as never, QUIET);
      await server.listening;
      ends.push(() => server.stop({ timeout: 1 }), () => {
        native.close();
        native.closeAllConnections();
      });
      const theirs = (native.address() as AddressInfo).port;
      ports = { ours: server.port!, theirs };
    });
    after(() => Promise.all(ends.map((end) => end())));
    for (const [route, events] of Object.entries(EXPECTED[name]!)) {
      test(route, async () => {
        const wanted = [
          "called",
          "request closed",
          "response closed",
          ...events,
        ];
        for (const port of [ports.theirs, ports.ours]) {
          const id = await leave(port, route);
          await until(id, [...wanted, "aborted"]);
          const seen = new Set(all.get(id));
          // What is not there for all of them, such as "finished" or "read".
          for (const event of [...wanted, "aborted", "piece"]) {
            seen.delete(event);
          }
          assert.deepEqual([...seen], []);
        }
      });
    }
  });
}
