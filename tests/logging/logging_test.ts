import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AccessEntry } from "../../src/logging/access_log.ts";
import type { LogLevel } from "../../src/logging/logger.ts";
import { createLogging, type Logging } from "../../src/logging/logging.ts";

const ENTRY: AccessEntry = {
  client: "127.0.0.1:5000",
  method: "GET",
  path: "/",
  query: "",
  httpVersion: "1.1",
  status: 200,
  durationMs: 1,
  bodyBytes: 2,
  isAborted: false,
};

interface Setup {
  readonly logLevel?: LogLevel;
  readonly accessLog?: boolean;
  readonly useColors?: boolean;
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
}

/** What was written, in order, each piece with the stream's name in front. */
function setUp(
  setup: Setup = {},
): { logging: Logging; written: string[]; endTurn: () => void } {
  const written: string[] = [];
  const turns: (() => void)[] = [];
  const logging = createLogging({
    logLevel: setup.logLevel ?? "info",
    accessLog: setup.accessLog ?? true,
    useColors: setup.useColors,
  }, {
    stdout: {
      isTerminal: setup.stdoutIsTerminal ?? false,
      write: (text) => void written.push(`out ${text}`),
    },
    stderr: {
      isTerminal: setup.stderrIsTerminal ?? false,
      write: (text) => void written.push(`err ${text}`),
    },
    env: (name) => setup.variables?.[name],
    afterTurn: (callback) => void turns.push(callback),
    phrase: (status) =>
      status === 200 ? "OK" : status === 404 ? "Not Found" : "",
  });
  return {
    logging,
    written,
    endTurn: () => turns.splice(0).forEach((callback) => callback()),
  };
}

describe("createLogging()", () => {
  test("sends the server's lines to stderr and responses to stdout (process:P-101)", () => {
    const { logging, written, endTurn } = setUp();
    logging.server.info("Started server process [1]");
    logging.access!.log(ENTRY);
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
      assert.equal(setUp({ logLevel }).logging.access, undefined);
    });
  }

  test("has no access log when it is off, but handles flush()", () => {
    const { logging } = setUp({ accessLog: false });
    assert.equal(logging.access, undefined);
    logging.flush();
  });

  test("writes the responses of a turn in one piece", () => {
    const { logging, written, endTurn } = setUp();
    for (const path of ["/a", "/b", "/b"]) {
      logging.access!.log({ ...ENTRY, path });
    }
    assert.equal(written.length, 0);
    endTurn();
    assert.equal(written.length, 1);
    assert.equal(written[0]!.match(/\n/g)!.length, 3);
    logging.access!.log(ENTRY);
    endTurn();
    assert.equal(written.length, 2);
  });

  test("does not hold more than a few lines back", () => {
    const { logging, written } = setUp();
    for (let i = 0; i < 10_000; i++) logging.access!.log(ENTRY);
    assert.ok(written.length > 1);
    assert.ok(written.every((text) => text.length < 70_000));
    logging.flush();
    assert.equal(written.join("").match(/\n/g)!.length, 10_000);
  });

  test("flush() writes what waits, once", () => {
    const { logging, written, endTurn } = setUp();
    logging.access!.log(ENTRY);
    logging.flush();
    logging.flush();
    endTurn();
    assert.equal(written.length, 1);
  });

  test("tells what happened first first, though the streams differ", () => {
    const { logging, written } = setUp();
    logging.access!.log(ENTRY);
    logging.server.info("Shutting down");
    assert.deepEqual(written.map((text) => text.slice(0, 3)), ["out", "err"]);
  });

  test("colours each stream by itself", () => {
    const { logging, written } = setUp({ stderrIsTerminal: true });
    logging.access!.log(ENTRY);
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
      ["the option", { useColors: true }],
      ["FORCE_COLOR", { variables: { FORCE_COLOR: "1" } }],
      ["a terminal", { stdoutIsTerminal: true }],
    ] as const
  ) {
    test(`colours responses because of ${what}`, () => {
      const { logging, written } = setUp(setup);
      logging.access!.log({ ...ENTRY, status: 404 });
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
    logging.access!.log(ENTRY);
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
    ] as readonly (readonly [string, Partial<AccessEntry>, string])[]
  ) {
    test(what, () => {
      const { logging, written } = setUp();
      logging.access!.log({ ...ENTRY, ...change });
      logging.flush();
      assert.deepEqual(written, [`out INFO:     ${line}\n`]);
    });
  }

  test("does not mix two requests that differ in one field", () => {
    const { logging, written } = setUp();
    const changes = [{}, { method: "PUT" }, {}, { query: "x" }, {}, {
      httpVersion: "1.0",
    }, {}];
    for (const change of changes) logging.access!.log({ ...ENTRY, ...change });
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
      logging.access!.log({ ...ENTRY, [field]: attack });
      logging.flush();
      const [text] = written;
      assert.match(text!, /^[\x20-\x7e]*\n$/, field);
      assert.equal(text!.match(/"/g)!.length, 2, field);
    }
  });
});

describe("a response that was cut off", () => {
  for (
    const [status, isAborted, ending] of [
      [200, false, "200 OK"],
      [200, true, "200 OK (cut off)"],
      [499, true, "499"],
    ] as const
  ) {
    test(`is told from a whole one: ${ending}`, () => {
      const { logging, written } = setUp();
      logging.access!.log({ ...ENTRY, status, isAborted });
      logging.flush();
      assert.deepEqual(written, [
        `out INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" ${ending}\n`,
      ]);
    });
  }
});
