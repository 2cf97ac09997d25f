import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LogRecord } from "../../src/logging/record.ts";
import type { RequestRecord } from "../../src/logging/access/request_record.ts";
import { setUp } from "../_support/fake_logging.ts";
import { RECORD } from "../_support/request_records.ts";

describe("createLogging()", () => {
  test("sends the server's lines to stderr and responses to stdout (process:P-101)", () => {
    const { logging, written, endTurn } = setUp();
    logging.server.info("Started server process [1]");
    logging.access!.onRequestEnd(RECORD);
    endTurn();
    assert.deepEqual(written, [
      "err INFO:     Started server process [1]\n",
      'out INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK\n',
    ]);
  });

  test("names the logger", () => {
    const { logging } = setUp();
    assert.equal(logging.server.name, "tricorn");
  });

  for (const logLevel of ["critical", "error", "warning"] as const) {
    test(`has no access log at ${logLevel}`, () => {
      assert.equal(setUp({ options: { logLevel } }).logging.access, undefined);
    });
  }

  test("has no access log when it is off, but handles flush()", () => {
    const { logging } = setUp({ options: { accessLog: false } });
    assert.equal(logging.access, undefined);
    logging.flush();
  });

  test("writes the responses of a turn in one piece", () => {
    const { logging, written, endTurn } = setUp();
    for (const path of ["/a", "/b", "/b"]) {
      logging.access!.onRequestEnd({ ...RECORD, path });
    }
    assert.equal(written.length, 0);
    endTurn();
    assert.equal(written.length, 1);
    assert.equal(written[0]!.match(/\n/g)!.length, 3);
    logging.access!.onRequestEnd(RECORD);
    endTurn();
    assert.equal(written.length, 2);
  });

  test("does not hold more than a few lines back", () => {
    const { logging, written } = setUp();
    for (let i = 0; i < 10_000; i++) logging.access!.onRequestEnd(RECORD);
    assert.ok(written.length > 1);
    assert.ok(written.every((text) => text.length < 70_000));
    logging.flush();
    assert.equal(written.join("").match(/\n/g)!.length, 10_000);
  });

  test("flush() writes what waits, once", () => {
    const { logging, written, endTurn } = setUp();
    logging.access!.onRequestEnd(RECORD);
    logging.flush();
    logging.flush();
    endTurn();
    assert.equal(written.length, 1);
  });

  test("tells what happened first first, though the streams differ", () => {
    const { logging, written } = setUp();
    logging.access!.onRequestEnd(RECORD);
    logging.server.info("Shutting down");
    assert.deepEqual(written.map((text) => text.slice(0, 3)), ["out", "err"]);
  });

  test("colours each stream by itself", () => {
    const { logging, written } = setUp({ stderrIsTerminal: true });
    logging.access!.onRequestEnd(RECORD);
    logging.server.info("x", {
      fields: [{ name: "address", value: "x", at: 0 }],
    });
    assert.deepEqual(written, [
      'out INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK\n',
      "err \x1b[32mINFO\x1b[0m:     \x1b[1mx\x1b[0m\n",
    ]);
  });

  for (
    const [what, setup] of [
      ["the option", { options: { useColors: true } }],
      ["FORCE_COLOR", { variables: { FORCE_COLOR: "1" } }],
      ["a terminal", { stdoutIsTerminal: true }],
    ] as const
  ) {
    test(`colours responses because of ${what}`, () => {
      const { logging, written } = setUp(setup);
      logging.access!.onRequestEnd({ ...RECORD, status: 404 });
      logging.flush();
      assert.deepEqual(written, [
        "out \x1b[32mINFO\x1b[0m:     127.0.0.1:5000 - " +
        '"\x1b[1mGET / HTTP/1.1\x1b[0m" \x1b[31m404 Not Found\x1b[0m\n',
      ]);
    });
  }

  test("colours nothing because of NO_COLOR", () => {
    const { logging, written } = setUp({
      stdoutIsTerminal: true,
      variables: { NO_COLOR: "1" },
    });
    logging.access!.onRequestEnd(RECORD);
    logging.flush();
    assert.doesNotMatch(written.join(""), /\x1b/);
  });
});

describe("an access line", () => {
  for (
    const [what, change, line] of [
      [
        "has the query",
        { query: "a=1" },
        '127.0.0.1:5000 - "GET /?a=1 HTTP/1.1" 200 OK',
      ],
      ["has an empty client", { client: "" }, ' - "GET / HTTP/1.1" 200 OK'],
      [
        "has an IPv6 client",
        { client: "[::1]:5000" },
        '[::1]:5000 - "GET / HTTP/1.1" 200 OK',
      ],
      [
        "quotes the path",
        { path: "/a b*" },
        '127.0.0.1:5000 - "GET /a%20b%2A HTTP/1.1" 200 OK',
      ],
      [
        "names HTTP/1.0",
        { httpVersion: "1.0" },
        '127.0.0.1:5000 - "GET / HTTP/1.0" 200 OK',
      ],
      [
        "ends with a status without words",
        { status: 299 },
        '127.0.0.1:5000 - "GET / HTTP/1.1" 299',
      ],
      ["has a dash for what was never read", {
        method: "-",
        path: "-",
        status: 404,
      }, '127.0.0.1:5000 - "- - HTTP/1.1" 404 Not Found'],
    ] as readonly (readonly [string, Partial<RequestRecord>, string])[]
  ) {
    test(what, () => {
      const { logging, written } = setUp();
      logging.access!.onRequestEnd({ ...RECORD, ...change });
      logging.flush();
      assert.deepEqual(written, [`out INFO:     ${line}\n`]);
    });
  }

  test("does not mix two requests that differ in one field", () => {
    const { logging, written } = setUp();
    const changes = [{}, { method: "PUT" }, {}, { query: "x" }, {}, {
      httpVersion: "1.0",
    }, {}];
    for (const change of changes) {
      logging.access!.onRequestEnd({ ...RECORD, ...change });
    }
    logging.flush();
    const lines = written.join("").match(/".*"/g);
    assert.deepEqual(lines, [
      '"GET / HTTP/1.1"',
      '"PUT / HTTP/1.1"',
      '"GET / HTTP/1.1"',
      '"GET /?x HTTP/1.1"',
      '"GET / HTTP/1.1"',
      '"GET / HTTP/1.0"',
      '"GET / HTTP/1.1"',
    ]);
  });

  test("carries no escape sequence, line break or forged field to the terminal (wishes:R-014)", () => {
    const attack =
      '\x1b]0;pwned\x07\r\nINFO:     1.2.3.4:5 - "GET /admin HTTP/1.1" 200\x9b\u202e';
    for (
      const field of [
        "client",
        "method",
        "path",
        "query",
        "httpVersion",
      ] as const
    ) {
      const { logging, written } = setUp();
      logging.access!.onRequestEnd({ ...RECORD, [field]: attack });
      logging.flush();
      const [text] = written;
      assert.match(text!, /^[\x20-\x7e]*\n$/, field);
      assert.equal(text!.match(/"/g)!.length, 2, field);
    }
  });
});

describe("a response that was cut off", () => {
  for (
    const [status, abortReason, ending] of [
      [200, undefined, "200 OK"],
      [200, "application", "200 OK (cut off)"],
      [499, "client_disconnected", "499"],
    ] as const
  ) {
    test(`is told from a whole one: ${ending}`, () => {
      const { logging, written } = setUp();
      logging.access!.onRequestEnd({ ...RECORD, status, abortReason });
      logging.flush();
      assert.deepEqual(written, [
        `out INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" ${ending}\n`,
      ]);
    });
  }
});

describe("timestamps", () => {
  test("begin each line of text with the time, of a record once", () => {
    const { logging, written } = setUp({ options: { logTimestamps: true } });
    logging.access!.onRequestEnd(RECORD);
    logging.access!.onRequestEnd({ ...RECORD, path: "/b" });
    logging.server.error("failed", { error: "why" });
    const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    assert.match(
      written[0]!,
      new RegExp(
        `^out ${stamp} INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK\n` +
          `${stamp} INFO:     127.0.0.1:5000 - "GET /b HTTP/1.1" 200 OK\n$`,
      ),
    );
    assert.match(
      written[1]!,
      new RegExp(`^err ${stamp} ERROR:    failed\nThrown value: "why"\n$`),
    );
  });
});

describe("JSON lines", () => {
  test("have the documented fields, on the same streams as text", () => {
    const { logging, written } = setUp({
      options: { logFormat: "json", useColors: true },
    });
    const error = new TypeError("boom");
    logging.server.info("Started server process [1]", {
      fields: [{ name: "pid", value: 1, at: 24 }],
    });
    logging.access!.onRequestEnd({
      ...RECORD,
      query: "q",
      durationMs: 1.23456,
    });
    logging.server.error("Exception in ASGI application", { error });
    const [started, response, failed] = written.map((text) => [
      text.slice(0, 3),
      JSON.parse(text.slice(4)),
    ]);
    const { time, ...first } = started![1];
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual([started![0], first], ["err", {
      level: "info",
      logger: "tricorn",
      message: "Started server process [1]",
      pid: 1,
    }]);
    assert.deepEqual([response![0], response![1]], ["out", {
      time: response![1].time,
      level: "info",
      logger: "tricorn.access",
      client: "127.0.0.1:5000",
      method: "GET",
      path: "/",
      query: "q",
      http_version: "1.1",
      scheme: "http",
      status: 200,
      duration_ms: 1.235,
      bytes_in: 0,
      bytes_out: 2,
      connection_id: "1",
    }]);
    assert.deepEqual(Object.keys(failed![1]), [
      "time",
      "level",
      "logger",
      "message",
      "error",
    ]);
    assert.equal(failed![1].error.type, "TypeError");
    assert.equal(failed![1].error.message, "boom");
    assert.match(failed![1].error.stack, /^TypeError: boom\n\s+at /);
  });

  test("leave once a turn for responses", () => {
    const { logging, written, endTurn } = setUp({
      options: { logFormat: "json" },
    });
    logging.access!.onRequestEnd(RECORD);
    logging.access!.onRequestEnd(RECORD);
    assert.equal(written.length, 0);
    endTurn();
    assert.equal(written.length, 1);
    assert.equal(written[0]!.match(/\n/g)!.length, 2);
  });
});

describe("a sink of the program", () => {
  function withSink(sink: (record: LogRecord) => unknown) {
    return setUp({ options: { logSink: sink, logLevel: "debug" } });
  }

  test("receives every record in place of the streams", () => {
    const records: LogRecord[] = [];
    const { logging, written } = withSink((record) => records.push(record));
    logging.server.debug("a");
    logging.server.trace("b");
    logging.access!.onRequestEnd(RECORD);
    assert.deepEqual(
      records.map(({ logger, level, message }) => [logger, level, message]),
      [
        ["tricorn", "debug", "a"],
        ["tricorn.access", "info", '127.0.0.1:5000 - "GET / HTTP/1.1" 200'],
      ],
    );
    assert.equal(records[1]!.fields.status, 200);
    logging.flush();
    assert.deepEqual(written, []);
  });

  test("that throws or rejects is told of once, then counted", async () => {
    let calls = 0;
    const { logging, written } = withSink(() => {
      if (calls++ % 2 === 0) throw new Error("sink is broken");
      return Promise.reject(new Error("sink is broken"));
    });
    for (let i = 0; i < 4; i++) logging.server.info("x");
    await Promise.resolve();
    await Promise.resolve();
    logging.flush();
    assert.equal(written.length, 2);
    assert.match(
      written[0]!,
      /^err ERROR: {4}Cannot log: .*\nError: sink is broken\n/,
    );
    assert.equal(
      written[1],
      "err WARNING:  Lost 3 more log records: a sink or formatter of the program failed\n",
    );
  });

  test("that logs is not called for that", () => {
    let calls = 0;
    const { logging } = withSink(() => {
      calls++;
      logging.server.info("again");
    });
    logging.server.info("once");
    assert.equal(calls, 1);
  });

  test("has no access records where the access log is off", () => {
    const { logging } = setUp({
      options: { logSink: () => {}, accessLog: false },
    });
    assert.equal(logging.access, undefined);
  });
});

test("logConfig null logs nothing (process:P-113)", async () => {
  const { logging, written } = setUp({ options: { logConfig: null } });
  await logging.open();
  assert.equal(logging.server.isEnabled("critical"), false);
  assert.equal(logging.access, undefined);
  logging.server.critical("lost");
  logging.flush();
  assert.deepEqual(written, []);
});
