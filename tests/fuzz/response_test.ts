/**
 * What the server writes, a reader reads back: whatever status, fields, pieces and trailers an
 * application sends, on whichever request, a reader that shares no code with the writer finds
 * exactly one response for each, with that content, and nothing between or behind them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { HttpApp } from "../../src/asgi.ts";
import { ByteWriter } from "../../src/bytes/byte_writer.ts";
import {
  checkFields,
  checkTrailers,
  emptyFacts,
  type FieldInput,
} from "../../src/http/response_fields.ts";
import { writeFields, writeTrailers } from "../../src/http1/field_writer.ts";
import { latin1Text } from "../_support/fake_socket.ts";
import { Harness } from "../_support/harness.ts";

const RUNS = 100;

// -- The reader: text with a unit for each octet, RFC 9112 section by section.

interface ReadResponse {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** Whether the connection ends with it. */
  readonly closes: boolean;
  /** Where the next response begins. */
  readonly end: number;
}

function readFields(lines: readonly string[]): (readonly [string, string])[] {
  return lines.map((line) => {
    const match = /^([!#$%&'*+\-.^_`|~0-9a-z]+): ([\t\x20-\x7e\x80-\xff]*)$/
      .exec(line);
    assert.ok(match, `no field line: ${JSON.stringify(line)}`);
    return [match[1], match[2]] as const;
  });
}

function readResponse(
  text: string,
  start: number,
  method: string,
): ReadResponse {
  const headEnd = text.indexOf("\r\n\r\n", start);
  assert.ok(
    headEnd >= 0,
    `no head in ${JSON.stringify(text.slice(start, start + 200))}`,
  );
  const [statusLine, ...lines] = text.slice(start, headEnd).split("\r\n");
  const match = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(statusLine);
  assert.ok(match, `no status line: ${JSON.stringify(statusLine)}`);
  const status = Number(match[1]);
  const fields = readFields(lines);
  const all = (name: string) =>
    fields.filter(([key]) => key === name).map(([, value]) => value);
  const lengths = all("content-length");
  const codings = all("transfer-encoding");
  // §6.1, §6.2: never both, never twice.
  assert.ok(
    lengths.length + codings.length <= 1,
    `framed twice: ${lines.join(" | ")}`,
  );
  const closes = all("connection").join(",").split(",").some((option) =>
    option.trim().toLowerCase() === "close"
  );
  const head = { status, fields, closes };
  const bodyStart = headEnd + 4;
  if (status === 205) assert.deepEqual(lengths, ["0"]); // RFC 9110 §15.3.6
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) { // §6.3 rule 1
    if (status === 204 || status < 200) {
      assert.equal(lengths.length + codings.length, 0);
    }
    return { ...head, body: "", trailers: [], end: bodyStart };
  }
  if (codings.length === 1) { // §7.1
    assert.equal(codings[0], "chunked");
    let at = bodyStart;
    let body = "";
    for (;;) {
      const lineEnd = text.indexOf("\r\n", at);
      const line = text.slice(at, lineEnd);
      assert.match(line, /^[0-9a-f]+$/);
      const size = parseInt(line, 16);
      at = lineEnd + 2;
      if (size === 0) break;
      body += text.slice(at, at + size);
      assert.equal(text.slice(at + size, at + size + 2), "\r\n");
      at += size + 2;
    }
    const trailers: string[] = [];
    for (;;) {
      const lineEnd = text.indexOf("\r\n", at);
      assert.ok(lineEnd >= 0, "chunked body does not end");
      const line = text.slice(at, lineEnd);
      at = lineEnd + 2;
      if (line === "") {
        return { ...head, body, trailers: readFields(trailers), end: at };
      }
      trailers.push(line);
    }
  }
  if (lengths.length === 1) { // §6.3 rule 6
    assert.match(lengths[0], /^(0|[1-9]\d*)$/);
    const end = bodyStart + Number(lengths[0]);
    assert.ok(end <= text.length, "body shorter than content-length");
    return { ...head, body: text.slice(bodyStart, end), trailers: [], end };
  }
  assert.ok(closes, "body without end on a connection that is kept"); // §6.3 rule 8
  return {
    ...head,
    body: text.slice(bodyStart),
    trailers: [],
    end: text.length,
  };
}

// -- What applications send.

const NAME_CHARS = [..."!#$%&'*+-.^_`|~0123456789abcxyzABCXYZ"];
const name = fc.array(fc.constantFrom(...NAME_CHARS), {
  minLength: 1,
  maxLength: 12,
})
  .map((chars) => chars.join(""));
const fieldName = fc.oneof(
  name,
  fc.constantFrom("Set-Cookie", "vary", "etag", "Trailer", "keep-alive"),
);
const unit = fc.integer({ min: 0x20, max: 0xff }).filter((code) =>
  code !== 0x7f
);
const value = fc.array(
  fc.oneof({ weight: 9, arbitrary: unit }, fc.constant(9)),
  { maxLength: 40 },
)
  .map((codes) => String.fromCharCode(...codes));
const octets = (text: string) =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));
const fieldList = fc.array(fc.tuple(fieldName, value, fc.boolean()), {
  maxLength: 8,
});
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constant(""),
  // Around the sizes at which the writer changes its ways.
  fc.constantFrom(1023, 1024, 1025, 16_383, 16_384, 16_385, 70_000).map((
    size,
  ) => "e".repeat(size)),
  fc.constantFrom(1025, 16_385).map((size) => "\xe9".repeat(size)),
);

const exchange = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST"),
  version: fc.constantFrom("1.1", "1.1", "1.1", "1.0"),
  acceptsTrailers: fc.boolean(),
  status: fc.oneof(
    fc.constantFrom(200, 204, 205, 304, 404),
    fc.integer({ min: 200, max: 599 }),
  ),
  fields: fieldList,
  framing: fc.constantFrom("none", "length", "chunked", "both"),
  pieces: fc.array(piece, { minLength: 1, maxLength: 5 }),
  /** Whether the application lets a turn pass in front of each piece. */
  pauses: fc.boolean(),
  trailers: fc.option(fc.array(fc.tuple(name, value), { maxLength: 3 }), {
    nil: undefined,
  }),
  hints: fc.array(value, { maxLength: 2 }),
});
type Exchange = typeof exchange extends fc.Arbitrary<infer T> ? T : never;

const encoder = new TextEncoder();

function contentOf(pieces: readonly (string | Uint8Array)[]): string {
  return pieces.map((part) =>
    latin1Text(typeof part === "string" ? encoder.encode(part) : part)
  )
    .join("");
}

function appOf(
  harness: () => Harness,
  exchanges: readonly Exchange[],
): HttpApp {
  let next = 0;
  return async (scope, _receive, send) => {
    const it = exchanges[next++];
    const fields: [string | Uint8Array, string | Uint8Array][] = it.fields.map(
      ([key, text, asOctets]) =>
        asOctets ? [octets(key), octets(text)] : [key, text],
    );
    const size = contentOf(it.pieces).length;
    if (it.framing === "length" || it.framing === "both") {
      fields.push(["Content-Length", `${size}`]);
    }
    if (it.framing === "chunked" || it.framing === "both") {
      fields.push(["Transfer-Encoding", "chunked"]);
    }
    if (it.version === "1.1") {
      for (const link of it.hints) {
        await send({ type: "http.response.early_hint", links: [link] });
      }
    }
    const trailers = "http.response.trailers" in scope.extensions
      ? it.trailers
      : undefined;
    await send({
      type: "http.response.start",
      status: it.status,
      headers: fields,
      trailers: trailers !== undefined,
    });
    for (const [i, body] of it.pieces.entries()) {
      if (it.pauses) {
        await new Promise((resolve) =>
          harness().clock.afterTurn(() => resolve(0))
        );
      }
      await send({
        type: "http.response.body",
        body,
        more_body: i < it.pieces.length - 1,
      });
    }
    if (trailers === undefined) return;
    await send({ type: "http.response.trailers", headers: trailers });
  };
}

function requestOf({ method, version, acceptsTrailers }: Exchange): string {
  const te = acceptsTrailers ? "te: trailers\r\n" : "";
  const length = method === "POST" ? "content-length: 0\r\n" : "";
  return `${method} / HTTP/${version}\r\nhost: a\r\n${te}${length}\r\n`;
}

function check(text: string, start: number, it: Exchange): ReadResponse {
  let at = start;
  if (it.version === "1.1") {
    for (const link of it.hints) {
      const hint = readResponse(text, at, it.method);
      assert.equal(hint.status, 103);
      assert.deepEqual(hint.fields, [["link", link]]);
      at = hint.end;
    }
  }
  const response = readResponse(text, at, it.method);
  assert.equal(response.status, it.status);
  const framing = ["content-length", "transfer-encoding", "connection"];
  assert.deepEqual(
    response.fields.filter(([key]) => !framing.includes(key)),
    it.fields.map(([key, text]) => [key.toLowerCase(), text]),
  );
  const isBodyless = it.method === "HEAD" ||
    [204, 205, 304].includes(it.status);
  assert.equal(response.body, isBodyless ? "" : contentOf(it.pieces));
  const travels = !isBodyless && it.version === "1.1" && it.acceptsTrailers &&
    it.trailers !== undefined && it.framing !== "length";
  assert.deepEqual(
    response.trailers,
    travels ? it.trailers!.map(([key, text]) => [key.toLowerCase(), text]) : [],
  );
  assert.equal(response.closes, it.version === "1.0");
  return response;
}

/** One connection and everything that came over it. */
async function serveAll(exchanges: readonly Exchange[], isPipelined: boolean) {
  const harness: Harness = new Harness(appOf(() => harness, exchanges));
  const socket = harness.connect();
  const settleAll = async () => {
    // Each piece may wait for a turn of its own: until no call runs, with a bound far above that.
    for (let i = 0; i < 100 && harness.tracker.runningCalls > 0; i++) {
      await harness.turn();
    }
    await harness.turn(); // in which the last of it leaves
  };
  if (isPipelined) {
    socket.receive(exchanges.map(requestOf).join(""));
    await settleAll();
  } else {
    for (const it of exchanges) {
      socket.receive(requestOf(it));
      await settleAll();
    }
  }
  return { text: socket.text, harness, socket };
}

for (const isPipelined of [false, true]) {
  test(`responses to ${isPipelined ? "pipelined" : "successive"} requests are read back`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(exchange, { minLength: 1, maxLength: 4 }),
        async (exchanges) => {
          const { text, harness, socket } = await serveAll(
            exchanges,
            isPipelined,
          );
          let at = 0;
          for (const it of exchanges) {
            const response = check(text, at, it);
            at = response.end;
            if (response.closes) {
              assert.equal(socket.hasEnded, true);
              break;
            }
          }
          assert.equal(at, text.length, "bytes behind the last response");
          assert.deepEqual(harness.logger.at("error"), []);
        },
      ),
      { numRuns: RUNS },
    );
  });
}

test("any names and values give lines that are read back, or a problem and no way to use it", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    value,
    name,
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyText, anyText), { maxLength: 6 }),
      (list) => {
        const out = new ByteWriter(8);
        const problem = writeFields(out, list, emptyFacts());
        if (problem !== undefined) return;
        const text = latin1Text(out.bytes.subarray(0, out.length));
        const lines = text === "" ? [] : text.slice(0, -2).split("\r\n");
        assert.ok(text === "" || text.endsWith("\r\n"));
        const framing = ["content-length", "transfer-encoding", "connection"];
        assert.deepEqual(
          readFields(lines),
          list.map(([key, text]) => [key.toLowerCase(), text])
            .filter(([key]) => !framing.includes(key)),
        );
      },
    ),
    { numRuns: RUNS * 10 },
  );
});

test("anything at all for a field list gives lines or a problem, never an exception", () => {
  fc.assert(
    fc.property(fc.array(fc.anything()), (list) => {
      const fields = list as FieldInput[];
      const problem = writeFields(new ByteWriter(8), fields, emptyFacts());
      assert.ok(problem === undefined || problem.length < 200);
      assert.equal(checkFields(fields), problem);
    }),
    { numRuns: RUNS * 3 },
  );
});

test("fields that are only checked are judged as those that are written (asgi:A-071)", () => {
  const name = fc.constantFrom(
    "a",
    "A b",
    "",
    "Content-Length",
    "transfer-encoding",
    "CONNECTION",
    "upgrade",
    "date",
    "set-cookie",
    "é",
  );
  const unit = fc.integer({ min: 0, max: 0x1ff }).map((code) =>
    String.fromCharCode(code)
  );
  const value = fc.oneof(
    fc.constantFrom("1", "2", "01", "close", "chunked", "9".repeat(17), ""),
    fc.string({ unit, maxLength: 6 }),
  );
  const octets = (text: fc.Arbitrary<string>) =>
    text.map((given) => Uint8Array.from(given, (char) => char.charCodeAt(0)));
  const input = (text: fc.Arbitrary<string>) => fc.oneof(text, octets(text));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(input(name), input(value)), { maxLength: 4 }),
      (fields) => {
        const problem = writeFields(new ByteWriter(8), fields, emptyFacts());
        assert.equal(checkFields(fields), problem);
        assert.equal(
          checkTrailers(fields),
          writeTrailers(new ByteWriter(8), fields),
        );
      },
    ),
    { numRuns: RUNS * 10 },
  );
});
