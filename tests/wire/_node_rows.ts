/** Requests that every framework answers alike on `node:http`'s server and on ours. */
import { requestText, type Row } from "./_node_pair.ts";

const POST = (path: string, type: string, body: string): string =>
  requestText(`POST ${path}`, [`Content-Type: ${type}`], body);

const get = (path: string, ...headers: string[]): string =>
  requestText(`GET ${path}`, headers);

const CHUNKED = "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n";

/** What is written on `node:http`'s own objects. */
export const RAW_ROWS: readonly Row[] = [
  { name: "end with text", text: get("/raw/hello") },
  { name: "end without a body", text: get("/raw/empty") },
  { name: "HEAD", text: requestText("HEAD /raw/hello") },
  { name: "writeHead with fields", text: get("/raw/head") },
  { name: "writeHead with a flat list", text: get("/raw/list") },
  { name: "repeated fields and cookies", text: get("/raw/duplicates") },
  { name: "a reason of its own", text: get("/raw/reason") },
  { name: "204", text: get("/raw/204") },
  { name: "304", text: get("/raw/304") },
  { name: "a redirect", text: get("/raw/redirect") },
  { name: "text in many encodings", text: get("/raw/encodings") },
  { name: "pieces over time", text: get("/raw/stream") },
  { name: "HEAD of a stream", text: requestText("HEAD /raw/stream") },
  { name: "a file through pipeline()", text: get("/raw/pipe") },
  { name: "more than buffers hold, by drain", text: get("/raw/big") },
  {
    name: "errors of misuse and their codes",
    text: get("/raw/errors"),
    // Those of Node: other runtimes have some of them, and Bun's own server ends in the middle.
    adjust: ({ body }) => body.split(","),
    expected: [
      "ERR_INVALID_HTTP_TOKEN",
      "ERR_INVALID_CHAR",
      "ERR_HTTP_INVALID_STATUS_CODE",
      "ERR_STREAM_NULL_VALUES",
      "ERR_INVALID_ARG_TYPE",
      "ERR_HTTP_HEADERS_SENT",
      "ERR_HTTP_HEADERS_SENT",
      "ERR_HTTP_HEADERS_SENT",
    ],
  },
  { name: "a write behind the end", text: get("/raw/after-end") },
  { name: "the states of a response", text: get("/raw/states") },
  {
    name: "middleware that wraps writeHead and end",
    text: get("/raw/middleware"),
  },
  {
    name: "what a request is",
    text: get(
      "/raw/request?a=1&b=%20",
      "Cookie: a=1",
      "Cookie: b=2",
      "X-Twice: 1",
      "X-Twice: 2",
      "Accept: x",
      "Accept: y",
      "User-Agent: first",
      "User-Agent: second",
    ),
  },
];

/** Requests with a body. */
export const BODY_ROWS: readonly Row[] = [
  { name: "an echo", text: POST("/raw/echo", "text/plain", "x".repeat(3000)) },
  {
    name: "an echo of chunks",
    text: requestText(
      "POST /raw/echo",
      ["Transfer-Encoding: chunked"],
      CHUNKED,
    ),
  },
  {
    name: "a body that is read in pieces",
    text: POST("/raw/digest", "application/octet-stream", "y".repeat(300_000)),
  },
  {
    name: "trailers of the request",
    text: requestText(
      "POST /raw/trailers",
      ["Transfer-Encoding: chunked", "Trailer: X-Sum"],
      CHUNKED,
    ),
  },
  {
    name: "a body that nobody reads",
    text: POST("/raw/hello", "text/plain", "unread"),
  },
  {
    name: "Expect: 100-continue",
    text: requestText(
      "POST /raw/digest",
      ["Expect: 100-continue", "Content-Type: text/plain"],
      "at once",
    ),
  },
];
