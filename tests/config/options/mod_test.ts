import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OPTION_GROUPS } from "../../../src/config/options/definition.ts";
import {
  OPTION_NAMES,
  OPTIONS,
  variablesOf,
} from "../../../src/config/options/mod.ts";
import { VERSION } from "../../../src/version.ts";
import { settingsDocument } from "../settings_document.ts";

test("no two options share a flag or a variable", () => {
  const flags = OPTION_NAMES.flatMap((name) => {
    const { flag, aliases = [], type } = OPTIONS[name];
    const negated = type.kind === "boolean" && type.isNegatable
      ? [`--no-${flag.slice(2)}`]
      : [];
    return [flag, ...aliases, ...negated];
  });
  assert.equal(new Set(flags).size, flags.length);
  const variables = OPTION_NAMES.flatMap((name) => variablesOf(name));
  assert.equal(new Set(variables).size, variables.length);
});

test("every option belongs to a chapter, and every chapter has options", () => {
  const groups = new Set(OPTION_NAMES.map((name) => OPTIONS[name].group));
  assert.deepEqual([...groups].sort(), [...OPTION_GROUPS].sort());
});

test("every help text is a sentence", () => {
  for (const name of OPTION_NAMES) {
    assert.match(OPTIONS[name].help, /^[A-Z].*\.$/, name);
  }
});

test("variables are named after the option, then after its flags", () => {
  assert.deepEqual(variablesOf("appDir"), ["TRICORN_APP_DIR"]);
  assert.deepEqual(variablesOf("headers"), [
    "TRICORN_HEADERS",
    "TRICORN_HEADER",
  ]);
  assert.deepEqual(variablesOf("limitRequestHead"), [
    "TRICORN_LIMIT_REQUEST_HEAD",
    "TRICORN_H11_MAX_INCOMPLETE_EVENT_SIZE",
  ]);
});

test("docs/settings.md says what the table says", () => {
  const url = new URL("../../../docs/settings.md", import.meta.url);
  // Where lines are broken is the formatter's business.
  const words = (text: string) => text.split(/\s+/).join(" ");
  assert.equal(
    words(readFileSync(url, "utf8")),
    words(settingsDocument()),
    "write it anew: node tests/config/settings_document.ts && deno fmt docs",
  );
});

test("VERSION is the one that is published", () => {
  const url = new URL("../../../jsr.json", import.meta.url);
  assert.equal(JSON.parse(readFileSync(url, "utf8")).version, VERSION);
});
