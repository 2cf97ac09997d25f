import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isSubCommand, SUB_COMMANDS } from "../../src/cli/parse_flags.ts";
import {
  helpText,
  parseSubCommand,
  runSubCommand,
} from "../../src/cli/sub_command.ts";
import { ConfigError } from "../../src/errors.ts";

function mistake(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.exitCode, 2);
    return error.message;
  }
  throw new Error("expected a mistake");
}

describe("isSubCommand()", () => {
  for (
    const [word, isOne] of [
      ["status", true],
      ["stop", true],
      ["reload", true],
      ["top", true],
      ["status:app", false],
      ["./status", false],
      ["Status", false],
      ["stat", false],
      ["", false],
      [undefined, false],
    ] as const
  ) {
    test(`is ${isOne} for ${word}`, () => {
      assert.equal(isSubCommand(word), isOne);
    });
  }
});

describe("parseSubCommand()", () => {
  test("reads its own flags and those that find the server, in any order", () => {
    assert.deepEqual(
      parseSubCommand("status", ["--pid-file", "a.pid", "--json"]),
      {
        word: "status",
        isJson: true,
        isForced: false,
        intervalSeconds: 2,
        isHelp: false,
        command: {
          action: "run",
          app: undefined,
          options: { pidFile: "a.pid" },
        },
      },
    );
    assert.equal(parseSubCommand("stop", ["--force"]).isForced, true);
    assert.equal(
      parseSubCommand("top", ["--interval=0.5"]).intervalSeconds,
      0.5,
    );
    assert.equal(
      parseSubCommand("top", ["--interval", "7"]).intervalSeconds,
      7,
    );
    const { command } = parseSubCommand("reload", [
      "--control-socket=x",
      "--config",
      "c.json",
    ]);
    assert.equal(command.options.controlSocket, "x");
    assert.equal(command.config, "c.json");
  });

  for (
    const [word, args, message] of [
      ["status", ["--force"], "No such option '--force'."],
      ["status", ["--json=1"], "Option '--json' does not take a value."],
      [
        "top",
        ["--interval", "0"],
        "Invalid value for '--interval': '0' is not a number of seconds from 0.1 to 3600.",
      ],
      ["top", ["--interval"], "Option '--interval' requires an argument."],
      [
        "stop",
        ["--port", "80"],
        "Cannot use the option 'port' with 'tricorn stop': it asks a server that runs.",
      ],
      [
        "stop",
        ["main:app"],
        "Got unexpected extra argument (main:app). To serve a module of the name 'stop', write 'stop:app'.",
      ],
      [
        "reload",
        ["--check"],
        "Cannot use --check, --completion or --version with 'tricorn reload'.",
      ],
    ] as const
  ) {
    test(`refuses ${word} ${args.join(" ")}`, () => {
      const found = mistake(() => parseSubCommand(word, args));
      assert.ok(found.startsWith(message), found);
    });
  }
});

test("the help of each sub-command fits 80 columns", () => {
  for (const word of SUB_COMMANDS) {
    assert.equal(parseSubCommand(word, ["--help"]).isHelp, true);
    for (const line of helpText(word).split("\n")) {
      assert.ok(line.length <= 80, line);
    }
  }
});

test("runSubCommand() says what it needs to find the server", async () => {
  await assert.rejects(
    runSubCommand("status", ["--config", ""], {
      env: () => undefined,
      setEnv: () => true,
      envNames: () => [],
      onWarning: () => {},
    }),
    (error: ConfigError) =>
      error.exitCode === 2 &&
      error.message.startsWith("Cannot find the server: expected --pid-file"),
  );
});
