import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import { readIni } from "../../../src/logging/config/ini.ts";

const SOURCE = "--log-config 'log.ini'";

test("readIni() reads the dialect of Python's fileConfig", () => {
  const { value, origin } = readIni(
    `\uFEFF# A comment
[loggers]
keys = root, access

[handlers]
keys=console,file
[formatters]
keys: plain

[logger_root]
level = INFO
handlers = console

[logger_access]
qualname = uvicorn.access
handlers = file
propagate = 0

[handler_console]
class = StreamHandler
formatter = plain
args = (sys.stdout,)

[handler_file]
class = FileHandler
args = ('app.log', "a")

[formatter_plain]
format = %(levelname)s
    %(message)s
; another comment
`,
    SOURCE,
  );
  assert.deepEqual(value, {
    formatters: { plain: { format: "%(levelname)s\n%(message)s" } },
    handlers: {
      console: {
        class: "StreamHandler",
        formatter: "plain",
        stream: "sys.stdout",
      },
      file: { class: "FileHandler", filename: "app.log", mode: "a" },
    },
    loggers: {
      "": { level: "INFO", handlers: ["console"] },
      "uvicorn.access": { propagate: "0", handlers: ["file"] },
    },
  });
  const place = origin.placeOf!;
  assert.equal(
    place(["handlers", "file", "class"]),
    "[handler_file] class",
  );
  assert.equal(place(["loggers", "uvicorn.access"]), "[logger_access]");
  assert.equal(place(["loggers", "", "level"]), "[logger_root] level");
  assert.equal(place(["loggers"]), "[loggers]");
});

const FRAME = "[loggers]\nkeys=\n[handlers]\nkeys=\n[formatters]\nkeys=\n";
const WITH = "[loggers]\nkeys=\n[handlers]\nkeys=h\n[formatters]\nkeys=\n";

for (
  const [text, problem] of [
    ["", "section [formatters] is missing"],
    ["hello", "line 1: expected 'key = value', got 'hello'"],
    ["a = 1", "line 1: expected a section first"],
    ["[a]\n[a]", "line 2: section [a] is there already"],
    ["[a]\nx=1\nX=2", "line 3: key 'x' is there already"],
    [`${FRAME}[handler_x]\n`, "[handler_x]: unknown section, no keys name it"],
    [WITH, "[handlers] keys: there is no section [handler_h]"],
    [
      `${WITH}[handler_h]\nargs=sys.stdout`,
      "[handler_h] args: expected such as (sys.stderr,) or ('app.log',), got 'sys.stdout'",
    ],
    [
      `${WITH}[handler_h]\nargs=(open('x'),)`,
      "[handler_h] args: expected such as (sys.stderr,) or ('app.log',), got '(open('x'),)'",
    ],
    [
      `${WITH}[handler_h]\nargs=('a', 'a', 'utf8')`,
      "[handler_h] args: expected two arguments at most",
    ],
    [
      "[loggers]\nkeys=x\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_x]\nlevel=INFO",
      "[logger_x] qualname: it is missing",
    ],
  ] as const
) {
  test(`readIni() says of ${JSON.stringify(text)} what is wrong`, () => {
    assert.throws(
      () => readIni(text, SOURCE),
      new ConfigError(`Cannot use ${SOURCE}: ${problem}`),
    );
  });
}
