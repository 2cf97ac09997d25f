/**
 * Fetch frameworks behind this server and behind the server that their users have today: the same
 * requests get the same answers. What differs stands in `DIFFERENCES`, with its reason.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Elysia } from "elysia";
import { H3 } from "h3";
import { Hono } from "hono";
import { streamText } from "hono/streaming";
import type { RawResponse } from "../_support/raw_client.ts";
import { exchange, request } from "../_support/raw_client.ts";
import { RUNTIME, type RuntimeName } from "../_support/this_runtime.ts";
import { type Fetch, type Listening, native, ours } from "./_fetch_pair.ts";

const encoder = new TextEncoder();

function stream(...pieces: string[]): ReadableStream {
  return new ReadableStream({
    async start(controller) {
      for (const piece of pieces) {
        controller.enqueue(encoder.encode(piece));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      controller.close();
    },
  });
}

/** The same routes in each framework, as its users write them. */
const hono = new Hono();
hono.get("/text", (c) => c.text("Hello, world!"));
hono.get("/json", (c) => c.json({ hello: "wörld" }, 201));
hono.get("/html", (c) => c.html("<p>hi</p>"));
hono.get("/empty", (c) => c.body(null, 204));
hono.get("/redirect", (c) => c.redirect("/text"));
hono.get("/cookies", (c) => {
  c.header("set-cookie", "a=1; Path=/");
  c.header("set-cookie", "b=2", { append: true });
  c.header("x-order", "1");
  return c.text("cookies");
});
hono.get("/stream", (c) =>
  streamText(c, async (out) => {
    await out.write("one ");
    await out.sleep(5);
    await out.write("two");
  }));
hono.get("/throw", () => {
  throw new Error("boom");
});
hono.post("/json", async (c) => c.json({ got: await c.req.json() }));
hono.post("/form", async (c) => c.json(await c.req.parseBody()));
hono.post(
  "/length",
  async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)),
);
hono.post("/unread", (c) => c.text("not read"));
hono.get("/query", (c) => c.json(c.req.queries()));
hono.onError((_error, c) => c.text("failed", 500));

const h3 = new H3({ silent: true });
h3.get("/text", () => "Hello, world!");
h3.get("/json", (event) => {
  event.res.status = 201;
  return { hello: "wörld" };
});
h3.get("/html", (event) => {
  event.res.headers.set("content-type", "text/html");
  return "<p>hi</p>";
});
h3.get("/empty", (event) => {
  event.res.status = 204;
  return null;
});
h3.get("/stream", () => stream("one ", "two"));
h3.get("/throw", () => {
  throw new Error("boom");
});
h3.post("/json", async (event) => ({ got: await event.req.json() }));
h3.post(
  "/length",
  async (event) => String((await event.req.arrayBuffer()).byteLength),
);
h3.get("/query", (event) => event.url.search);

const elysia = new Elysia({ aot: false })
  .get("/text", () => "Hello, world!")
  .get("/json", ({ set }) => {
    set.status = 201;
    return { hello: "wörld" };
  })
  .get("/cookies", ({ cookie: { a, b } }) => {
    a!.value = "1";
    b!.value = "2";
    return "cookies";
  })
  .get("/redirect", ({ redirect }) => redirect("/text"))
  .get("/throw", () => {
    throw new Error("boom");
  })
  .get("/stream", async function* () {
    yield "one ";
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield "two";
  })
  .post("/json", ({ body }) => ({ got: body }))
  .get("/query", ({ query }) => query);

/** Plain handlers: every kind of body that a Response takes. */
const BODIES: Record<string, () => Response> = {
  text: () => new Response("Hello, world!"),
  empty: () => new Response(""),
  null: () => new Response(null),
  bytes: () => new Response(new Uint8Array([0, 255, 10])),
  buffer: () => new Response(new Uint8Array([1, 2]).buffer),
  blob: () => new Response(new Blob(["blob"], { type: "text/x-blob" })),
  untyped: () => new Response(new Blob(["blob"])),
  params: () => new Response(new URLSearchParams({ a: "1", b: "ä" })),
  json: () => Response.json({ a: 1 }),
  redirect: () => Response.redirect("http://example.org/", 308),
  stream: () => new Response(stream("one ", "two")),
  typed: () =>
    new Response(stream("one"), { headers: { "content-type": "text/x-s" } }),
  latin: () => new Response("x", { headers: { "x-latin": "caf\u00e9" } }),
  length: () =>
    new Response(stream("abc", "def"), { headers: { "content-length": "6" } }),
  status: () => new Response("teapot", { status: 418, statusText: "Teapot" }),
  notModified: () =>
    new Response(null, { status: 304, headers: { etag: '"1"' } }),
};

const plain: { fetch: Fetch } = {
  fetch({ url }) {
    const make = BODIES[new URL(url).pathname.slice(1)];
    return make === undefined ? new Response("?", { status: 404 }) : make();
  },
};

const APPS: Record<string, { fetch: Fetch }> = {
  hono: { fetch: (request) => hono.fetch(request) },
  h3: { fetch: (request) => h3.fetch(request) as Promise<Response> },
  elysia: { fetch: (request) => elysia.fetch(request) as Promise<Response> },
  plain,
};

/** What is asked of each application: name to the head and body of the request. */
function requestsFor(name: string): Record<string, string> {
  const paths = name === "plain"
    ? Object.keys(BODIES)
    : ["text", "json", "html", "empty", "redirect", "cookies", "stream"];
  const asked: Record<string, string> = {};
  for (const path of paths) asked[`GET /${path}`] = request(`GET /${path}`);
  if (name === "plain") return asked;
  const post = (path: string, type: string, body: string) =>
    request(`POST ${path}`, [
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
    ], body);
  Object.assign(asked, {
    "GET /throw": request("GET /throw"),
    "GET /nothing": request("GET /nothing"),
    "HEAD /text": request("HEAD /text"),
    "GET /query": request("GET /query?a=1&a=2&b=%20x"),
    "POST /json": post("/json", "application/json", '{"a":[1,2]}'),
    "POST /length": post(
      "/length",
      "application/octet-stream",
      "x".repeat(5000),
    ),
    "POST /unread": post("/unread", "text/plain", "unread"),
    "POST /form": post("/form", "application/x-www-form-urlencoded", "a=1&b=2"),
  });
  return asked;
}

/** Fields that each server adds by its own rules; framing is told by the body that arrives. */
const OF_THE_SERVER = new Set([
  "content-length",
  "transfer-encoding",
  "date",
  "server",
  "connection",
  "keep-alive",
  "vary",
]);

/** How an answer is compared. */
function shown(answer: RawResponse) {
  return {
    status: answer.status,
    fields: answer.headers
      .filter(([name]) => !OF_THE_SERVER.has(name.toLowerCase()))
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      // Servers differ in the place of their own; the order of one name counts.
      .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0),
    body: answer.body,
  };
}

const NAMED_TEXT =
  "@hono/node-server calls every body without a content type text";
const UNTYPED_BYTES =
  "Bun's server calls bytes without a type application/octet-stream, but shows them as text to others";

/**
 * What differs from the server of one runtime, as `application request`, and why. A row that no
 * longer differs fails.
 */
const DIFFERENCES: Record<RuntimeName, Record<string, string>> = {
  deno: {
    "elysia GET /stream": "Deno.serve refuses chunks that are strings",
  },
  bun: {
    "plain GET /bytes": UNTYPED_BYTES,
    "plain GET /buffer": UNTYPED_BYTES,
    "elysia HEAD /text":
      "Bun's server leaves the type of text out of what HEAD asks for, and has it for GET",
  },
  node: {
    "h3 GET /text": NAMED_TEXT,
    "h3 GET /query": NAMED_TEXT,
    "h3 GET /stream": NAMED_TEXT,
    "h3 POST /length": NAMED_TEXT,
    "plain GET /bytes": NAMED_TEXT,
    "plain GET /buffer": NAMED_TEXT,
    "plain GET /untyped": NAMED_TEXT,
    "plain GET /stream": NAMED_TEXT,
    "plain GET /length": NAMED_TEXT,
  },
};

for (const [name, app] of Object.entries(APPS)) {
  describe(name, () => {
    let servers: { theirs: Listening; ours: Listening };
    before(async () => {
      servers = { theirs: await native(app), ours: await ours(app) };
    });
    after(async () => {
      await Promise.all([servers.theirs.stop(), servers.ours.stop()]);
    });
    for (const [asked, text] of Object.entries(requestsFor(name))) {
      test(`${asked} is answered as by the runtime's own server`, async () => {
        const ask = async ({ port }: Listening) =>
          shown(await exchange({ host: "127.0.0.1", port }, text));
        const got = await ask(servers.ours);
        const wanted = await ask(servers.theirs);
        const reason = DIFFERENCES[RUNTIME][`${name} ${asked}`];
        if (reason === undefined) assert.deepEqual(got, wanted);
        else assert.notDeepEqual(got, wanted);
      });
    }
  });
}
