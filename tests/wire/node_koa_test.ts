/** Koa 3 behind `node:http` and behind ours: the same answers. */
import type { RequestListener } from "node:http";
import { describe } from "node:test";
import { koaApp } from "./_node_apps.ts";
import { requestText, sharedPair, testRows } from "./_node_pair.ts";
import { BODY_ROWS, RAW_ROWS } from "./_node_rows.ts";

const pair = sharedPair(async () => {
  const app = await koaApp() as { callback(): RequestListener };
  return { app, listener: app.callback() };
});

describe("Koa answers as behind its own server", () => {
  testRows(pair, RAW_ROWS);
  testRows(pair, BODY_ROWS);
  testRows(pair, [
    { name: "text", text: requestText("GET /") },
    { name: "HEAD", text: requestText("HEAD /") },
    { name: "JSON", text: requestText("GET /json") },
    { name: "ip, protocol, host", text: requestText("GET /who") },
    { name: "cookies", text: requestText("GET /cookies") },
    { name: "redirect()", text: requestText("GET /redirect") },
    { name: "a file as a stream", text: requestText("GET /file") },
    {
      name: "a body that is read whole",
      text: requestText("POST /bytes", [], "b".repeat(100_000)),
    },
    {
      name: "a request as the body of its answer",
      text: requestText("POST /echo", [], "e".repeat(100_000)),
    },
    { name: "an error that is thrown", text: requestText("GET /throw") },
    { name: "ctx.throw()", text: requestText("GET /refuse") },
    { name: "404", text: requestText("GET /nothing") },
  ]);
});
