/** What more than one bench asks. */
import type { HttpApp } from "../../src/asgi.ts";
import type { Case } from "./requests.ts";

const encoder = new TextEncoder();
export const HELLO: Uint8Array<ArrayBuffer> = encoder.encode("Hello, world!");

/** Answers every request with `HELLO`. */
export const hello: HttpApp = async (_scope, _receive, send) => {
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"], [
      "content-length",
      String(HELLO.length),
    ]],
  });
  await send({ type: "http.response.body", body: HELLO });
};

export const GET: string = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";

/** A small request, and a small answer. */
export const GET_HELLO: Case = {
  name: "GET",
  app: hello,
  bytes: encoder.encode(GET),
  requests: 1,
  ending: "Hello, world!",
};
