/**
 * What one request costs in the parser, from the smallest head a client sends to a browser's
 * largest, and two bodies: nanoseconds from `push` to "end", best of several rounds.
 *
 *   deno run -A bench/http/request_parser_bench.ts      (or bun, or node)
 */
import { RequestParser } from "../../src/http1/request_parser.ts";

const ROUNDS = 9;
const ROUND_MS = 40;

const encoder = new TextEncoder();

function request(lines: readonly string[], body = ""): Uint8Array {
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

const TYPICAL = [
  "Host: shop.example.com",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-GB,en;q=0.5",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Connection: keep-alive",
  "Cookie: session=6f1ed002ab5595859014ebf0951522d9; theme=dark",
  "Cache-Control: max-age=0",
];

/** A browser's request behind two proxies, filled up with fields nobody knows. */
const LARGE = [
  ...TYPICAL,
  "Sec-Fetch-Dest: document",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-User: ?1",
  "Upgrade-Insecure-Requests: 1",
  "Referer: https://shop.example.com/catalogue?page=3&sort=price",
  "X-Forwarded-For: 203.0.113.7, 198.51.100.12",
  "X-Forwarded-Proto: https",
  "X-Request-Id: 7f3a2c9e-5b1d-4e8f-9a6c-0d2b4f6e8a1c",
  "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
];
while (LARGE.length < 64) {
  LARGE.push(`X-Custom-Field-${LARGE.length}: value of field ${LARGE.length}`);
}

const TEN_KB = "x".repeat(10_000);
const CHUNKS = `${
  "3e8\r\n".concat("x".repeat(1_000), "\r\n").repeat(10)
}0\r\n\r\n`;

const LADDER: Readonly<Record<string, Uint8Array>> = {
  "GET, Host only": request(["GET / HTTP/1.1", "Host: localhost:8000"]),
  "GET, 8 fields": request(["GET /catalogue?page=4 HTTP/1.1", ...TYPICAL]),
  "GET, 64 fields": request(["GET /catalogue?page=4 HTTP/1.1", ...LARGE]),
  "POST, 10 kB": request([
    "POST /orders HTTP/1.1",
    "Host: shop.example.com",
    "Content-Type: application/json",
    `Content-Length: ${TEN_KB.length}`,
  ], TEN_KB),
  "POST, 10 kB in 10 chunks": request([
    "POST /orders HTTP/1.1",
    "Host: shop.example.com",
    "Content-Type: application/json",
    "Transfer-Encoding: chunked",
  ], CHUNKS),
};

/** Reads `bytes` as one request and checks that it was one. */
function readWhole(parser: RequestParser, bytes: Uint8Array): number {
  parser.push(bytes);
  let fields = 0;
  for (;;) {
    switch (parser.next()) {
      case "head":
        fields = parser.head.headers.length;
        break;
      case "body":
        break;
      case "end":
        parser.hold();
        return fields;
      default:
        throw new Error(
          `Cannot bench: the request is refused, ${parser.fault}`,
        );
    }
  }
}

/** The same request in pieces of `size` bytes, as a slow peer sends it. */
function readPieces(
  parser: RequestParser,
  bytes: Uint8Array,
  size: number,
): number {
  for (let at = 0; at < bytes.length; at += size) {
    parser.push(bytes.subarray(at, at + size));
    for (;;) {
      const outcome = parser.next();
      if (outcome === "needMore") break;
      if (outcome === "fault") {
        throw new Error(
          `Cannot bench: the request is refused, ${parser.fault}`,
        );
      }
    }
  }
  return parser.unreadBytes;
}

/** Nanoseconds of one call, best round of {@linkcode ROUNDS}. */
function measure(run: () => number): number {
  let calls = 1;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0;
    const start = performance.now();
    for (let call = 0; call < calls; call++) sum += run();
    const elapsed = performance.now() - start;
    if (Number.isNaN(sum)) throw new Error("Cannot bench: nothing was read");
    if (elapsed < ROUND_MS) { // warming up: not a round yet
      calls *= 2;
      round--;
      continue;
    }
    best = Math.min(best, elapsed / calls);
  }
  return Math.round(best * 1e6);
}

const rows: Record<string, number> = {};
const parser = new RequestParser();
for (const [name, bytes] of Object.entries(LADDER)) {
  rows[name] = measure(() => readWhole(parser, bytes));
}
rows["GET, 8 fields, in 2 pieces"] = measure(() => {
  const bytes = LADDER["GET, 8 fields"];
  return readPieces(parser, bytes, (bytes.length + 1) >> 1);
});
rows["GET, 8 fields, in single bytes"] = measure(() =>
  readPieces(parser, LADDER["GET, 8 fields"], 1)
);
// Many hosts on one server: no field section is the one before.
const hosts = Array.from(
  { length: 64 },
  (_, index) => request(["GET / HTTP/1.1", `Host: shop${index}.example.com`]),
);
let turn = 0;
rows["GET, Host only, 64 hosts in turn"] = measure(() =>
  readWhole(parser, hosts[turn++ & 63])
);
console.log(JSON.stringify({ unit: "ns per request", rows }));
