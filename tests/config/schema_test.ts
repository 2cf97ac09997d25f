import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  OPTION_NAMES,
  OPTIONS,
  type OptionsInput,
} from "../../src/config/options/mod.ts";
import { checkInput } from "../../src/config/resolve.ts";
import { configSchema } from "./schema_document.ts";

interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description: string;
}

const schema = configSchema() as {
  readonly properties: Readonly<Record<string, Property>>;
};

test("tricorn.schema.json says what the table says", () => {
  const path = new URL("../../tricorn.schema.json", import.meta.url);
  assert.deepEqual(
    JSON.parse(readFileSync(path, "utf8")),
    JSON.parse(JSON.stringify(schema)),
    "write it anew: node tests/config/schema_document.ts && deno fmt",
  );
});

test("the schema has every option but those of programs, with a text", () => {
  const names = OPTION_NAMES.filter((name) =>
    OPTIONS[name].type.kind !== "program"
  );
  assert.deepEqual(
    Object.keys(schema.properties),
    ["$schema", "app", ...names],
  );
  for (const name of names) {
    assert.ok(schema.properties[name]!.description.length > 10, name);
  }
});

/** Whether a configuration file may hold it. */
function isAccepted(name: string, value: unknown): boolean {
  try {
    checkInput({ [name]: value } as OptionsInput, { readsText: true });
    return true;
  } catch {
    return false;
  }
}

for (const [name, property] of Object.entries(schema.properties)) {
  if (!Object.hasOwn(OPTIONS, name)) continue;
  const { minimum, maximum, default: value } = property;
  test(`the schema of ${name} accepts what the server accepts`, () => {
    if (value !== undefined) assert.ok(isAccepted(name, value));
    for (const word of property.enum ?? []) assert.ok(isAccepted(name, word));
    if (property.enum) assert.ok(!isAccepted(name, "no such word"));
    if (minimum !== undefined) {
      assert.ok(isAccepted(name, minimum));
      assert.ok(!isAccepted(name, minimum - 1));
    }
    if (maximum !== undefined) {
      assert.ok(isAccepted(name, maximum));
      assert.ok(!isAccepted(name, maximum + 1) || maximum > 2 ** 52);
    }
    if (property.type === "boolean") {
      assert.ok(isAccepted(name, true) && !isAccepted(name, 1));
    }
  });
}
