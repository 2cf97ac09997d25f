/**
 * Reads YAML with what the runtime has at hand: `Bun.YAML` on Bun, `jsr:@std/yaml` on Deno, the
 * package `yaml` of npm on Node. The three agree on the core schema of YAML 1.2: `yes` and `off` are
 * texts, `0660` is 660, `<<` merges, and of a key that stands twice the last value counts.
 */
import { ConfigError } from "../../errors.ts";
import { bun } from "../_bun_types.ts";
import { deno } from "../_deno_types.ts";

/** What a text says, or why it cannot be read. */
export type YamlResult =
  | { readonly value: unknown }
  | {
    /** Counted from 1. */
    readonly line: number;
    /** One line, to follow a colon. */
    readonly problem: string;
  };

/** Reads one document. */
export type YamlReader = (text: string) => YamlResult;

/** What we use of @std/yaml 1. */
interface StdYaml {
  parse(
    text: string,
    options: { schema: "core" | "failsafe"; allowDuplicateKeys: boolean },
  ): unknown;
}

/** What we use of the package `yaml`, version 2. */
interface NpmYaml {
  parseDocument(text: string, options: object): {
    readonly errors: readonly NpmYamlProblem[];
    readonly warnings: readonly NpmYamlProblem[];
    toJS(): unknown;
  };
}

interface NpmYamlProblem {
  readonly message: string;
  readonly pos: readonly [number, number];
}

/**
 * Loads the reader of this runtime.
 *
 * @param cwd Working directory: on Node the package is looked for there, then beside this file.
 * @throws ConfigError in one line that says how to install it.
 */
export async function loadYaml(cwd: string): Promise<YamlReader> {
  if (bun !== undefined) return bunReader(bun.YAML);
  if (deno !== undefined) return stdReader(await loadStdYaml());
  return npmReader(loadNpmYaml(cwd));
}

async function loadStdYaml(): Promise<StdYaml> {
  // Not written out in import(): Deno would download it at every first start.
  const specifier = "jsr:@std/yaml@1";
  try {
    return await import(specifier);
  } catch {
    throw new ConfigError(
      `Cannot load ${specifier} to read YAML: run "deno cache ${specifier}" once, with access to ` +
        "jsr.io, or use JSON",
      3,
    );
  }
}

function loadNpmYaml(cwd: string): NpmYaml {
  const { createRequire } = process.getBuiltinModule("node:module");
  const from = [`${cwd}/package.json`, import.meta.url];
  for (const place of from) {
    try {
      return createRequire(place)("yaml");
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new ConfigError(
    'Cannot load the package "yaml" to read YAML: install it with "npm install yaml", or use JSON',
    3,
  );
}

function npmReader({ parseDocument }: NpmYaml): YamlReader {
  return (text) => {
    const document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      uniqueKeys: false,
      prettyErrors: false,
    });
    // A warning is a tag that is not known.
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) {
      const line = text.slice(0, problem.pos[0]).split("\n").length;
      return { line, problem: oneLine(problem) };
    }
    try {
      return { value: withMerges(document.toJS()) };
    } catch (error) { // too many aliases
      return { line: 1, problem: oneLine(error) };
    }
  };
}

function stdReader({ parse }: StdYaml): YamlReader {
  return (text) => {
    // @std/yaml 1.2 skips the tab, and takes the key for one of an outer map.
    const tab = /^ *\t.*:(?:\s|$)/m.exec(text);
    if (tab !== null) {
      const line = text.slice(0, tab.index).split("\n").length;
      return { line, problem: "a tab cannot be used as indentation" };
    }
    const allowDuplicateKeys = true;
    try {
      const typed = parse(text, { schema: "core", allowDuplicateKeys });
      const texts = parse(text, { schema: "failsafe", allowDuplicateKeys });
      return { value: withMerges(withCoreNumbers(typed, texts, new Map())) };
    } catch (error) {
      const { message } = error as Error;
      const place = / at line (\d+), column \d+:?/.exec(message);
      return {
        line: Number(place?.[1] ?? 1),
        problem: oneLine(error).replace(/ at line \d+, column \d+:?$/, ""),
      };
    }
  };
}

function bunReader({ parse }: { parse(text: string): unknown }): YamlReader {
  const attempt = (text: string): YamlResult => {
    try {
      return { value: parse(text) };
    } catch (error) {
      return { line: 1, problem: oneLine(error) };
    }
  };
  return (text) => {
    const result = attempt(text);
    if ("value" in result) return result;
    // Bun 1.4 does not say where: at the first line from which on no beginning of the text is right.
    const lines = text.split("\n");
    let line = lines.length;
    while (
      line > 1 && "problem" in attempt(lines.slice(0, line - 1).join("\n"))
    ) line--;
    return { ...result, line };
  };
}

/** Numbers of the core schema (YAML 1.2.2, 10.3.2) that JavaScript writes in the same way. */
const NUMBER =
  /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|0x[\da-fA-F]+)$/;
const SPECIAL = /^([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)$/;

/**
 * Reads the numbers among `typed` anew from their texts: @std/yaml takes those of YAML 1.1, where
 * `0660` is octal, `1_000` a number and `1:30` one of base 60.
 */
function withCoreNumbers(
  typed: unknown,
  texts: unknown,
  done: Map<unknown, unknown>,
): unknown {
  if (typeof typed === "number") {
    const text = String(texts);
    if (SPECIAL.test(text)) return typed;
    return NUMBER.test(text) ? Number(text) : text;
  }
  if (typeof typed !== "object" || typed === null) return typed;
  const known = done.get(typed); // an alias
  if (known !== undefined) return known;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(typed)
    ? []
    : {};
  done.set(typed, copy);
  for (const [key, value] of Object.entries(typed)) {
    set(copy, key, withCoreNumbers(value, (texts as never)?.[key], done));
  }
  return copy;
}

/** Puts what `<<` names below the keys beside it, as YAML 1.1 does. Changes `value`. */
function withMerges(value: unknown, done: Set<unknown> = new Set()): unknown {
  if (typeof value !== "object" || value === null || done.has(value)) {
    return value;
  }
  done.add(value);
  for (const inner of Object.values(value)) withMerges(inner, done);
  if (Array.isArray(value) || !Object.hasOwn(value, "<<")) return value;
  const holder = value as Record<string, unknown>;
  const merged = holder["<<"];
  delete holder["<<"];
  for (const source of Array.isArray(merged) ? merged : [merged]) {
    for (const [key, inner] of Object.entries(source ?? {})) {
      if (!Object.hasOwn(holder, key)) set(holder, key, inner);
    }
  }
  return holder;
}

/** Assigns a key of a file, `__proto__` too. */
function set(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function oneLine(error: unknown): string {
  const { message } = error as { readonly message: string };
  return message.split("\n")[0]!.replace(/^YAML Parse error: /, "");
}
