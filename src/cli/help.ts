/** Builds the help text from the table of options. */
import {
  MAX_INT,
  MAX_SECONDS,
  OPTION_GROUPS,
  type OptionDefinition,
} from "../config/options/definition.ts";
import type { OptionType } from "../config/options/value_types.ts";
import {
  OPTIONS,
  type Options,
  TEXT_OPTION_NAMES,
} from "../config/options/mod.ts";
import { COMMAND_FLAGS, negated, USAGE } from "./parse_flags.ts";

/** Maximum length of a line, in characters: the usual width of a terminal. */
const WIDTH = 80;
/** Column where descriptions begin. */
const COLUMN = 28;

/** The text of `--help`, with the final line end. */
export function helpText(): string {
  const lines = [
    USAGE,
    "",
    ...wrap(
      "Serve an ASGI application. APP is module:attribute, such as main:app, " +
        "./dir/main.ts:app or pkg.sub:app, or a file whose default export, or app, it is.",
      0,
    ),
  ];
  for (const group of OPTION_GROUPS) {
    lines.push("", `${group}:`);
    for (const name of TEXT_OPTION_NAMES) {
      if (OPTIONS[name].group === group) {
        lines.push(...entry(flagsText(name), describe(name)));
      }
    }
  }
  lines.push("", "Other:");
  for (const { flag, aliases, help, metavar } of COMMAND_FLAGS) {
    const value = metavar === undefined ? "" : ` ${metavar}`;
    lines.push(...entry([...aliases, flag].join(", ") + value, help));
  }
  lines.push(
    "",
    ...wrap(
      "Every option can also be set by an environment variable: TRICORN_PORT for --port, " +
        "TRICORN_ACCESS_LOG=false for --no-access-log, TRICORN_APP for APP. PORT is read if " +
        "TRICORN_PORT is not set. Flags win over variables, variables over the configuration file.",
      0,
    ),
    "",
    ...wrap(
      "tricorn fetch APP URL sends one request to an application without a port: see " +
        "tricorn fetch --help.",
      0,
    ),
    "",
    "Examples:",
    "  tricorn main:app",
    "  tricorn ./src/main.ts:app --host 0.0.0.0 --port 80",
    "  tricorn main:create_app --factory --log-level debug",
    "  tricorn main:app --uds /run/app.sock --no-access-log",
    "  tricorn main:app --env-file .env --config tricorn.config.json --check",
  );
  return `${lines.join("\n")}\n`;
}

/** Formats the spellings of an option and the type of its value: `-p, --port INTEGER`. */
export function flagsText(name: keyof Options): string {
  const { flag, aliases = [], type } = OPTIONS[name];
  const short = aliases.filter((alias) => !alias.startsWith("--"));
  const long = aliases.filter((alias) => alias.startsWith("--"));
  const spellings = [...short, flag, ...long].join(", ");
  if (type.kind === "boolean") {
    return type.isNegatable ? `${spellings} / ${negated(flag)}` : spellings;
  }
  return `${spellings} ${metavar(type)}`;
}

/** Formats the bounds of a number, such as `0 to 65535`; `undefined` for other types. */
export function rangeText(type: OptionType): string | undefined {
  if (type.kind !== "integer" && type.kind !== "number") return undefined;
  // Limits of system calls and timers are not worth mentioning.
  const isBounded = type.max !== MAX_INT && type.max !== MAX_SECONDS;
  return isBounded ? `${type.min} to ${type.max}` : `at least ${type.min}`;
}

/** Formats the default with its unit; `undefined` for none, and for flags that are off. */
export function defaultText(name: keyof Options): string | undefined {
  const { type, default: value, defaultText } =
    OPTIONS[name] as OptionDefinition;
  if (defaultText !== undefined || value === undefined) return defaultText;
  if (type.kind === "boolean") {
    if (!type.isNegatable) return undefined;
    return value ? "on" : "off";
  }
  return "unit" in type ? `${value} ${type.unit}` : String(value);
}

function describe(name: keyof Options): string {
  const { help, type } = OPTIONS[name];
  const facts: string[] = [];
  const value = defaultText(name);
  if (value !== undefined) facts.push(`default: ${value}`);
  const range = rangeText(type);
  if (range !== undefined) facts.push(range);
  // Keep on one line.
  const joined = facts.join("; ").replaceAll(" ", "\u00a0");
  return facts.length === 0 ? help : `${help} [${joined}]`;
}

function metavar(type: OptionType): string {
  switch (type.kind) {
    case "integer":
      return type.orWord === undefined ? "INTEGER" : `INTEGER|${type.orWord}`;
    case "number":
      return type.unit?.toUpperCase() ?? "NUMBER";
    case "octal":
      return "MODE";
    case "choice":
      return `[${type.choices.join("|")}]`;
    case "text":
    case "list":
      return type.metavar;
    case "switch":
      return "BOOLEAN";
    case "boolean":
    case "program":
      return "";
  }
}

function entry(flags: string, text: string): string[] {
  const lines = wrap(text, COLUMN);
  const head = `  ${flags}`;
  if (head.length > COLUMN - 2) return [...wrapFlags(head), ...lines];
  return [head + lines[0]!.slice(head.length), ...lines.slice(1)];
}

/** Breaks flags that are longer than a line between two spellings. */
function wrapFlags(head: string): string[] {
  if (head.length <= WIDTH) return [head];
  const cut = Math.max(
    head.lastIndexOf(", ", WIDTH),
    head.lastIndexOf(" / ", WIDTH - 2),
  ) + 1;
  return [head.slice(0, cut).trimEnd(), `      ${head.slice(cut).trim()}`];
}

/** Breaks `text` into lines of at most {@linkcode WIDTH}, indented by `indent` spaces. */
function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(" ".repeat(indent) + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(" ".repeat(indent) + line);
  return lines.map((each) => each.replaceAll("\u00a0", " "));
}
