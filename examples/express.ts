/**
 * An Express application: the server runs it as it is. Export it, and do not call `listen()`. What
 * the request knows of its client is what trusted proxies tell.
 *
 * Needs `npm install express`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
// @ts-ignore: Express has no types of its own; @types/express brings them.
import express from "express";

type Request = IncomingMessage & { readonly ip: string };
type Response = ServerResponse & { json(value: unknown): void };

/** The application. */
// deno-lint-ignore no-explicit-any
export const app: any = express();

app.get("/", (request: Request, response: Response) => {
  response.json({ hello: request.ip });
});

// Bodies are read as they arrive, and answers wait for clients that read slowly.
app.post("/echo", (request: Request, response: Response) => {
  response.setHeader("content-type", "application/octet-stream");
  request.pipe(response);
});
