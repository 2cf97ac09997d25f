/** The role of a .env parser: whatever fills it has to pass these tests on all three runtimes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseEnv } from "node:util";
import { parseDotenv } from "../../src/config/dotenv.ts";

const ENV: Readonly<Record<string, string>> = { HOME: "/home/ann", EMPTY: "" };

function read(text: string): Record<string, string> {
  const result = parseDotenv(text, (name) => ENV[name]);
  assert.ok("variables" in result, JSON.stringify(result));
  return Object.fromEntries(
    [...result.variables].map(([name, { value }]) => [name, value]),
  );
}

for (
  const [behaviour, text, expected] of [
    ["nothing in an empty file", "", {}],
    ["nothing in comments", "# a=1\n   # b\n\n", {}],
    ["a line", "A=1", { A: "1" }],
    ["lines", "A=1\nB=two words\n", { A: "1", B: "two words" }],
    ["lines that end in CRLF or CR", "A=1\r\nB=2\rC=3", {
      A: "1",
      B: "2",
      C: "3",
    }],
    ["a byte order mark as none", "\ufeffA=1", { A: "1" }],
    ["an empty value", "A=\nB=''\nC=\"\"", { A: "", B: "", C: "" }],
    ["a value with =", "A=b=c", { A: "b=c" }],
    ["spaces around name and value", "  A = 1  \n", { A: "1" }],
    ["export", "export A=1\nexport  B=2\nexport=3", {
      A: "1",
      B: "2",
      export: "3",
    }],
    ["a name alone as no assignment", "A\nexport B # c\nC=3", { C: "3" }],
    ["names with dots and dashes", "a.b-c=1", { "a.b-c": "1" }],
    ["the last of two values", "A=1\nA=2", { A: "2" }],
    ["a comment after a space", "A=1 # one\nB=2#3\nC= # none", {
      A: "1",
      B: "2#3",
      C: "",
    }],
    ["a comment after a quote", "A='1' # one\nB=\"2\"# two", {
      A: "1",
      B: "2",
    }],
    ["# between quotes", "A='#1'\nB=\"a # b\"", { A: "#1", B: "a # b" }],
    ["quotes inside of a value", 'A=it\'s\nB=say "hi"', {
      A: "it's",
      B: 'say "hi"',
    }],
    ["single quotes literally", "A='\\n ${HOME} \\\\ \\' \"'", {
      A: "\\n ${HOME} \\ ' \"",
    }],
    ["escapes between double quotes", 'A="a\\"b\\n\\t\\\\ \\x"', {
      A: 'a"b\n\t\\ \\x',
    }],
    ["no escapes without quotes", "A=a\\nb", { A: "a\\nb" }],
    ["values of several lines", "A='1\n2'\nB=\"3\n# 4\"\nC=5", {
      A: "1\n2",
      B: "3\n# 4",
      C: "5",
    }],
    ["${NAME} from the environment", 'A=${HOME}/x\nB="${HOME}"', {
      A: "/home/ann/x",
      B: "/home/ann",
    }],
    ["${NAME} from the lines before", "A=1\nB=${A}${C}\nC=3", {
      A: "1",
      B: "1",
      C: "3",
    }],
    ["${NAME} rather from the environment", "HOME=/root\nA=${HOME}", {
      HOME: "/root",
      A: "/home/ann",
    }],
    ["a default for what is unset", "A=${NO:-x y}\nB=${HOME:-z}${NO}", {
      A: "x y",
      B: "/home/ann",
    }],
    ["an empty variable as set", "A=${EMPTY:-x}", { A: "" }],
    ["$NAME as it stands", "A=$HOME\nB=$$", { A: "$HOME", B: "$$" }],
    ["what is expanded not once more", "A='${HOME}'\nB=${A}", {
      A: "${HOME}",
      B: "${HOME}",
    }],
    ["names of Object.prototype", "constructor=1\n__proto__=2", {
      constructor: "1",
      ["__proto__"]: "2",
    }],
  ] as readonly (readonly [string, string, Record<string, string>])[]
) {
  test(`parseDotenv() reads ${behaviour}`, () => {
    assert.deepEqual(
      Object.entries(read(text)),
      Object.entries(expected),
    );
  });
}

for (
  const [behaviour, text, line, problem] of [
    ["text", "A=1\n\nwhat is this", 3, 'expected "=" after the name'],
    ["a name that is none", "# x\n1A=2", 2, "expected NAME=value"],
    ["an assignment without name", "=2", 1, "expected NAME=value"],
    ["an open quote", "A=1\nB='x\nC=2\n", 2, "a quote is not closed"],
    ["an open double quote", 'A="x\\"', 1, "a quote is not closed"],
    [
      "text after a quote",
      "A='x' y",
      1,
      "expected nothing after the closing quote",
    ],
    [
      "text after a quote of several lines",
      "A='x\n' y",
      2,
      "expected nothing after the closing quote",
    ],
    ["a null character", "A=x\0y", 1, "the value holds a null character"],
  ] as const
) {
  test(`parseDotenv() refuses ${behaviour}, with its line`, () => {
    assert.deepEqual(parseDotenv(text, () => undefined), { line, problem });
  });
}

describe("parseDotenv() and parseEnv() of the runtime", () => {
  test("agree on simple files", () => {
    const text = [
      "# comment",
      "A=1",
      "export B=two",
      "C='single # quoted'",
      'D="double quoted"',
      "E=with trailing # comment",
      "F=",
      'G="line\\nline"',
    ].join("\n");
    assert.deepEqual({ ...read(text) }, { ...parseEnv(text) });
  });
});

test("parseDotenv() takes time in proportion to the text", () => {
  const open = `A='${"\\".repeat(200_000)}`;
  assert.ok("problem" in parseDotenv(open, () => undefined));
  const gaps = `${" #".repeat(200_000)}\n`.repeat(3) + "A=1";
  assert.deepEqual(read(gaps), { A: "1" });
  const spaces = `A=${" \t".repeat(100_000)}x`;
  assert.equal(read(spaces).A, "x");
  const inner = `A=x${" ".repeat(60_000)}y`;
  assert.equal(read(inner).A!.length, 60_002);
});

test("parseDotenv() tells the line of each value", () => {
  const result = parseDotenv("A=1\n\nB='2\n3'\nC=4", () => undefined);
  assert.ok("variables" in result);
  assert.deepEqual([...result.variables].map(([, { line }]) => line), [
    1,
    3,
    5,
  ]);
});
