/** The same application in each framework of Node, and as a plain listener. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { fileURLToPath } from "node:url";

/** A file that is sent. */
export const FILE: string = fileURLToPath(
  new URL("../../LICENSE", import.meta.url),
);

/** Bytes of a size, the same each time, no two runs of 251 alike to a shift. */
export function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i % 251);
}

/** Collects a body. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

/** The framework's own parts are in its own function; what all share is written on `res`. */
type Step = (
  request: IncomingMessage,
  response: ServerResponse,
) => unknown;

/** Requests that are answered on `node:http`'s own objects, by path. */
export const STEPS: Readonly<Record<string, Step>> = {
  "/raw/hello": (_, res) => res.end("hello"),
  "/raw/empty": (_, res) => res.end(),
  "/raw/head": (_, res) => {
    res.writeHead(201, { "X-One": "1", "content-type": "text/x" });
    res.end("body");
  },
  "/raw/list": (_, res) => {
    res.setHeader("x-kept", "k");
    res.writeHead(200, ["X-A", "1", "X-A", "2", "X-B", "3"]).end();
  },
  "/raw/duplicates": (_, res) => {
    res.setHeader("Set-Cookie", ["a=1", "b=2; Path=/"]);
    res.setHeader("X-Many", ["1", "2"]);
    res.appendHeader("x-more", "1");
    res.appendHeader("X-More", "2");
    res.removeHeader("x-none");
    res.end(JSON.stringify([
      res.getHeader("SET-COOKIE"),
      res.getHeaderNames(),
      res.hasHeader("x-many"),
    ]));
  },
  "/raw/reason": (_, res) => res.writeHead(404, "Nothing Here").end("gone"),
  "/raw/204": (_, res) => res.writeHead(204).end(),
  "/raw/304": (_, res) => res.writeHead(304, { etag: '"x"' }).end(),
  "/raw/redirect": (_, res) => res.writeHead(302, { location: "/x?y=1" }).end(),
  "/raw/encodings": (_, res) => {
    res.write("ff00", "hex");
    res.write("w6k=", "base64");
    res.write("é", "latin1");
    res.end("é");
  },
  "/raw/stream": async (_, res) => {
    for (let i = 0; i < 5; i++) {
      res.write(`${i}\n`);
      await tick();
    }
    res.end("end\n");
  },
  "/raw/pipe": (_, res) => pipeline(createReadStream(FILE), res, () => {}),
  "/raw/echo": (req, res) => req.pipe(res),
  "/raw/digest": async (req, res) => {
    const hash = createHash("sha256");
    let size = 0;
    for await (const piece of req) {
      hash.update(piece);
      size += piece.length;
      if (size % 7 === 0) await tick();
    }
    res.end(`${size} ${hash.digest("hex")}`);
  },
  "/raw/big": async (_, res) => {
    const piece = pattern(60_000);
    for (let i = 0; i < 40; i++) {
      if (!res.write(piece)) {
        await new Promise((resolve) => res.once("drain", resolve));
      }
    }
    res.end();
  },
  "/raw/request": (req, res) => {
    const { headers, method, url, httpVersion } = req;
    delete headers["x-node-test"];
    res.end(JSON.stringify({
      method,
      url,
      httpVersion,
      headers,
      distinct: req.headersDistinct["x-twice"],
      raw: req.rawHeaders.filter((_, i) => i % 2 === 1),
      remote: req.socket.remoteAddress,
      family: req.socket.remoteFamily,
      encrypted: Boolean((req.socket as { encrypted?: boolean }).encrypted),
    }));
  },
  "/raw/trailers": async (req, res) => {
    await readBody(req);
    res.end(JSON.stringify([req.trailers, req.complete]));
  },
  "/raw/send-trailers": (_, res) => {
    res.setHeader("Trailer", "X-Sum");
    res.write("data");
    res.addTrailers({ "X-Sum": "4" });
    res.end();
  },
  "/raw/hints": (_, res) => {
    res.writeEarlyHints({ link: "</a.css>; rel=preload", "x-h": "1" });
    res.end("final");
  },
  "/raw/errors": (_, res) => {
    const errors: (string | undefined)[] = [];
    const attempt = (what: () => unknown) => {
      try {
        what();
        errors.push("none");
      } catch (error) {
        errors.push((error as { code?: string }).code);
      }
    };
    attempt(() => res.setHeader("bad name", "x"));
    attempt(() => res.setHeader("x", "a\r\nb"));
    attempt(() => res.writeHead(99));
    attempt(() => res.write(null));
    attempt(() => res.write(5 as never));
    res.writeHead(200);
    attempt(() => res.setHeader("x", "1"));
    attempt(() => res.removeHeader("x"));
    attempt(() => res.writeHead(200));
    res.end(errors.join());
  },
  "/raw/after-end": (_, res) => {
    const seen: string[] = [];
    res.on("error", (error: { code?: string }) => seen.push(error.code ?? "?"));
    res.end("whole");
    res.write("more");
  },
  "/raw/states": (_, res) => {
    const states: unknown[] = [res.headersSent, res.writableEnded];
    res.write("x");
    states.push(res.headersSent, res.writableEnded, res.writableFinished);
    res.end(JSON.stringify(states));
  },
  "/raw/middleware": (_, res) => {
    // As compression and on-headers do it.
    const { writeHead, end } = res;
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      this.setHeader("x-late", "1");
      return writeHead.apply(this, args as never);
    } as never;
    res.end = function (this: ServerResponse, chunk: string) {
      return end.call(this, chunk.toUpperCase() as never, "utf8");
    } as never;
    res.end("shouted");
  },
};

/** Answers one of {@linkcode STEPS}; false if the path is none. */
export function takesStep(
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const step = STEPS[request.url!.split("?")[0]!];
  if (step === undefined) return false;
  void step(request, response);
  return true;
}

/** A listener of `node:http`. */
export function plainListener(
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (takesStep(request, response)) return;
  response.statusCode = 404;
  response.end("nothing");
}

/** A package without types of its own. */
async function untyped(name: string): Promise<(...args: unknown[]) => unknown> {
  return (await import(name)).default;
}

// deno-lint-ignore no-explicit-any
type Any = any;

/** The application in Express. */
export async function expressApp(): Promise<unknown> {
  const express: Any = await untyped("express");
  const app = express();
  app.use((req: Any, res: Any, next: () => void) => {
    if (!takesStep(req, res)) next();
  });
  app.get("/", (_: Any, res: Any) => res.send("Hello, world!"));
  app.get("/json", (_: Any, res: Any) => res.json({ a: [1, "é", null] }));
  app.get("/who", (req: Any, res: Any) =>
    res.json({
      ip: req.ip,
      protocol: req.protocol,
      secure: req.secure,
      host: req.hostname,
    }));
  app.get(
    "/cookies",
    (_: Any, res: Any) =>
      res.cookie("a", "1", { httpOnly: true }).cookie("b", "x y").clearCookie(
        "c",
      )
        .send("set"),
  );
  app.get("/redirect", (_: Any, res: Any) => res.redirect(303, "/json"));
  app.get("/status", (_: Any, res: Any) => res.sendStatus(418));
  app.get("/fresh", (_: Any, res: Any) => res.send("the same each time"));
  app.get(
    "/file",
    (_: Any, res: Any) => res.sendFile(FILE, { lastModified: false }),
  );
  app.get("/download", (_: Any, res: Any) => res.download(FILE, "licence.txt"));
  app.get(
    "/params/:id",
    (req: Any, res: Any) => res.json({ params: req.params, query: req.query }),
  );
  app.post("/json", express.json(), (req: Any, res: Any) => res.json(req.body));
  app.post(
    "/form",
    express.urlencoded({ extended: true }),
    (req: Any, res: Any) => res.json(req.body),
  );
  app.post(
    "/limited",
    express.text({ limit: 10 }),
    (req: Any, res: Any) => res.send(req.body),
  );
  app.post(
    "/bytes",
    express.raw({ type: "*/*", limit: "5mb" }),
    (req: Any, res: Any) => res.type("bin").send(req.body),
  );
  app.get("/throw", () => {
    throw Object.assign(new Error("thrown"), { status: 503, expose: true });
  });
  app.get("/reject", () => Promise.reject(new Error("rejected")));
  const nested = express();
  nested.get(
    "/deep",
    (req: Any, res: Any) =>
      res.send(`${req.baseUrl} ${req.originalUrl} ${req.url}`),
  );
  app.use("/nested", nested);
  app.use((error: Any, _req: Any, res: Any, _next: Any) =>
    res.status(error.status ?? 500).send(`failed: ${error.message}`)
  );
  return app;
}

/** The application in Koa. */
export async function koaApp(): Promise<unknown> {
  const Koa: Any = await untyped("koa");
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx: Any, next: () => Promise<void>) => {
    if (STEPS[ctx.path] !== undefined) {
      ctx.respond = false;
      takesStep(ctx.req, ctx.res);
    } else await next();
  });
  app.use(async (ctx: Any) => {
    switch (`${ctx.method} ${ctx.path}`) {
      case "HEAD /":
      case "GET /":
        ctx.body = "Hello, world!";
        break;
      case "GET /json":
        ctx.body = { a: [1, "é", null] };
        break;
      case "GET /who":
        ctx.body = { ip: ctx.ip, protocol: ctx.protocol, host: ctx.host };
        break;
      case "GET /cookies":
        ctx.cookies.set("a", "1");
        ctx.cookies.set("b", "2", { httpOnly: false });
        ctx.body = "set";
        break;
      case "GET /redirect":
        ctx.status = 303;
        ctx.redirect("/json");
        break;
      case "GET /file":
        ctx.type = "text/plain";
        ctx.body = createReadStream(FILE);
        break;
      case "POST /bytes":
        ctx.body = Buffer.from(await readBody(ctx.req));
        break;
      case "POST /echo":
        ctx.body = ctx.req;
        break;
      case "GET /throw":
        throw new Error("thrown");
      case "GET /refuse":
        ctx.throw(403, "not you");
    }
  });
  return app;
}

/** The application in Fastify. */
export async function fastifyApp(): Promise<unknown> {
  const fastify: Any = await untyped("fastify");
  const app = fastify();
  for (const path of Object.keys(STEPS)) {
    const handler = (request: Any, reply: Any) => {
      reply.hijack();
      takesStep(request.raw, reply.raw);
    };
    app.get(path, handler);
  }
  app.get("/", () => "Hello, world!");
  app.get("/json", () => ({ a: [1, "é", null] }));
  app.get("/who", (request: Any) => ({
    ip: request.ip,
    protocol: request.protocol,
    host: request.host,
  }));
  app.get(
    "/cookies",
    (_: Any, reply: Any) =>
      reply.header("set-cookie", "a=1").header("set-cookie", "b=2").send("set"),
  );
  app.get("/redirect", (_: Any, reply: Any) => reply.redirect("/json", 303));
  app.get(
    "/file",
    (_: Any, reply: Any) =>
      reply.type("text/plain").send(createReadStream(FILE)),
  );
  app.post("/json", (request: Any) => request.body);
  app.addContentTypeParser(
    "application/octet-stream",
    { parseAs: "buffer" },
    (_: Any, body: Any, done: Any) => done(null, body),
  );
  app.post(
    "/bytes",
    (request: Any, reply: Any) =>
      reply.type("application/octet-stream").send(request.body),
  );
  app.get("/throw", () => {
    throw new Error("thrown");
  });
  app.get("/early", (_: Any, reply: Any) => {
    reply.raw.setHeader("x-early", "1");
    return "early";
  });
  return await app;
}
