/**
 * One request through connection, cycle and application over a fake socket: everything the server
 * does in JavaScript, and nothing of the kernel or the runtime's sockets. The answers are counted
 * and one of each kind is compared before anything is measured.
 */
import type { HttpApp } from "../../src/asgi.ts";
import { GET, GET_HELLO, HELLO, hello } from "./cases.ts";
import { type Case, Requests } from "./requests.ts";
import { printCosts } from "./wired.ts";

const encoder = new TextEncoder();

const echo: HttpApp = async (_scope, receive, send) => {
  const event = await receive();
  const body = event.type === "http.request" ? event.body : HELLO;
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"], [
      "content-length",
      String(body.length),
    ]],
  });
  await send({ type: "http.response.body", body });
};

const BODY = "x".repeat(10_000);

const PROXIED = GET.replace(
  "\r\n\r\n",
  "\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\n\r\n",
);

function manyFields(): string {
  let text =
    "GET / HTTP/1.1\r\nHost: www.example.com\r\nAccept: text/html,*/*;q=0.8\r\n" +
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n" +
    `User-Agent: ${"Mozilla/5.0 (X11; Linux x86_64) ".repeat(3)}\r\n` +
    `Cookie: session=${"c0ffee".repeat(20)}\r\n`;
  for (let i = 7; i <= 64; i++) {
    text += `X-Page-Context-${i}: value ${"abcdef".repeat(i % 5)}\r\n`;
  }
  return `${text}\r\n`;
}

const CASES: readonly Case[] = [
  GET_HELLO,
  { ...GET_HELLO, name: "GET, measured", isMeasured: true },
  {
    name: "GET, 16 pipelined",
    app: hello,
    bytes: encoder.encode(GET.repeat(16)),
    requests: 16,
    ending: "Hello, world!",
  },
  {
    name: "GET through a proxy",
    app: hello,
    bytes: encoder.encode(PROXIED),
    requests: 1,
    ending: "Hello, world!",
  },
  {
    name: "GET, 64 fields",
    app: hello,
    bytes: encoder.encode(manyFields()),
    requests: 1,
    ending: "Hello, world!",
  },
  {
    name: "POST echo, 10 kB",
    app: echo,
    bytes: encoder.encode(
      `POST /echo HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    ),
    requests: 1,
    ending: BODY,
  },
];

await printCosts("for each request", CASES.map((one) => new Requests(one)));
