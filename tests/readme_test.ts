/**
 * What a visitor does first, works: the README's application is served by its command, asked, and
 * says what the README shows. Its other blocks are run by docs_test.ts.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { Slugs } from "../site/html.ts";
import { commandLine, ROOT, RUNTIME } from "./_support/this_runtime.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
/** Blocks of code by language. */
const BLOCKS = [...README.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
  .map(([, language, code]) => ({ language: language!, code: code! }));
const PATIENCE_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), "tricorn-readme-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const application = BLOCKS.find(({ language }) => language === "ts")!.code;
const [, file] = /^\/\/ (\S+)\n/.exec(application)!;
writeFileSync(join(folder, file!), application);

/** What the table says to type on this runtime, from a checkout. */
function commandOfTable(): string {
  const row = new RegExp(`^\\| \\*\\*${RUNTIME}\\*\\* .*\`(.*)\` *\\|$`, "im");
  return row.exec(README)![1]!;
}

test("the command of the README serves its application, and logs what it shows", async () => {
  const [program, ...words] = commandOfTable().split(" ");
  assert.equal(program, RUNTIME);
  const at = words.indexOf("cli.ts");
  assert.ok(at >= 0);
  const args = words.with(at, join(ROOT, "cli.ts")).concat("--port", "0");
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    let log = "";
    const isLogged = (what: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`Waited too long for ${what}:\n${log}`)),
          PATIENCE_MS,
        );
        const look = () => {
          const found = what.exec(log);
          if (found === null) return;
          clearTimeout(late);
          resolve(found);
        };
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", look);
        }
        look();
      });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => log += text);
    }
    const [, url] = await isLogged(/running on (http:\S+)/);
    const response = await fetch(url!);
    assert.equal(await response.text(), "Hello, world!\n");
    await isLogged(/"GET \/ HTTP\/1\.1" 200 OK/);
    const plain = (text: string) =>
      text.replace(/\[\d+\]/, "[]").replace(/127\.0\.0\.1:\d+/g, "")
        .split("\n").filter((line) => line !== "").sort();
    const shown = BLOCKS.find(({ language }) => language === "")!.code;
    assert.deepEqual(plain(log), plain(shown));
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
});

test("an application is asked from the shell as the README says", () => {
  const [, words] = /`tricorn (fetch main:app \/)`/.exec(
    README.replaceAll(/\s+/g, " "),
  )!;
  const { program, args } = commandLine("cli.ts", words!.split(" "));
  const { stdout, status, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  assert.equal(stdout, "Hello, world!\n", stderr);
  assert.equal(status, 0);
});

test("the scripts that the README names exist", () => {
  const { scripts } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const named = [...README.matchAll(/npm (?:run )?(\w+)/g)]
    .map(([, name]) => name!).filter((name) => name !== "run");
  assert.ok(named.includes("test") && named.includes("demo"));
  for (const name of named) assert.ok(name in scripts, name);
});

describe("the README", () => {
  test("can be read in three minutes", () => {
    const text = README.replace(/^```[^]*?^```$/gm, "").replace(/^\|.*$/gm, "")
      .replace(/\]\([^)]*\)/g, "]");
    const words = text.split(/\s+/).filter((word) => /\w/.test(word)).length;
    assert.ok(words <= 650, `${words} words`);
  });

  test("links to files and headings that exist", () => {
    const links = [...README.matchAll(/\]\((\.[^)]*)\)/g)].map(([, to]) => to!);
    assert.ok(links.length >= 20);
    for (const link of links) {
      const [path, hash] = link.split("#");
      const full = join(ROOT, path!);
      assert.ok(existsSync(full), link);
      if (hash === undefined) continue;
      const slugs = new Slugs();
      const ids = [...readFileSync(full, "utf8").matchAll(/^#+ (.*)$/gm)]
        .map(([, heading]) => slugs.next(heading!.replaceAll("`", "")));
      assert.ok(ids.includes(hash), link);
    }
  });

  test("names the releases that are supported", () => {
    const { supported } = JSON.parse(
      readFileSync(join(ROOT, "tests/matrix/versions.json"), "utf8"),
    ) as {
      readonly supported: Readonly<
        Record<string, readonly { readonly oldest: string }[]>
      >;
    };
    const text = README.replaceAll(/\s+/g, " ");
    for (const [runtime, lines] of Object.entries(supported)) {
      // "2.9.0" is 2.9, "26.0.0" is 26.
      const oldest = lines.map(({ oldest }) => oldest.replace(/(?:\.0)+$/, ""));
      const expected = new RegExp(
        `${runtime} ${oldest.join(", or|").replaceAll(".", "\\.")}`
          .replaceAll(", or|", "(?:,| or) "),
        "i",
      );
      assert.match(text, expected);
    }
  });
});
