import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changedText,
  listText,
} from "../../../src/supervisor/reload/reload_text.ts";

test("changedText() names files relative to the working directory (process:P-083)", () => {
  const paths = ["/site/a.ts", "/site/sub/b.ts", "/siteshop/c.ts", "/d.ts"];
  assert.equal(
    changedText(paths, "/site"),
    "'a.ts', 'sub/b.ts', '/siteshop/c.ts', '/d.ts'",
  );
  assert.equal(changedText(["/a.ts"], "/"), "'a.ts'");
});

test("changedText() names ten at most, and counts the others", () => {
  const paths = Array.from({ length: 12 }, (_, i) => `/w/${i}.ts`);
  const text = changedText(paths, "/w");
  assert.equal(text.startsWith("'0.ts', '1.ts'"), true);
  assert.equal(text.endsWith("'9.ts' and 2 more"), true);
  assert.equal(changedText(paths.slice(2), "/w").endsWith("'11.ts'"), true);
});

test("names of files cannot forge log lines", () => {
  assert.equal(changedText(["/w/a\nb\x1b.ts"], "/w"), "'a\\nb\\x1b.ts'");
  assert.equal(listText(["/a", "/b\r"]), "['/a', '/b\\r']");
});
