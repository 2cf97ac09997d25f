/** Express 5 behind `node:http` and behind ours: the same answers. */
import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { describe, test } from "node:test";
import { BODY_ROWS, RAW_ROWS } from "./_node_rows.ts";
import { expressApp } from "./_node_apps.ts";
import {
  essence,
  requestText,
  responsesTo,
  sharedPair,
  testRows,
} from "./_node_pair.ts";

const pair = sharedPair(async () => {
  const app = await expressApp();
  return { app, listener: app as RequestListener };
});

const post = (path: string, type: string, body: string) =>
  requestText(`POST ${path}`, [`Content-Type: ${type}`], body);

describe("Express answers as behind its own server", () => {
  testRows(pair, RAW_ROWS);
  testRows(pair, BODY_ROWS);
  testRows(pair, [
    { name: "send()", text: requestText("GET /") },
    { name: "send(), HEAD", text: requestText("HEAD /") },
    { name: "json()", text: requestText("GET /json") },
    { name: "ip, protocol, hostname", text: requestText("GET /who") },
    { name: "cookies", text: requestText("GET /cookies") },
    { name: "redirect()", text: requestText("GET /redirect") },
    { name: "sendStatus()", text: requestText("GET /status") },
    { name: "sendFile()", text: requestText("GET /file") },
    { name: "sendFile(), HEAD", text: requestText("HEAD /file") },
    {
      name: "sendFile() of a range",
      text: requestText("GET /file", ["Range: bytes=5-14"]),
    },
    {
      name: "sendFile() of a range that is none",
      text: requestText("GET /file", ["Range: bytes=900000-"]),
    },
    {
      name: "download()",
      text: requestText("GET /download"),
      adjust: (seen) => ({ ...seen, headers: seen.headers.toSorted() }),
    },
    {
      name: "parameters and query",
      text: requestText("GET /params/a%20b?x=1&y[]=2"),
    },
    {
      name: "express.json()",
      text: post("/json", "application/json", '{"a":[1,2]}'),
    },
    {
      name: "express.json() of what is none",
      text: post("/json", "application/json", '{"a":'),
    },
    {
      name: "express.urlencoded()",
      text: post("/form", "application/x-www-form-urlencoded", "a=1&b[c]=2"),
    },
    {
      name: "express.text() over its limit",
      text: post("/limited", "text/plain", "more than ten"),
    },
    {
      name: "express.raw()",
      text: post("/bytes", "application/x", "z".repeat(200_000)),
    },
    { name: "an error that is thrown", text: requestText("GET /throw") },
    { name: "a promise that is rejected", text: requestText("GET /reject") },
    {
      name: "an application below another",
      text: requestText("GET /nested/deep?x"),
    },
    { name: "404", text: requestText("GET /nothing/here") },
    { name: "OPTIONS of a route", text: requestText("OPTIONS /json") },
  ]);

  test("an ETag is answered with 304", async () => {
    const [first] = await responsesTo(pair.ours, requestText("GET /fresh"));
    const again = requestText("GET /fresh", [
      `If-None-Match: ${first!.header("etag")}`,
    ]);
    const [ours] = await responsesTo(pair.ours, again);
    const [theirs] = await responsesTo(pair.native, again);
    assert.equal(ours!.status, 304);
    assert.deepEqual(essence(ours!), essence(theirs!));
  });
});
