import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { completionScript, type Shell } from "../../src/cli/completion.ts";
import { COMMAND_FLAGS, negated } from "../../src/cli/parse_flags.ts";
import { OPTIONS, TEXT_OPTION_NAMES } from "../../src/config/options/mod.ts";
import { needsProgram } from "../_support/needs.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-completion-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "apps"));
writeFileSync(join(folder, "main.ts"), "");
writeFileSync(join(folder, "my file.env"), "");

/** Every flag that the command knows. */
const FLAGS: readonly string[] = [
  ...TEXT_OPTION_NAMES.flatMap((name) => {
    const { flag, aliases = [], type } = OPTIONS[name];
    const isPair = type.kind === "boolean" && type.isNegatable;
    return [flag, ...aliases, ...isPair ? [negated(flag)] : []];
  }),
  ...COMMAND_FLAGS.flatMap(({ flag, aliases }) => [flag, ...aliases]),
].filter((flag) => flag.startsWith("--"));

function run(program: string, args: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, HOME: folder, TERM: "dumb" },
  });
  assert.equal(status, 0, `${error?.message} ${stderr}`);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "").sort();
}

function script(shell: Shell): string {
  const path = join(folder, `completion.${shell}`);
  writeFileSync(path, completionScript(shell));
  return path;
}

/** What bash offers for the last of `words`; it takes `=` for a word of its own. */
function bash(...words: readonly string[]): string[] {
  const list = ["tricorn", ...words].map((word) => `'${word}'`).join(" ");
  return run("bash", [
    "--norc",
    "-c",
    `source ${script("bash")}; COMP_WORDS=(${list}); COMP_CWORD=${words.length}
_tricorn; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]);
}

/** What fish offers for the end of a line. */
function fish(line: string): string[] {
  return run("fish", [
    "--no-config",
    "-c",
    `source ${script("fish")}; complete -C '${line}'`,
  ]).map((each) => each.split("\t")[0]!);
}

describe("completionScript() for bash", { skip: needsProgram("bash") }, () => {
  test("offers every flag", () => {
    const offered = bash("--");
    for (const flag of FLAGS) assert.ok(offered.includes(flag), flag);
    assert.equal(offered.length, FLAGS.length);
  });

  for (
    const [words, offered] of [
      [["--lifes"], ["--lifespan"]],
      [["--lifespan", ""], ["auto", "off", "on"]],
      [["--lifespan", "o"], ["off", "on"]],
      [["--lifespan", "="], ["auto", "off", "on"]],
      [["--lifespan", "=", "of"], ["off"]],
      [["main:app", "--no-acc"], ["--no-access-log"]],
      [["--env-file", "my"], ["my file.env"]],
      [["--app-dir", ""], ["apps"]],
      [["--port", ""], []],
      [["-p", ""], []],
      [["ma"], ["main.ts"]],
      [["--completion", "z"], ["zsh"]],
      [["sta"], ["status"]],
      [["status", "--j"], ["--json"]],
      [["status", "--lifes"], []],
      [["stop", "--pid-"], ["--pid-file"]],
      [["stop", "ma"], []],
      [["top", "--interval", ""], []],
      [["fetch", "ma"], ["main.ts"]],
      [["fetch", "--lifes"], ["--lifespan"]],
      [["fetch", "--inc"], ["--include"]],
    ] as const
  ) {
    test(`offers for ${words.join(" ")}: ${offered.join(" ")}`, () => {
      assert.deepEqual(bash(...words), offered);
    });
  }
});

describe("completionScript() for fish", { skip: needsProgram("fish") }, () => {
  test("offers every flag", () => {
    const offered = fish("tricorn --");
    for (const flag of FLAGS) assert.ok(offered.includes(flag), flag);
  });

  for (
    const [line, offered] of [
      ["tricorn --lifes", ["--lifespan"]],
      ["tricorn --lifespan o", ["off", "on"]],
      ["tricorn --lifespan=o", ["--lifespan=off", "--lifespan=on"]],
      ["tricorn --app-dir ", ["apps/"]],
      ["tricorn main:app --no-acc", ["--no-access-log"]],
      ["tricorn sta", ["status"]],
      ["tricorn status --js", ["--json"]],
      ["tricorn status --lifes", []],
      ["tricorn stop --pid-", ["--pid-file"]],
      ["tricorn stop ma", []],
      ["tricorn fetch --inc", ["--include"]],
      ["tricorn fetch --lifes", ["--lifespan"]],
    ] as const
  ) {
    test(`offers for ${line}: ${offered.join(" ")}`, () => {
      assert.deepEqual(fish(line), offered);
    });
  }
});

/** What becomes of `keys` in a zsh that completes: the arguments with which the command is run. */
function zsh(keys: string): string {
  // zsh completes in its line editor alone, and that wants a terminal.
  writeFileSync(
    join(folder, ".zshrc"),
    `PS1=; autoload -U compinit; compinit -D -u; source ${script("zsh")}
tricorn() { print -r "RUN $* END" }\n`,
  );
  const [line] = run("zsh", [
    "-f",
    "-c",
    `export ZDOTDIR=${folder}; zmodload zsh/zpty; zpty z zsh -d -i; zpty -w z $'tricorn ${keys}'
zpty -r z text '*RUN*END*'; print -r -- "\${\${text##*RUN }%% END*}"; zpty -d z`,
  ]);
  return line!;
}

describe("completionScript() for zsh", { skip: needsProgram("zsh") }, () => {
  for (
    const [keys, args] of [
      ["--lifes\\tof\\t", "--lifespan=off"],
      [
        "--no-acc\\t--app-d\\tap\\t mai\\t",
        "--no-access-log --app-dir=apps main.ts",
      ],
      ["stat\\t--js\\t", "status --json"],
      ["fetch --inc\\tmai\\t", "fetch --include main.ts"],
    ] as const
  ) {
    test(`makes of ${keys}: ${args}`, () => assert.equal(zsh(keys), args));
  }
});

test("completionScript() is plain text without blanks at line ends", () => {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const text = completionScript(shell);
    assert.doesNotMatch(text, /[^\n\x20-\x7e]| +\n|undefined|\[object/);
    assert.ok(text.endsWith("\n"));
  }
});
