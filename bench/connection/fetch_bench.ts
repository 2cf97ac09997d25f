/**
 * One request of a fetch application through connection, adapter and framework over a fake socket:
 * what the adapter costs beyond the same answer of a raw ASGI application (cycle_bench.ts).
 */
import { Hono } from "hono";
import { newContext } from "../../src/application/adapters/adapt.ts";
import { adaptFetch } from "../../src/application/adapters/fetch/adapt_fetch.ts";
import { takeLightRequests } from "../../src/application/adapters/fetch/request_globals.ts";
import type { HttpApp } from "../../src/asgi.ts";
import { SILENT } from "../../src/logging/logger.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { type Case, Requests } from "./requests.ts";
import { printCosts } from "./wired.ts";

const encoder = new TextEncoder();
const HELLO = "Hello, world!";
const JSON_BODY = JSON.stringify({ name: "a", size: 3 });
const GET = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";
const POST =
  `POST / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${JSON_BODY.length}\r\n\r\n${JSON_BODY}`;

const hono = new Hono();
hono.get("/", (c) => c.text(HELLO));
hono.post("/", async (c) => c.json(await c.req.json()));

// As for an application that an import string names.
if (runtime.hidesRequestState) takeLightRequests();

function adapted(app: unknown): HttpApp {
  const context = newContext("fetch", {
    isImported: true,
    logger: SILENT,
    onWarning() {},
    onListening() {},
  });
  return adaptFetch(app, context) as HttpApp;
}

const CASES: readonly Case[] = [
  {
    name: "GET of a handler",
    app: adapted((_request: Request) => new Response(HELLO)),
    bytes: encoder.encode(GET),
    requests: 1,
    ending: HELLO,
  },
  {
    name: "GET of Hono",
    app: adapted(hono),
    bytes: encoder.encode(GET),
    requests: 1,
    ending: HELLO,
  },
  {
    name: "POST of JSON to Hono",
    app: adapted(hono),
    bytes: encoder.encode(POST),
    requests: 1,
    ending: JSON_BODY,
  },
];

await printCosts("for each request", CASES.map((one) => new Requests(one)));
