/** The lines of the access log, format by format. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ATOMS } from "../../../src/logging/access/access_atoms.ts";
import { accessRecord } from "../../../src/logging/access/access_record.ts";
import { accessFormat } from "../../../src/logging/access/access_format.ts";
import type { FormatContext } from "../../../src/logging/access/access_line.ts";
import { TemplateError } from "../../../src/logging/access/access_template.ts";
import type { RequestRecord } from "../../../src/logging/access/request_record.ts";
import { RECORD } from "../../_support/request_records.ts";

const CONTEXT: FormatContext = {
  isColored: false,
  phrase: (status) => status === 200 ? "OK" : "",
  env: (name) => name === "POD" ? "web-1" : undefined,
  pid: 42,
};

/** A request with something in every field. */
const FULL: RequestRecord = {
  ...RECORD,
  client: "[2001:db8::7]:50123",
  scheme: "https",
  method: "POST",
  path: "/a b",
  query: "c=d",
  durationMs: 1234.5678,
  firstByteMs: 12.3456,
  receivedBytes: 11,
  bodyBytes: 22,
  abortReason: "client_disconnected",
  requestFields: [
    ["host", "a"],
    ["user-agent", 'cu"rl/8\x1b[2J'],
    ["referer", "https://example.com/"],
    ["authorization", `Basic ${btoa("aladdin:open:sesame")}`],
    ["x-two", "1"],
    ["x-two", "2"],
  ],
  responseFields: [["content-type", "text/plain"]],
  tlsVersion: "TLSv1.3",
  connectionId: "17",
  requestId: "abc-1",
};

function lineOf(format: string, record: RequestRecord = FULL): string {
  return accessFormat(format, CONTEXT).format(record);
}

describe("a template", () => {
  const atoms: readonly (readonly [string, string])[] = [
    ["h", "2001:db8::7"],
    ["l", "-"],
    ["u", "aladdin"],
    ["r", "POST /a%20b?c=d HTTP/1.1"],
    ["m", "POST"],
    ["U", "/a%20b"],
    ["q", "c=d"],
    ["R", "/a%20b?c=d"],
    ["Uq", "/a%20b?c=d"],
    ["H", "HTTP/1.1"],
    ["S", "https"],
    ["s", "200"],
    ["st", "OK"],
    ["B", "22"],
    ["b", "22"],
    ["f", "https://example.com/"],
    ["a", "cu\\x22rl/8\\x1b[2J"],
    ["T", "1"],
    ["M", "1235"],
    ["D", "1234568"],
    ["L", "1.234568"],
    ["p", "42"],
    ["client_addr", "[2001:db8::7]:50123"],
    ["host", "2001:db8::7"],
    ["request_line", "POST /a%20b?c=d HTTP/1.1"],
    ["method", "POST"],
    ["path", "/a%20b"],
    ["query", "c=d"],
    ["target", "/a%20b?c=d"],
    ["protocol", "HTTP/1.1"],
    ["scheme", "https"],
    ["status", "200"],
    ["status_code", "200 OK"],
    ["duration", "1.234568"],
    ["duration_ms", "1234.568"],
    ["first_byte_ms", "12.346"],
    ["bytes_in", "11"],
    ["bytes_out", "22"],
    ["abort_reason", "client_disconnected"],
    ["tls_version", "TLSv1.3"],
    ["connection_id", "17"],
    ["request_id", "abc-1"],
    ["{Host}i", "a"],
    ["{x-two}i", "1, 2"],
    ["{x-none}i", "-"],
    ["{Content-Type}o", "text/plain"],
    ["{POD}e", "web-1"],
    ["{NONE}e", "-"],
  ];
  for (const [atom, text] of atoms) {
    test(`has the atom %(${atom})s`, () => {
      assert.equal(lineOf(`<%(${atom})s>`), `<${text}>\n`);
    });
  }

  test("has times, of the request's arrival", () => {
    assert.match(
      lineOf("%(t)s"),
      /^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\]\n$/,
    );
    const line = lineOf("%(time)s", { ...FULL, durationMs: 60_000 });
    const arrived = Date.parse(line.trim());
    const age = Date.now() - arrived;
    assert.ok(age >= 60_000 && age < 120_000, `${age}`);
  });

  test("has no atom that this test leaves out", () => {
    const tested = new Set([...atoms.map(([name]) => name), "t", "time"]);
    assert.deepEqual([...ATOMS.keys()].filter((name) => !tested.has(name)), []);
  });

  test("keeps its text, and %% is a percent sign", () => {
    assert.equal(lineOf('100%% "%(s)s" (%(m)s)'), '100% "200" (POST)\n');
    assert.equal(lineOf(""), "\n");
  });

  test("shows what is unknown as a dash", () => {
    for (
      const atom of [
        "h",
        "u",
        "f",
        "a",
        "client_addr",
        "first_byte_ms",
        "abort_reason",
        "tls_version",
        "request_id",
        "st",
      ]
    ) {
      const line = lineOf(`%(${atom})s`, {
        ...RECORD,
        client: "",
        status: 299,
      });
      assert.equal(line, "-\n", atom);
    }
    assert.equal(lineOf("%(b)s", { ...RECORD, bodyBytes: 0 }), "-\n");
  });

  test("shows no user of credentials that are not Basic, or not Base64", () => {
    for (const value of ["Bearer abc", "Basic ???", "Basic Og==", ""]) {
      const requestFields = [["authorization", value]] as const;
      assert.equal(lineOf("%(u)s", { ...RECORD, requestFields }), "-\n", value);
    }
  });

  test("needs only what its atoms need", () => {
    const needs = (format: string) => accessFormat(format, CONTEXT).needs;
    assert.deepEqual(needs("%(s)s"), {
      firstByte: false,
      responseFields: false,
      coarseTimes: true,
    });
    assert.equal(needs("%(first_byte_ms)s").firstByte, true);
    // What is written in seconds, or as a point in time, needs no microseconds.
    assert.equal(needs("%(t)s %(T)s %(M)s").coarseTimes, true);
    for (const atom of ["D", "L", "duration", "duration_ms", "first_byte_ms"]) {
      assert.equal(needs(`%(s)s %(${atom})s %(h)s`).coarseTimes, false, atom);
    }
    assert.equal(needs("uvicorn").coarseTimes, true);
    assert.notEqual(needs("json").coarseTimes, true);
    assert.equal(needs("%({etag}o)s").responseFields, true);
  });

  for (
    const [template, problem] of [
      ["%(nope)s", /the atom "nope" is unknown: expected one of h, l, /],
      ["%s", /"%s" is no atom: expected %\(name\)s or %%/],
      ["a %(s", /"%\(s" is no atom/],
      ["%({a}x)s", /the atom "\{a\}x" is unknown/],
      ["%", /"%" is no atom/],
    ] as const
  ) {
    test(`is refused: ${template}`, () => {
      assert.throws(
        () => lineOf(template),
        (error: unknown) =>
          error instanceof TemplateError && problem.test(error.message),
      );
    });
  }
});

describe("the presets", () => {
  test("combined is Apache's, with the duration behind it", () => {
    assert.match(
      lineOf("combined"),
      /^2001:db8::7 - aladdin \[[^\]]+\] "POST \/a%20b\?c=d HTTP\/1\.1" 200 22 "https:\/\/example\.com\/" "cu\\x22rl\/8\\x1b\[2J" 1\.234568\n$/,
    );
  });

  test("json is one object, whose names stay", () => {
    const { time, ...rest } = JSON.parse(lineOf("json"));
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, {
      level: "info",
      logger: "tricorn.access",
      client: "[2001:db8::7]:50123",
      method: "POST",
      path: "/a b",
      query: "c=d",
      http_version: "1.1",
      scheme: "https",
      status: 200,
      duration_ms: 1234.568,
      first_byte_ms: 12.346,
      bytes_in: 11,
      bytes_out: 22,
      user_agent: 'cu"rl/8\x1b[2J',
      referer: "https://example.com/",
      abort_reason: "client_disconnected",
      tls_version: "TLSv1.3",
      connection_id: "17",
      request_id: "abc-1",
    });
  });

  test("json leaves out what is unknown, and marks WebSockets", () => {
    const { time: _, ...rest } = JSON.parse(
      lineOf("json", { ...RECORD, isWebSocket: true, status: 101 }),
    );
    assert.deepEqual(Object.keys(rest), [
      "level",
      "logger",
      "client",
      "method",
      "path",
      "http_version",
      "scheme",
      "status",
      "duration_ms",
      "bytes_in",
      "bytes_out",
      "websocket",
      "connection_id",
    ]);
  });

  test("uvicorn says WebSocket for a handshake", () => {
    assert.equal(
      lineOf("uvicorn", { ...RECORD, isWebSocket: true, status: 101 }),
      'INFO:     127.0.0.1:5000 - "WebSocket /" [accepted]\n',
    );
  });
});

test("no format carries an escape sequence, line break or forged line of a peer", () => {
  const attack = '\x1b]0;x\x07\r\nINFO: "GET /" \\ \x7f\x9b\u202e\u2028';
  const hostile: RequestRecord = {
    ...FULL,
    client: attack,
    scheme: attack,
    method: attack,
    path: attack,
    query: attack,
    httpVersion: "1.1",
    requestFields: [["user-agent", attack], ["referer", attack], [
      "authorization",
      `Basic ${btoa("\x1b[2J\n\x9b:x")}`,
    ]],
    responseFields: [["x-out", attack]],
    tlsVersion: "TLSv1.3",
    requestId: attack,
  };
  const all = [...ATOMS.keys()].map((name) => `%(${name})s`).join(" ");
  for (const format of ["uvicorn", "combined", "json", `${all} %({x-out}o)s`]) {
    const line = lineOf(format, hostile);
    assert.match(line, /^[\x20-\x7e]*\n$/, format);
    if (format === "json") assert.equal(JSON.parse(line).path, attack);
  }
});

test("json has the fields of the record that other handlers get", () => {
  for (
    const record of [
      FULL,
      RECORD,
      { ...RECORD, isWebSocket: true, status: 101, query: "a=b" },
    ]
  ) {
    const { time: _, level, logger, ...fields } = JSON.parse(
      lineOf("json", record),
    );
    const made = accessRecord(record);
    assert.deepEqual({ level, logger, fields }, {
      level: made.level,
      logger: made.logger,
      fields: made.fields,
    });
  }
});
