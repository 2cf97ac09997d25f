import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "../../src/cli/parse_flags.ts";
import { OPTIONS, TEXT_OPTION_NAMES } from "../../src/config/options/mod.ts";
import { ConfigError } from "../../src/errors.ts";

for (
  const [args, app, options] of [
    ["main:app", "main:app", {}],
    ["", undefined, {}],
    // options:C-001
    ["--port 80 main:app --host ::1", "main:app", { port: 80, host: "::1" }],
    ["--port=0 main:app", "main:app", { port: 0 }],
    ["-p 80 main:app", "main:app", { port: 80 }],
    ["-p80 main:app", "main:app", { port: 80 }],
    ["--hostname 0.0.0.0 main:app", "main:app", { host: "0.0.0.0" }],
    ["--host= main:app", "main:app", { host: "" }],
    // options:C-002
    ["--port 1 --port 2 main:app", "main:app", { port: 2 }],
    ["--factory main:app", "main:app", { factory: true }],
    ["--access-log", undefined, { accessLog: true }],
    ["--no-access-log", undefined, { accessLog: false }],
    ["--no-access-log --access-log", undefined, { accessLog: true }],
    ["--use-colors", undefined, { useColors: true }],
    ["--no-use-colors", undefined, { useColors: false }],
    ["--no-server-header --no-date-header", undefined, {
      serverHeader: false,
      dateHeader: false,
    }],
    // options:O-028
    ["--log-level WARNING", undefined, { logLevel: "warning" }],
    ["--header A:1 --header=b:2:3", undefined, {
      headers: [["a", "1"], ["b", "2:3"]],
    }],
    ["--root-path /api/ --root-path-mode as-is", undefined, {
      rootPath: "/api",
      rootPathMode: "as-is",
    }],
    ["--timeout-keep-alive 2.5", undefined, { timeoutKeepAlive: 2.5 }],
    // options:O-040
    ["--h11-max-incomplete-event-size 1024", undefined, {
      limitRequestHead: 1024,
    }],
    ["--app-dir -x main:app", "main:app", { appDir: "-x" }],
    ["-- --port", "--port", {}],
    ["-", "-", {}],
  ] as readonly (readonly [string, string | undefined, unknown])[]
) {
  test(`parseFlags() reads "${args}"`, () => {
    assert.deepEqual(
      parseFlags(args.split(" ").filter((word) => word !== "")),
      {
        action: "run",
        app,
        options,
      },
    );
  });
}

test("parseFlags() keeps spaces of an argument", () => {
  const command = parseFlags(["--header", "X-A: b c", "main:app"]);
  assert.deepEqual(command, {
    action: "run",
    app: "main:app",
    options: { headers: [["x-a", "b c"]] },
  });
});

for (
  const [args, message] of [
    // options:C-003
    ["--prot 80", "No such option '--prot'. (Did you mean '--port'?)"],
    [
      "--relo",
      "No such option '--relo'. (Did you mean one of: '--reload', '--reload-delay', '--reload-dir'?)",
    ],
    [
      "--timeout",
      "No such option '--timeout'. (Did you mean one of: " +
      "'--timeout-first-byte', '--timeout-graceful-shutdown', '--timeout-keep-alive'?)",
    ],
    ["--prot=80 main:app", "No such option '--prot'. (Did you mean '--port'?)"],
    ["-x", "No such option '-x'."],
    ["--\x1b[2J", "No such option '--\\x1b[2J'."],
    // options:C-004
    ["--factory=true", "Option '--factory' does not take a value."],
    ["--no-access-log=1", "Option '--no-access-log' does not take a value."],
    [
      // options:C-006
      "--no-factory",
      "No such option '--no-factory'. (Did you mean '--factory'?)",
    ],
    ["--help=x", "Option '--help' does not take a value."],
    ["main:app --host", "Option '--host' requires an argument."],
    ["--host --port 80 main:app", "Option '--host' requires an argument."],
    ["-p", "Option '-p' requires an argument."],
    // options:C-005
    ["main:app extra", "Got unexpected extra argument (extra)"],
    ["main:app a b", "Got unexpected extra arguments (a b)"],
    ["main:app a --prot", "No such option '--prot'. (Did you mean '--port'?)"],
    ["--port abc", "Invalid value for '--port': 'abc' is not a valid integer."],
    ["-p abc", "Invalid value for '--port': 'abc' is not a valid integer."],
    [
      // options:O-011
      "--port 70000",
      "Invalid value for '--port': 70000 is not in the range 0<=x<=65535.",
    ],
    [
      "--port -1",
      "Invalid value for '--port': -1 is not in the range 0<=x<=65535.",
    ],
    [
      "--port 80.5",
      "Invalid value for '--port': '80.5' is not a valid integer.",
    ],
    [
      // options:O-015
      "--backlog 0",
      "Invalid value for '--backlog': 0 is not in the range 1<=x<=2147483647.",
    ],
    [
      // options:O-005
      "--lifespan maybe",
      "Invalid value for '--lifespan': 'maybe' is not one of 'auto', 'on', 'off'.",
    ],
    [
      // options:O-032
      "--http h2",
      "Invalid value for '--http': 'h2' is not one of 'auto', 'h1'.",
    ],
    [
      "--timeout-keep-alive soon",
      "Invalid value for '--timeout-keep-alive': 'soon' is not a valid float.",
    ],
    [
      "--header nonsense",
      "Invalid value for '--header': 'nonsense' is not of the form 'Name: value'.",
    ],
    [
      "--host http://x",
      "Invalid value for '--host': 'http://x' is not a host name or an IP address.",
    ],
    ["--uds=", "Invalid value for '--uds': '' is not a path."],
  ] as const
) {
  test(`parseFlags() refuses ${JSON.stringify(args)}`, () => {
    assert.throws(() => parseFlags(args.split(" ")), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, message);
      assert.equal(error.exitCode, 2);
      return true;
    });
  });
}

for (
  const [args, action] of [
    ["--version", "version"],
    ["--help", "help"],
    ["-h", "help"],
    ["main:app extra --prot --version --help", "version"],
    ["--port abc --help", "help"],
    ["--factory=1 -h", "help"],
  ] as const
) {
  test(`parseFlags() lets ${action} win in "${args}" (options:O-008, O-009)`, () => {
    assert.deepEqual(parseFlags(args.split(" ")), { action });
  });
}

test("parseFlags() takes what follows an option for its value, even --help", () => {
  assert.throws(
    () => parseFlags(["--", "--help", "--version"]),
    /unexpected extra argument/,
  );
});

test("parseFlags() knows every option of the table by all its spellings", () => {
  const samples = {
    integer: "300",
    number: "3",
    switch: "false",
    text: "x",
    list: "a:1",
    octal: "660",
  };
  const special: Readonly<Record<string, string>> = {
    forwardedAllowIps: "a::1",
    accessLogExclude: "/a",
    forwardedHeaders: "forwarded",
    logConfig: "log.json",
    accessLogSample: "0.5",
    channels: "redis://localhost",
    upgradeProbe: "/health",
    adminBind: "127.0.0.1:9000",
    statsdHost: "127.0.0.1:8125",
    healthPath: "/health",
    readyProbe: "/health",
  };
  for (const name of TEXT_OPTION_NAMES) {
    const { flag, aliases = [], type } = OPTIONS[name];
    for (const spelling of [flag, ...aliases]) {
      const value = type.kind === "choice"
        ? [type.choices[0]!]
        : type.kind === "boolean"
        ? []
        : [special[name] ?? samples[type.kind as keyof typeof samples]];
      const command = parseFlags([spelling, ...value]);
      assert.ok(
        command.action === "run" && command.options[name] !== undefined,
        spelling,
      );
    }
  }
});

test("parseFlags() reads flags of the command alone", () => {
  const run = { action: "run", app: "main:app", options: {} };
  assert.deepEqual(parseFlags(["main:app", "--check"]), {
    ...run,
    isCheck: true,
  });
  assert.deepEqual(parseFlags(["--config=a.json", "main:app"]), {
    ...run,
    config: "a.json",
  });
  assert.deepEqual(parseFlags(["--config", "", "main:app"]), {
    ...run,
    config: "",
  });
  assert.deepEqual(parseFlags(["--completion", "zsh"]), {
    action: "completion",
    shell: "zsh",
  });
});

for (
  const [args, message] of [
    ["--check=true", "Option '--check' does not take a value."],
    ["--config", "Option '--config' requires an argument."],
    ["--config --check", "Option '--config' requires an argument."],
    ["--completion", "Option '--completion' requires an argument."],
    [
      "--completion tcsh",
      "Invalid value for '--completion': 'tcsh' is not one of 'bash', 'zsh', 'fish'.",
    ],
    ["--chek", "No such option '--chek'. (Did you mean '--check'?)"],
    ["--no-check", "No such option '--no-check'. (Did you mean '--check'?)"],
  ] as const
) {
  test(`parseFlags() refuses ${args}`, () => {
    assert.throws(() => parseFlags(args.split(" ")), {
      name: "ConfigError",
      exitCode: 2,
      message,
    });
  });
}
