// What wrk and the WebSocket client ask of the servers.
import { Buffer } from "node:buffer";

/** What a browser sends, filled up with what proxies and page scripts add, to 64 fields with Host. */
const BROWSER_HEADERS = [
  ["Connection", "keep-alive"],
  ["Cache-Control", "max-age=0"],
  [
    "sec-ch-ua",
    '"Chromium";v="142", "Not A(Brand";v="24", "Google Chrome";v="142"',
  ],
  ["sec-ch-ua-mobile", "?0"],
  ["sec-ch-ua-platform", '"Linux"'],
  ["Upgrade-Insecure-Requests", "1"],
  [
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
    "Chrome/142.0.0.0 Safari/537.36",
  ],
  [
    "Accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ],
  ["Sec-Fetch-Site", "same-origin"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-User", "?1"],
  ["Sec-Fetch-Dest", "document"],
  ["Referer", "https://www.example.com/products/list?page=3&sort=price"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Accept-Language", "en-US,en;q=0.9,de;q=0.8"],
  [
    "Cookie",
    `session=${"c0ffee".repeat(12)}; theme=dark; _id=GA1.2.${
      "1234567890".repeat(4)
    }`,
  ],
  ["If-None-Match", '"5e1f-60a8c2f0"'],
  ["X-Requested-With", "XMLHttpRequest"],
  ["X-Request-Id", "7b1c9a52-4a0e-4d0c-9a77-5f2f3b6f0e11"],
  ["X-Forwarded-For", "203.0.113.7, 198.51.100.2"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "www.example.com"],
  ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
];
for (let i = BROWSER_HEADERS.length + 1; i < 64; i++) {
  BROWSER_HEADERS.push([
    `X-Page-Context-${i}`,
    `value-${i}-${"abcdef".repeat(i % 5)}`,
  ]);
}

const HELLO = "Hello, world!";
export const DOWNLOAD = "0123456789abcdef".repeat(62_500);
/** What a page or a script of a site weighs. */
export const PAGE = "<p>Hello, world!\n".repeat(640).slice(0, 10_000);
const ECHO = "x".repeat(10_000);

/**
 * @typedef {object} Load
 * @property {string} [title]
 * @property {string} path
 * @property {string} expects The body of every answer.
 * @property {number} connections
 * @property {number} [depth] Requests under way on each connection; without, one.
 * @property {boolean} hasFloor Whether the fixed answer of a raw socket is an answer to it.
 */

/** @type {Record<string, Load>} */
export const LOADS = {
  get: {
    title: "GET / (13 bytes), 50 connections",
    path: "/",
    expects: HELLO,
    connections: 50,
    hasFloor: true,
  },
  browser: {
    title: "GET / with 64 browser-like header fields, 50 connections",
    path: "/",
    headers: BROWSER_HEADERS,
    expects: HELLO,
    connections: 50,
    hasFloor: false,
  },
  echo: {
    title: "POST /echo of 10 kB, 50 connections",
    path: "/echo",
    method: "POST",
    body: ECHO,
    expects: ECHO,
    connections: 50,
    hasFloor: false,
  },
  download: {
    title: "GET /download of 1 MB, 10 connections",
    path: "/download",
    expects: DOWNLOAD,
    connections: 10,
    hasFloor: false,
  },
  "file-10k": {
    title: "GET of a file of 10 kB, 50 connections",
    path: "/files/page",
    expects: PAGE,
    connections: 50,
    hasFloor: false,
  },
  "file-1m": {
    title: "GET of a file of 1 MB, 10 connections",
    path: "/files/download",
    expects: DOWNLOAD,
    connections: 10,
    hasFloor: false,
  },
};

/** Sixteen requests under way on each connection of `get`. */
export const PIPELINED = { ...LOADS.get, depth: 16 };

/** How many connections, header fields and bytes of body the cost of a request is followed over. */
export const STEPS = {
  connections: [1, 10, 100, 1_000, 10_000],
  fields: [1, 8, 16, 32, 64],
  body: [0, 1_000, 10_000, 100_000, 1_000_000],
};

/** `GET /` with `count` header fields, Host among them. */
export function loadOfFields(count) {
  return { ...LOADS.get, headers: BROWSER_HEADERS.slice(0, count - 1) };
}

/** An echo of `size` bytes; ten connections, so that the largest fit into memory. */
export function loadOfBody(size) {
  const body = "x".repeat(size);
  return {
    ...LOADS.echo,
    // wrk states a length only where there is a body.
    headers: size === 0 ? [["Content-Length", "0"]] : [],
    body,
    expects: body,
    connections: 10,
  };
}

/**
 * @typedef {object} MessageLoad
 * @property {"echo" | "broadcast"} kind
 * @property {string} title
 * @property {string} path
 * @property {number} bytes Size of each message.
 * @property {number} connections
 * @property {boolean} isBinary
 * @property {boolean} isCompressed
 */

function echoOf(bytes, size, { isBinary = false, isCompressed = false } = {}) {
  const what = `${size} of ${isBinary ? "bytes" : "text"}`;
  return {
    kind: "echo",
    title: `WebSocket echo of ${what}${
      isCompressed ? ", compressed" : ""
    }, 100 connections`,
    path: "/ws",
    bytes,
    connections: 100,
    isBinary,
    isCompressed,
  };
}

/** @type {Record<string, MessageLoad>} */
export const MESSAGE_LOADS = {
  "ws-echo-16": echoOf(16, "16 B"),
  "ws-echo-125": echoOf(125, "125 B"),
  "ws-echo-4k": echoOf(4_096, "4 kB"),
  // What is as large as this is seldom text.
  "ws-echo-64k": echoOf(65_536, "64 kB", { isBinary: true }),
  "ws-echo-1m": echoOf(1_048_576, "1 MB", { isBinary: true }),
  "ws-deflate-125": echoOf(125, "125 B", { isCompressed: true }),
  "ws-deflate-4k": echoOf(4_096, "4 kB", { isCompressed: true }),
  "ws-broadcast": {
    kind: "broadcast",
    title: "WebSocket broadcast of 125 B of text to 1,000 clients",
    path: "/broadcast",
    bytes: 125,
    connections: 1_000,
    isBinary: false,
    isCompressed: false,
  },
};

/** Throws unless `answer` is what `load` must be answered with. */
export function checkAnswer(load, answer) {
  if (answer.status !== 200) {
    throw new Error(`status ${answer.status}, expected 200`);
  }
  if (!answer.body.equals(Buffer.from(load.expects))) {
    throw new Error(
      `a body of ${answer.body.length} bytes that is not the expected one`,
    );
  }
}
