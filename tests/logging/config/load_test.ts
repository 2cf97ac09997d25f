/** Log configurations, from the option to what is written. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LogConfig } from "../../../src/logging/config/log_config.ts";
import type { LogRecord } from "../../../src/logging/record.ts";
import { type Setup, setUp } from "../../_support/fake_logging.ts";
import { RECORD } from "../../_support/request_records.ts";

/** Uvicorn's own configuration, with the names of the classes replaced. */
const UVICORN = {
  version: 1,
  disable_existing_loggers: false,
  formatters: {
    default: {
      "()": "tricorn.TextFormatter",
      fmt: "%(levelprefix)s %(message)s",
      use_colors: null,
    },
    access: {
      "()": "tricorn.AccessFormatter",
      fmt:
        '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s',
    },
  },
  handlers: {
    default: {
      formatter: "default",
      class: "tricorn.StreamHandler",
      stream: "ext://sys.stderr",
    },
    access: {
      formatter: "access",
      class: "tricorn.StreamHandler",
      stream: "ext://sys.stdout",
    },
  },
  loggers: {
    uvicorn: { handlers: ["default"], level: "INFO", propagate: false },
    "uvicorn.error": { level: "INFO" },
    "uvicorn.access": {
      handlers: ["access"],
      level: "INFO",
      propagate: false,
    },
  },
} as const;

/** The usual one for JSON, with the names of the classes replaced. */
const JSON_LINES = {
  version: 1,
  disable_existing_loggers: false,
  formatters: {
    json: {
      "()": "tricorn.JsonFormatter",
      format: "%(asctime)s %(levelname)s %(name)s %(message)s",
      datefmt: "%Y",
      rename_fields: { levelname: "severity" },
      static_fields: { service: "shop" },
    },
  },
  handlers: {
    console: {
      class: "tricorn.StreamHandler",
      formatter: "json",
      stream: "ext://sys.stdout",
    },
  },
  root: { handlers: ["console"], level: "INFO" },
  loggers: {
    uvicorn: { handlers: ["console"], level: "INFO", propagate: false },
    "uvicorn.access": {
      handlers: ["console"],
      level: "INFO",
      propagate: false,
    },
  },
} as const;

const ROOT_INI = `[loggers]
keys=root
[handlers]
keys=console
[formatters]
keys=simple
[logger_root]
level=DEBUG
handlers=console
[handler_console]
class=StreamHandler
level=DEBUG
formatter=simple
args=(sys.stdout,)
[formatter_simple]
format=%(name)s %(levelname)s %(message)s
`;

/** Opened logs of a configuration. */
async function opened(
  logConfig: unknown,
  options: Setup["options"] = {},
  setup: Setup = {},
) {
  const set = setUp({
    ...setup,
    options: { logConfig: logConfig as LogConfig, ...options },
  });
  await set.logging.open();
  return set;
}

/** What one message and one response leave. */
async function linesOf(
  logConfig: unknown,
  options: Setup["options"] = {},
  setup: Setup = {},
): Promise<string[]> {
  const { logging, written } = await opened(logConfig, options, setup);
  logging.server.info("hello");
  logging.access?.onRequestEnd(RECORD);
  logging.flush();
  return written;
}

const USUAL = [
  "err INFO:     hello\n",
  'out INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK\n',
];

describe("a log configuration", () => {
  test("that is Uvicorn's writes the usual lines (process:P-110)", async () => {
    assert.deepEqual(await linesOf(UVICORN), USUAL);
  });

  test("is read from a JSON file", async () => {
    const files = { "log.json": JSON.stringify(UVICORN) };
    assert.deepEqual(await linesOf("log.json", {}, { files }), USUAL);
  });

  test("is read from YAML by the reader that it is given, now or later", async () => {
    for (const parseYaml of [() => UVICORN, () => Promise.resolve(UVICORN)]) {
      const setup = { files: { "log.yaml": "version: 1" }, parseYaml };
      assert.deepEqual(await linesOf("log.yaml", {}, setup), USUAL);
    }
  });

  test("writes JSON as Python's well-known one (process:P-111)", async () => {
    const written = await linesOf(JSON_LINES);
    const [server, access] = written.map((text) => JSON.parse(text.slice(4)));
    assert.ok(written.every((text) => text.startsWith("out ")));
    const asctime = String(new Date().getFullYear());
    assert.deepEqual(server, {
      asctime,
      severity: "INFO",
      name: "tricorn",
      message: "hello",
      service: "shop",
    });
    assert.equal(access.name, "tricorn.access");
    assert.equal(access.status, 200);
    assert.equal(access.service, "shop");
  });

  test("of a root logger alone in INI gets everything by propagation (process:P-112)", async () => {
    const files = { "log.ini": ROOT_INI };
    const { logging, written } = await opened("log.ini", {}, { files });
    logging.server.debug("a");
    logging.access!.onRequestEnd(RECORD);
    logging.flush();
    assert.deepEqual(written, [
      "out tricorn DEBUG a\n",
      'out tricorn.access INFO 127.0.0.1:5000 - "GET / HTTP/1.1" 200\n',
    ]);
  });

  test("keeps what is logged before it is read", async () => {
    const { logging, written } = setUp({
      options: { logConfig: UVICORN as LogConfig },
    });
    logging.server.info("early");
    logging.server.debug("too little");
    assert.deepEqual(written, []);
    await logging.open();
    logging.server.info("late");
    assert.deepEqual(written, [
      "err INFO:     early\n",
      "err INFO:     late\n",
    ]);
  });

  test("that is never read leaves the usual lines", () => {
    const { logging, written } = setUp({
      options: { logConfig: UVICORN as LogConfig },
    });
    logging.server.error("failed before");
    logging.flush();
    assert.deepEqual(written, ["err ERROR:    failed before\n"]);
  });

  test("gives way to --log-level, --no-access-log and --use-colors", async () => {
    assert.deepEqual(await linesOf(UVICORN, { logLevel: "error" }), []);
    assert.deepEqual(await linesOf(UVICORN, { accessLog: false }), [USUAL[0]]);
    const [colored] = await linesOf(UVICORN, { useColors: true });
    assert.equal(colored, "err \x1b[32mINFO\x1b[0m:     hello\n");
    const { logging } = await opened(UVICORN, { logLevel: "trace" });
    assert.ok(logging.asgi.isEnabled("trace"));
  });

  test("may ask for no colours, or for some", async () => {
    const plain = structuredClone(UVICORN) as unknown as {
      formatters: { default: { use_colors: boolean | null } };
    };
    plain.formatters.default.use_colors = false;
    assert.deepEqual(
      (await linesOf(plain, { useColors: true }))[0],
      USUAL[0],
    );
    plain.formatters.default.use_colors = true;
    assert.match((await linesOf(plain))[0]!, /\x1b\[32m/);
  });

  test("has levels of handlers and of loggers, in any case or as numbers (process:P-105)", async () => {
    const config = {
      handlers: {
        all: { class: "StreamHandler" },
        bad: { class: "StreamHandler", level: "Warn", stream: "stdout" },
      },
      loggers: { tricorn: { level: 10, handlers: ["all", "bad"] } },
    };
    const { logging, written } = await opened(config);
    logging.server.trace("a");
    logging.server.debug("b");
    logging.server.warning("c");
    assert.deepEqual(written, [
      "err DEBUG:    b\n",
      "err WARNING:  c\n",
      "out WARNING:  c\n",
    ]);
  });

  test("writes a record once to a handler that it reaches twice", async () => {
    const config = {
      handlers: { one: { class: "StreamHandler" } },
      loggers: { tricorn: { handlers: ["one"] } },
      root: { handlers: ["one"] },
    };
    assert.equal((await linesOf(config)).length, 2);
  });

  test("of a program may hold sinks and formatters", async () => {
    const records: LogRecord[] = [];
    const written = await linesOf({
      formatters: {
        mine: { "()": ({ message }: LogRecord) => `<${message}>\n` },
      },
      handlers: {
        sink: { sink: (record: LogRecord) => void records.push(record) },
        text: { class: "StreamHandler", formatter: "mine" },
      },
      loggers: { tricorn: { handlers: ["sink", "text"] } },
    });
    assert.deepEqual(records.map(({ logger }) => logger), [
      "tricorn",
      "tricorn.access",
    ]);
    assert.deepEqual(written[0], "err <hello>\n");
  });

  test("escapes what a peer sent in every text format", async () => {
    const config = {
      formatters: {
        raw: {
          class: "TextFormatter",
          format: "%(path)s %(query)s %(client)s %(message)s %(request_line)s",
        },
      },
      handlers: { out: { class: "StreamHandler", formatter: "raw" } },
      root: { handlers: ["out"] },
    };
    const { logging, written } = await opened(config);
    const attack = 'x\x1b[2J\r\nINFO: "forged"\x9b\u202e';
    logging.access!.onRequestEnd({
      ...RECORD,
      path: attack,
      query: attack,
      client: attack,
    });
    logging.flush();
    assert.match(written[0]!, /^err [\x20-\x7e]+\n$/);
  });

  test("writes the error below the line of a format", async () => {
    const config = {
      formatters: { short: { format: "%(levelname).1s %(message)s" } },
      handlers: { out: { class: "StreamHandler", formatter: "short" } },
      root: { handlers: ["out"] },
    };
    const { logging, written } = await opened(config);
    logging.server.error("failed", { error: "why" });
    assert.deepEqual(written, ['err E failed\nThrown value: "why"\n']);
  });
});

describe("files of a log configuration", () => {
  const config = {
    handlers: {
      file: { class: "FileHandler", filename: "app.log" },
      same: { class: "FileHandler", filename: "app.log", level: "ERROR" },
      unused: { class: "FileHandler", filename: "unused.log" },
    },
    loggers: { tricorn: { handlers: ["file", "same"] } },
  };

  test("are opened once, where a logger uses them", async () => {
    const { logging, written, files } = await opened(config);
    assert.equal(files.length, 1);
    logging.server.info("a");
    assert.deepEqual(written, ["app.log INFO:     a\n"]);
  });

  test("are not coloured", async () => {
    const { logging, written } = await opened(config, { useColors: true });
    logging.server.info("a");
    assert.deepEqual(written, ["app.log INFO:     a\n"]);
  });

  test("are reopened, after the responses so far; a failure is told of", async () => {
    const { logging, written, files } = await opened(config);
    logging.access!.onRequestEnd(RECORD);
    logging.reopen();
    files[0]!.problem = "EACCES: permission denied";
    logging.reopen();
    assert.deepEqual(written, [
      'app.log INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200\n',
      "reopen app.log",
      "app.log INFO:     Log files reopened\n",
      "app.log ERROR:    Cannot reopen log file 'app.log': EACCES: permission denied. " +
      "Writing on to the one of before.\n",
      "app.log ERROR:    Cannot reopen log file 'app.log': EACCES: permission denied. " +
      "Writing on to the one of before.\n",
    ]);
  });

  test("that lose lines are told of: in the log, or at the end on standard error", async () => {
    const { logging, written, files } = await opened(config);
    files[0]!.onDropped!(1);
    files[0]!.onFailure!("ENOSPC: no space left on device");
    files[0]!.dropped = 7;
    logging.flush();
    assert.deepEqual(written, [
      "app.log WARNING:  Dropped 1 line of log file 'app.log': it took no more\n",
      "err ERROR:    Cannot write to log file 'app.log': ENOSPC: no space left on device. " +
      "Lines are dropped until it takes them again.\n",
      "err WARNING:  Dropped 7 lines of log file 'app.log': it took no more\n",
    ]);
  });

  test("that cannot be opened end the start with code 3; the log is the usual one", async () => {
    const { logging, written } = setUp({
      options: {
        logConfig: {
          handlers: {
            good: { class: "FileHandler", filename: "good.log" },
            bad: { class: "FileHandler", filename: "missing/app.log" },
          },
          root: { handlers: ["good", "bad"] },
        },
      },
    });
    logging.server.info("early");
    await assert.rejects(logging.open(), {
      name: "ConfigError",
      exitCode: 3,
      message: 'Cannot use option "logConfig": handlers.bad.filename: ' +
        "cannot open 'missing/app.log': ENOENT: no such folder",
    });
    assert.deepEqual(written, ["close good.log", "err INFO:     early\n"]);
  });
});

describe("reconfigure()", () => {
  test("reads the file again, and closes the files of before", async () => {
    const files: Record<string, string> = {
      "log.json": JSON.stringify({
        handlers: { h: { class: "FileHandler", filename: "old.log" } },
        root: { handlers: ["h"] },
      }),
    };
    const { logging, written } = await opened("log.json", {}, { files });
    logging.server.info("a");
    logging.access!.onRequestEnd(RECORD);
    files["log.json"] = files["log.json"]!.replace("old", "new");
    assert.equal(await logging.reconfigure(), true);
    logging.server.info("b");
    assert.deepEqual(written, [
      "old.log INFO:     a\n",
      'old.log INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200\n',
      "close old.log",
      "new.log INFO:     b\n",
    ]);
  });

  test("keeps what is in use if the new one is broken, and says so", async () => {
    const files: Record<string, string> = {
      "log.json": JSON.stringify(UVICORN),
    };
    const { logging, written } = await opened("log.json", {}, { files });
    files["log.json"] = "{\n";
    assert.equal(await logging.reconfigure(), false);
    logging.server.info("b");
    assert.deepEqual(written, [
      "err ERROR:    Cannot use --log-config 'log.json': line 2: it ends where a key in double quotes is expected. " +
      "Logging goes on as configured before.\n",
      "err INFO:     b\n",
    ]);
  });

  test("takes other options, and switches the access log off and on", async () => {
    const { logging, written, options } = setUp();
    const { access } = logging;
    assert.ok(await logging.reconfigure({ ...options, accessLog: false }));
    assert.equal(logging.access, undefined);
    access!.onRequestEnd(RECORD);
    logging.flush();
    assert.deepEqual(written, []);
    assert.ok(await logging.reconfigure({ ...options, logLevel: "trace" }));
    assert.ok(logging.asgi.isEnabled("trace"));
    logging.access!.onRequestEnd(RECORD);
    logging.flush();
    assert.deepEqual(written, [USUAL[1]]);
  });
});

describe("a wrong log configuration is named in one line:", () => {
  const handlers = { h: { class: "StreamHandler" } };
  for (
    const [config, problem] of [
      [[], "expected an object, got an array"],
      [
        { handler: {} },
        "handler: unknown key 'handler'; did you mean 'handlers'?",
      ],
      [{ version: 2 }, "version: expected 1, got 2"],
      [{ incremental: true }, "incremental: expected false"],
      [
        { disable_existing_loggers: "maybe" },
        "disable_existing_loggers: expected true or false, got 'maybe'",
      ],
      [
        { filters: { f: {} } },
        "filters.f: there are no filters here; use the level of a handler, or a sink",
      ],
      [
        { formatters: { f: { class: "logging.Formatter" } } },
        "formatters.f.class: unknown class 'logging.Formatter'; here it is tricorn.TextFormatter",
      ],
      [
        {
          formatters: {
            f: { "()": "pythonjsonlogger.jsonlogger.JsonFormatter" },
          },
        },
        "formatters.f.(): unknown class 'pythonjsonlogger.jsonlogger.JsonFormatter'; " +
        "here it is tricorn.JsonFormatter",
      ],
      [
        { formatters: { f: { "()": "my.Formatter" } } },
        "formatters.f.(): unknown class 'my.Formatter'; expected tricorn.TextFormatter, " +
        "tricorn.AccessFormatter, tricorn.JsonFormatter",
      ],
      [
        { formatters: { f: { class: 1 } } },
        "formatters.f.class: expected the name of a class, got 1",
      ],
      [
        { formatters: { f: { fromat: "x" } } },
        "formatters.f.fromat: unknown key 'fromat'; did you mean 'format'?",
      ],
      [
        { formatters: { f: { format: "%(mesage)s" } } },
        "formatters.f.format: records have no attribute 'mesage': did you mean 'message'?",
      ],
      [
        { formatters: { f: { format: 1 } } },
        "formatters.f.format: expected a string, got 1",
      ],
      [
        { formatters: { f: { datefmt: "%Q" } } },
        "formatters.f.datefmt: unknown directive '%Q'",
      ],
      [
        { formatters: { f: { style: "{" } } },
        "formatters.f.style: expected '%', got '{'",
      ],
      [
        { formatters: { f: { static_fields: {} } } },
        "formatters.f.static_fields: it belongs to tricorn.JsonFormatter",
      ],
      [
        {
          formatters: {
            f: { class: "JsonFormatter", static_fields: { a: 1n } },
          },
        },
        "formatters.f.static_fields: it cannot be written as JSON",
      ],
      [
        { handlers: { h: {} } },
        "handlers.h.class: it is missing; expected tricorn.StreamHandler, tricorn.FileHandler, " +
        "tricorn.NullHandler",
      ],
      [
        { handlers: { h: { class: "logging.StreamHandler" } } },
        "handlers.h.class: unknown class 'logging.StreamHandler'; here it is tricorn.StreamHandler",
      ],
      [
        { handlers: { h: { class: "logging.handlers.RotatingFileHandler" } } },
        "handlers.h.class: unknown class 'logging.handlers.RotatingFileHandler'; here it is " +
        "tricorn.FileHandler, rotated by logrotate and SIGUSR1",
      ],
      [
        { handlers: { h: { class: "StreamHandler", filename: "x" } } },
        "handlers.h.filename: it belongs to tricorn.FileHandler, not to tricorn.StreamHandler",
      ],
      [
        {
          handlers: {
            h: { class: "StreamHandler", stream: "ext://sys.stdin" },
          },
        },
        "handlers.h.stream: expected 'ext://sys.stdout' or 'ext://sys.stderr', got 'ext://sys.stdin'",
      ],
      [
        { handlers: { h: { class: "StreamHandler", level: "LOUD" } } },
        "handlers.h.level: unknown level 'LOUD'; expected critical, error, warning, info, debug, " +
        "trace",
      ],
      [
        { handlers: { h: { class: "StreamHandler", level: "INFOO" } } },
        "handlers.h.level: unknown level 'INFOO'; did you mean 'info'?",
      ],
      [
        {
          handlers: { h: { class: "StreamHandler", formatter: "jsn" } },
          formatters: { json: {} },
        },
        "handlers.h.formatter: there is no formatter 'jsn'; did you mean 'json'?",
      ],
      [
        { handlers: { h: { class: "FileHandler" } } },
        "handlers.h.filename: it is missing; expected a path",
      ],
      [
        { handlers: { h: { class: "FileHandler", filename: "a\0b" } } },
        "handlers.h.filename: it holds a null character",
      ],
      [
        { handlers: { h: { class: "FileHandler", filename: "x", mode: "w" } } },
        "handlers.h.mode: expected 'a', the file is appended to; got 'w'",
      ],
      [
        {
          handlers: {
            h: { class: "FileHandler", filename: "x", encoding: "latin-1" },
          },
        },
        "handlers.h.encoding: expected 'utf-8', got 'latin-1'",
      ],
      [
        { handlers: { h: { sink: "x" } } },
        "handlers.h.sink: expected a function, got 'x'",
      ],
      [
        { handlers: { h: { sink: () => {}, class: "StreamHandler" } } },
        "handlers.h.class: expected none beside a sink",
      ],
      [
        { handlers, loggers: { "uvicorn.acces": {} } },
        "loggers.uvicorn.acces: unknown logger 'uvicorn.acces'; did you mean 'tricorn.access'?",
      ],
      [
        { handlers, loggers: { sqlalchemy: {} } },
        "loggers.sqlalchemy: unknown logger 'sqlalchemy'; expected tricorn, tricorn.access, " +
        "tricorn.asgi or root",
      ],
      [
        { handlers, loggers: { uvicorn: {}, tricorn: {} } },
        "loggers.tricorn: this logger is there already",
      ],
      [
        { handlers, root: {}, loggers: { "": {} } },
        "root: this logger is there already",
      ],
      [
        { handlers, root: { handlers: "h" } },
        "root.handlers: expected an array of names, got 'h'",
      ],
      [
        { handlers, root: { handlers: ["g"] } },
        "root.handlers: there is no handler 'g'; did you mean 'h'?",
      ],
      [
        { handlers, root: { propagate: "perhaps" } },
        "root.propagate: expected true or false, got 'perhaps'",
      ],
      [
        { root: { levle: "INFO" } },
        "root.levle: unknown key 'levle'; did you mean 'level'?",
      ],
      [
        { root: { "a\n\x1b[2J": 1 } },
        "root.a\\n\\x1b[2J: unknown key 'a\\n\\x1b[2J'",
      ],
    ] as const
  ) {
    test(problem, async () => {
      const { logging } = setUp({
        options: { logConfig: config as unknown as LogConfig },
      });
      await assert.rejects(logging.open(), {
        name: "ConfigError",
        exitCode: 2,
        message: `Cannot use option "logConfig": ${problem}`,
      });
    });
  }

  for (
    const [path, text, problem] of [
      ["no.json", undefined, "it cannot be read: ENOENT: no such file"],
      ["log.json", "{\n 'a'", "line 2: expected a key in double quotes"],
      ["log.json", "null", "expected an object, got null"],
      ["log.ini", "hello", "line 1: expected 'key = value', got 'hello'"],
      [
        "log.ini",
        ROOT_INI.replace("class=StreamHandler", "class=Handler"),
        "[handler_console] class: unknown class 'Handler'; expected tricorn.StreamHandler, " +
        "tricorn.FileHandler, tricorn.NullHandler",
      ],
      [
        "log.ini",
        ROOT_INI.replace("level=DEBUG", "level=LOUD"),
        "[logger_root] level: unknown level 'LOUD'; expected critical, error, warning, info, " +
        "debug, trace",
      ],
      ["log.yml", "a: b", "there is no reader of YAML"],
    ] as const
  ) {
    test(`${path}: ${problem}`, async () => {
      const { logging } = setUp({
        options: { logConfig: path },
        files: text === undefined ? {} : { [path]: text },
      });
      await assert.rejects(logging.open(), {
        name: "ConfigError",
        exitCode: 2,
        message: `Cannot use --log-config '${path}': ${problem}`,
      });
    });
  }

  test("what the reader of YAML says", async () => {
    const { logging } = setUp({
      options: { logConfig: "log.yaml" },
      files: { "log.yaml": "a: [" },
      parseYaml: () => Promise.reject(new Error("line 1: bad\nYAML")),
    });
    await assert.rejects(logging.open(), {
      name: "ConfigError",
      message: "Cannot use --log-config 'log.yaml': line 1: bad",
    });
  });
});
