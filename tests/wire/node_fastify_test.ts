/** Fastify 5 behind `node:http` and behind ours: the same answers. */
import type { RequestListener } from "node:http";
import { describe } from "node:test";
import { fastifyApp } from "./_node_apps.ts";
import { requestText, sharedPair, testRows } from "./_node_pair.ts";
import { RAW_ROWS } from "./_node_rows.ts";

interface Fastify {
  ready(): Promise<unknown>;
  readonly routing: RequestListener;
  close(): Promise<void>;
}

const pair = sharedPair(async () => {
  const app = await fastifyApp() as Fastify;
  const other = await fastifyApp() as Fastify;
  await other.ready();
  return { app, listener: other.routing, close: () => other.close() };
});

describe("Fastify answers as behind its own server", () => {
  testRows(pair, RAW_ROWS);
  testRows(pair, [
    { name: "text", text: requestText("GET /") },
    { name: "HEAD", text: requestText("HEAD /") },
    { name: "JSON", text: requestText("GET /json") },
    { name: "ip, protocol, host", text: requestText("GET /who") },
    { name: "cookies", text: requestText("GET /cookies") },
    { name: "redirect()", text: requestText("GET /redirect") },
    { name: "a file as a stream", text: requestText("GET /file") },
    { name: "fields set on the raw response", text: requestText("GET /early") },
    {
      name: "a body as JSON",
      text: requestText(
        "POST /json",
        ["Content-Type: application/json"],
        '{"a":1}',
      ),
    },
    {
      name: "a body that is no JSON",
      text: requestText("POST /json", ["Content-Type: application/json"], "{"),
    },
    {
      name: "a body as bytes",
      text: requestText(
        "POST /bytes",
        ["Content-Type: application/octet-stream"],
        "b".repeat(100_000),
      ),
    },
    {
      name: "a type that nobody parses",
      text: requestText("POST /json", ["Content-Type: x/y"], "b"),
    },
    { name: "an error that is thrown", text: requestText("GET /throw") },
    { name: "404", text: requestText("GET /nothing") },
  ]);
});
