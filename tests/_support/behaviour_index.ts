/**
 * Where the rows of docs/behaviour.md are tested, read from the ids that the tests name. Run as a
 * program, it rewrites the column of test files and sorts the rows of each table.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./this_runtime.ts";

/** The catalogues, in the order of their chapters. */
export const CATALOGUES: readonly string[] = [
  "options",
  "http",
  "websocket",
  "process",
  "asgi",
  "wishes",
];

/** The command that mends the column of test files. */
export const MEND = "node tests/_support/behaviour_index.ts";

/** One line of a table. */
export interface Row {
  /** Heading of its chapter, in lower case. */
  readonly catalogue: string;
  /** Such as `http:H-042`. */
  readonly id: string;
  readonly behaviour: string;
  /** Paths from the repository's root. */
  readonly files: readonly string[];
}

/** Test files that one row names at most. */
const MAX_FILES = 3;

const ID = "[A-Z]-\\d{3}";
const REFERENCE = new RegExp(
  `\\b(${CATALOGUES.join("|")}):(${ID}(?:(?:,| to| and)[\\s*/]+${ID})*)\\b`,
  "g",
);
/** What looks like an id. Curves such as P-256 are none. */
const LIKE_ID =
  /(?<![\w-])(?!P-(?:256|384|521)\b)(?:\w+:[A-Z]-\d+|[A-Z]-\d{2,})\b/g;
const ROW = /^\| `([^`]*)` *\| (.*?) *\| (.*?) *\|$/;
const TABLE = /^\| Id .*\n(?:\|.*\n)+/gm;
const HEAD = ["Id", "What it does", "Tests"];

/** The ids that `text` names, each once; `A-088 to A-090` names three. */
export function idsOf(text: string): Set<string> {
  const ids = new Set<string>();
  for (const [, catalogue, list] of text.matchAll(REFERENCE)) {
    let last = 0;
    for (
      const [, joint, letter, digits] of list!.matchAll(
        /(to)?[\s*/]*([A-Z])-(\d{3})/g,
      )
    ) {
      const number = Number(digits);
      for (let n = joint === "to" ? last + 1 : number; n <= number; n++) {
        ids.add(`${catalogue}:${letter}-${String(n).padStart(3, "0")}`);
      }
      last = number;
    }
  }
  return ids;
}

/** What looks like an id in `text` but belongs to no catalogue. */
export function strayIdsOf(text: string): string[] {
  return text.replace(REFERENCE, "").match(LIKE_ID) ?? [];
}

/** The texts of all test files, by their paths from the repository's root. */
export function readTests(): Map<string, string> {
  const tests = new Map<string, string>();
  for (
    const name of readdirSync(join(ROOT, "tests"), {
      recursive: true,
      encoding: "utf8",
    })
  ) {
    const path = `tests/${name.replaceAll("\\", "/")}`;
    // The tests of this reader name ids that do not exist.
    if (!/\.m?ts$/.test(path) || path.includes("behaviour_")) continue;
    tests.set(path, readFileSync(join(ROOT, path), "utf8"));
  }
  return tests;
}

/** The test files of each id, the most telling first. */
export function testsOfIds(
  tests: ReadonlyMap<string, string>,
): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const path of [...tests.keys()].sort(byWeight)) {
    for (const id of idsOf(tests.get(path)!)) {
      const files = index.get(id);
      if (files === undefined) index.set(id, [path]);
      else files.push(path);
    }
  }
  return index;
}

/** Unit tests come before tests of the whole command, and helpers come last. */
function byWeight(a: string, b: string): number {
  return weightOf(a) - weightOf(b) || (a < b ? -1 : 1);
}

function weightOf(path: string): number {
  return ["wire", "conformance", "fuzz", "_support"]
    .indexOf(path.split("/")[1]!);
}

/** The rows of the page, in its order. */
export function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let catalogue = "";
  for (const line of page.split("\n")) {
    const title = /^## (.*)$/.exec(line)?.[1];
    if (title !== undefined) catalogue = title.toLowerCase();
    const [, id, behaviour, paths] = ROW.exec(line) ?? [];
    if (id === undefined) continue;
    const files = [...paths!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!);
    rows.push({ catalogue, id, behaviour: behaviour!, files });
  }
  return rows;
}

/**
 * The page with its rows sorted and their test files as `index` has them, in the columns of
 * `deno fmt`.
 */
export function mended(
  page: string,
  index: ReadonlyMap<string, readonly string[]>,
): string {
  return page.replace(TABLE, (table) => {
    const lines = rowsOf(table)
      .sort((a, b) => a.id < b.id ? -1 : 1)
      .map(({ id, behaviour }) => {
        const files = (index.get(id) ?? []).slice(0, MAX_FILES);
        return [
          `\`${id}\``,
          behaviour,
          files.map((f) => `\`${f}\``).join(", "),
        ];
      });
    const widths = HEAD.map((title, column) =>
      Math.max(title.length, ...lines.map((cells) => cells[column]!.length))
    );
    const rule = widths.map((width) => "-".repeat(width));
    return [HEAD, rule, ...lines].map((cells) =>
      `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |\n`
    ).join("");
  });
}

/** Where the page is. */
export const PAGE: string = join(ROOT, "docs", "behaviour.md");

if (import.meta.main) {
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(PAGE, mended(page, testsOfIds(readTests())));
}
