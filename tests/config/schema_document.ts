/**
 * tricorn.schema.json, the JSON Schema of configuration files, from the table of options. Run as a
 * program, it writes the file.
 */
import { writeFileSync } from "node:fs";
import { MAX_INT } from "../../src/config/options/definition.ts";
import type { OptionDefinition } from "../../src/config/options/definition.ts";
import {
  excludesOf,
  OPTION_NAMES,
  OPTIONS,
  type Options,
} from "../../src/config/options/mod.ts";
import type { OptionType } from "../../src/config/options/value_types.ts";

type Schema = Readonly<Record<string, unknown>>;

const TEXT: Schema = { type: "string" };

/** Items of lists that have another form than a text. */
const ITEMS: Readonly<Record<string, Schema>> = {
  headers: {
    type: "array",
    items: TEXT,
    minItems: 2,
    maxItems: 2,
  },
  sslSni: {
    type: "object",
    properties: { certfile: TEXT, keyfile: TEXT },
    required: ["certfile"],
    additionalProperties: false,
  },
};

/** The whole schema. */
export function configSchema(): Schema {
  const properties: Record<string, Schema> = {
    $schema: TEXT,
    app: {
      type: "string",
      description:
        "The application, such as main:app, unless the command names one.",
    },
  };
  const conflicts: Schema[] = [];
  for (const name of OPTION_NAMES) {
    const { type, help, default: value, isSecret } =
      OPTIONS[name] as OptionDefinition;
    if (type.kind === "program") continue;
    properties[name] = {
      ...schemaOf(name, type),
      description: "unit" in type ? `${help} In ${type.unit}.` : help,
      ...value === undefined || type.kind === "octal" ? {} : { default: value },
      ...isSecret ? { writeOnly: true } : {},
    };
    // A flag that is off conflicts with nothing.
    if (type.kind === "boolean") continue;
    for (const other of excludesOf(name)) {
      if (OPTIONS[other].type.kind === "boolean") continue;
      conflicts.push({ not: { required: [name, other] } });
    }
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of Tricorn",
    type: "object",
    properties,
    additionalProperties: false,
    allOf: conflicts,
  };
}

function schemaOf(name: keyof Options, type: OptionType): Schema {
  switch (type.kind) {
    case "boolean":
    case "switch":
      return { type: "boolean" };
    case "integer":
    case "number": {
      const number = {
        type: type.kind,
        minimum: type.min,
        ...type.max === MAX_INT ? {} : { maximum: type.max },
      };
      return type.orWord === undefined
        ? number
        : { anyOf: [number, { const: type.orWord }] };
    }
    case "octal":
      return { type: "string", pattern: "^(0o)?[0-7]+$" };
    case "choice":
      return { enum: type.choices };
    case "text":
    case "program":
      return TEXT;
    case "list": {
      const other = ITEMS[name];
      const items = other === undefined ? TEXT : { anyOf: [TEXT, other] };
      const list = { type: "array", items };
      return type.takesOne ? { anyOf: [TEXT, list] } : list;
    }
  }
}

/** The file. */
export function schemaText(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(
    new URL("../../tricorn.schema.json", import.meta.url),
    schemaText(),
  );
}
