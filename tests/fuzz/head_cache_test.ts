import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Everything a parser makes of `head`, `cut` somewhere, or not at all at 0. */
function outcome(parser: RequestParser, head: string, cut = 0): unknown {
  const bytes = encode(head);
  let found: ReturnType<RequestParser["next"]> = "needMore";
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    if (piece.length === 0) continue;
    parser.push(piece);
    found = parser.next();
    if (found !== "needMore") break;
    parser.hold();
  }
  if (found === "fault") return parser.fault;
  if (found !== "head") return found;
  const { head: request } = parser;
  const copy = structuredClone(request);
  // What the application does with its own must not show in the next request.
  request.headers.push(["x-injected", "1"]);
  for (const field of request.headers) field[1] = "changed";
  const rest: unknown[] = [];
  for (;;) {
    const next = parser.next();
    rest.push(next === "body" ? parser.end - parser.start : next);
    if (next === "end" || next === "fault" || next === "needMore") break;
  }
  return { copy, rest, trailers: structuredClone(parser.trailers) };
}

const SECTIONS = [
  "host: a\r\n\r\n",
  "host: a\r\ncookie: x=1\r\nUser-Agent: b\r\n\r\n",
  "host: a\r\ncookie: x=2\r\nUser-Agent: b\r\n\r\n",
  "host: a\r\ncontent-length: 3\r\n\r\nabc",
  "host: a\r\ncontent-length: 3, 3\r\n\r\nabc",
  "host: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "host: a\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n",
  "host: a\r\nconnection: keep-alive, upgrade\r\nupgrade: websocket\r\n\r\n",
  "host: a\r\nte: trailers\r\n\r\n",
  "host: a\r\nx-forwarded-for: b\r\n\r\n",
  "\r\n",
  "host: a\r\nhost: a\r\n\r\n",
];
const LINES = [
  "GET / HTTP/1.1\r\n",
  "GET /b HTTP/1.1\r\n",
  "POST /b?c=d HTTP/1.1\r\n",
  "POST /b?c=d HTTP/1.0\r\n",
  "GET /b#c?d HTTP/1.1\r\n",
  "GET /b%20c HTTP/1.1\r\n",
  "GET http://other/ HTTP/1.1\r\n",
  "OPTIONS * HTTP/1.1\r\n",
  "GET / HTTP/1.0\r\n",
  "CONNECT a:1 HTTP/1.1\r\n",
];

test("a head reads the same after any others as on a new connection", () => {
  const pick = fc.tuple(
    fc.nat(LINES.length - 1),
    fc.nat(SECTIONS.length - 1),
    // More than 16: what is kept is exchanged now and then.
    fc.integer({ min: 1, max: 20 }),
    fc.nat(60),
  );
  fc.assert(
    fc.property(fc.array(pick, { minLength: 1, maxLength: 12 }), (picks) => {
      const parser = new RequestParser();
      for (const [line, section, times, cut] of picks) {
        const text = LINES[line]! + SECTIONS[section]!;
        for (let i = 0; i < times; i++) {
          const fresh = outcome(new RequestParser(), text);
          const at = i % 2 === 0 ? 0 : cut % text.indexOf("\r\n\r\n");
          assert.deepEqual(outcome(parser, text, at), fresh);
          if (typeof fresh === "string") return; // refused: the connection ends
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("fields that were kept count against the limit", () => {
  const head = "GET / HTTP/1.1\r\nhost: a\r\nb: c\r\n\r\n";
  const strict = new RequestParser({ ...DEFAULT_LIMITS, maxHeaders: 1 });
  assert.equal(outcome(strict, head), "TOO_MANY_HEADERS");
  const parser = new RequestParser({ ...DEFAULT_LIMITS, maxHeadBytes: 40 });
  for (let i = 0; i < 4; i++) outcome(parser, head);
  assert.equal(
    outcome(parser, head.replace("/", "/a-longer-path")),
    "HEAD_TOO_LARGE",
  );
});
