/**
 * What fetch applications see of a client that leaves: the same as behind the server that their
 * users have today. What differs stands in `LATER`, with its reason.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Elysia } from "elysia";
import { H3 } from "h3";
import { Hono } from "hono";
import { stream as honoStream } from "hono/streaming";
import { RawClient } from "../_support/raw_client.ts";
import { RUNTIME } from "../_support/this_runtime.ts";
import { type Fetch, type Listening, native, ours } from "./_fetch_pair.ts";

/** What one request was told; by its number, because two servers have the same application. */
class Seen {
  readonly #all = new Map<string, Set<string>>();
  #wake: (() => void)[] = [];

  of(id: string): Set<string> {
    const known = this.#all.get(id);
    if (known !== undefined) return known;
    const made = new Set<string>();
    this.#all.set(id, made);
    return made;
  }

  add(id: string, event: string): void {
    this.of(id).add(event);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Resolves when all of `events` have been seen. */
  async until(id: string, events: readonly string[]): Promise<void> {
    while (!events.every((event) => this.of(id).has(event))) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

const seen = new Seen();
const idOf = ({ url }: Request) => new URL(url).searchParams.get("id")!;

/** Says that the request is there, and listens to its signal. */
function watch(request: Request): string {
  const id = idOf(request);
  request.signal.addEventListener("abort", () => seen.add(id, "signal"));
  seen.add(id, "called");
  return id;
}

async function readBody(request: Request): Promise<Response> {
  const id = watch(request);
  try {
    await request.text();
    seen.add(id, "read");
  } catch {
    seen.add(id, "read failed");
  }
  return new Response("read");
}

async function readPieces(request: Request): Promise<Response> {
  const id = watch(request);
  try {
    for await (const _ of request.body!) seen.add(id, "piece");
    seen.add(id, "read");
  } catch {
    seen.add(id, "read failed");
  }
  return new Response("read");
}

/** Is silent after its first piece. */
function silentStream(request: Request): Response {
  const id = watch(request);
  return new Response(
    new ReadableStream({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode("first")),
      cancel: () => seen.add(id, "cancel"),
    }),
  );
}

/** Goes on for as long as somebody reads. */
function busyStream(request: Request): Response {
  const id = watch(request);
  return new Response(
    new ReadableStream({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode("first"));
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
      cancel: () => seen.add(id, "cancel"),
    }),
  );
}

/** Answers nobody: only once the client has left, because `Deno.serve` waits for it at its end. */
function never(request: Request): Promise<Response> {
  watch(request);
  return new Promise((resolve) => {
    const answer = () => resolve(new Response("late"));
    request.signal.addEventListener("abort", answer);
  });
}

const HANDLERS: Readonly<Record<string, Fetch>> = {
  "POST /text": readBody,
  "POST /pieces": readPieces,
  "GET /silent": silentStream,
  "GET /busy": busyStream,
  "GET /never": never,
};

const hono = new Hono();
hono.get("/helper", (c) => {
  const id = watch(c.req.raw);
  return honoStream(c, async (stream) => {
    stream.onAbort(() => seen.add(id, "onAbort"));
    while (!stream.aborted) {
      await stream.write("first");
      await stream.sleep(1);
    }
    seen.add(id, "aborted");
  });
});

const h3 = new H3({ silent: true });

const elysia = new Elysia({ aot: false });
elysia.get("/helper", async function* ({ request }) {
  const id = watch(request);
  try {
    for (;;) {
      yield "first";
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } finally {
    seen.add(id, "finally");
  }
});

for (const [route, handler] of Object.entries(HANDLERS)) {
  const [method, path] = route.split(" ") as ["GET" | "POST", string];
  hono.on(method, path, (c) => handler(c.req.raw));
  h3.on(method, path, (event) => handler(event.req as Request));
  elysia.route(method, path, ({ request }) => handler(request), {
    parse: "none",
  });
}

const APPS: Readonly<Record<string, { fetch: Fetch }>> = {
  hono: { fetch: (request) => hono.fetch(request) },
  h3: { fetch: (request) => h3.fetch(request) as Promise<Response> },
  elysia: { fetch: (request) => elysia.fetch(request) as Promise<Response> },
  plain: {
    fetch(request) {
      const { pathname } = new URL(request.url);
      return HANDLERS[`${request.method} ${pathname}`]!(request);
    },
  },
};

/**
 * What ours tells five seconds later than the runtime's own server, so that one application shows
 * it. A client that only ends its sending side may want the answer, and gets it; while nothing is
 * sent to it, that is all that is known of a client that hangs up.
 */
const LATER: ReadonlySet<string> = new Set(["GET /never", "GET /silent"]);

/** A client that leaves, and what is seen of it. */
interface Case {
  readonly apps: readonly string[];
  readonly route: string;
  readonly events: readonly string[];
  /** Why the runtime's own server does not even serve it on Deno. */
  readonly notOnDeno?: string;
}

const ALL = Object.keys(APPS);
const CASES: readonly Case[] = [
  { apps: ALL, route: "POST /text", events: ["read failed", "signal"] },
  { apps: ALL, route: "POST /pieces", events: ["read failed", "signal"] },
  { apps: ALL, route: "GET /never", events: ["signal"] },
  { apps: ALL, route: "GET /silent", events: ["cancel", "signal"] },
  { apps: ALL, route: "GET /busy", events: ["cancel", "signal"] },
  { apps: ["hono"], route: "GET /helper", events: ["onAbort", "aborted"] },
  {
    apps: ["elysia"],
    route: "GET /helper",
    events: ["finally"],
    notOnDeno: "Deno.serve ends a stream of text, which Elysia's is",
  },
];

let requests = 0;

/** Sends the request, and leaves in the middle of it. @returns Its number. */
async function leave(
  { port }: Listening,
  route: string,
  how: "reset" | "close",
): Promise<string> {
  const id = String(++requests);
  const isPost = route.startsWith("POST");
  const client = await RawClient.connect({ host: "127.0.0.1", port });
  const length = isPost ? "Content-Length: 100\r\n" : "";
  client.send(
    `${route}?id=${id} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n${
      isPost ? "ten octets" : ""
    }`,
  );
  await seen.until(id, [route.endsWith("pieces") ? "piece" : "called"]);
  const isStream = !isPost && !route.endsWith("never");
  if (isStream) await client.readUntil("first");
  client[how]();
  return id;
}

for (const [name, app] of Object.entries(APPS)) {
  describe(name, () => {
    let servers: { theirs: Listening; ours: Listening };
    before(async () => {
      servers = { theirs: await native(app), ours: await ours(app) };
    });
    after(async () => {
      await Promise.all([servers.theirs.stop(), servers.ours.stop()]);
    });
    for (const { route, events, apps, notOnDeno } of CASES) {
      if (!apps.includes(name)) continue;
      const where = notOnDeno === undefined ? "" : "[bun] [node] ";
      const skip = RUNTIME === "deno" && notOnDeno;
      test(`${where}${route}: a reset is told as by the runtime's own server`, {
        skip,
      }, async () => {
        for (const server of [servers.theirs, servers.ours]) {
          const id = await leave(server, route, "reset");
          await seen.until(id, events);
          assertNoMore(id, events);
        }
      });
      if (LATER.has(route) && name !== "plain") continue;
      test(`${where}${route}: so is a client that hangs up`, {
        skip,
      }, async () => {
        const ids = await Promise.all(
          [servers.theirs, servers.ours].map((server) =>
            leave(server, route, "close")
          ),
        );
        await seen.until(ids[0]!, events);
        await seen.until(ids[1]!, events);
        for (const id of ids) assertNoMore(id, events);
      });
    }
  });
}

/** Nothing was seen that is not among `events`, or belongs to every request. */
function assertNoMore(id: string, events: readonly string[]): void {
  const usual = new Set([...events, "called", "piece", "signal"]);
  assert.deepEqual([...seen.of(id)].filter((one) => !usual.has(one)), []);
}
