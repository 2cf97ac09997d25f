/** Reads a configuration file: a module, JSON or YAML. */
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { importHint } from "../application/load.ts";
import type { AsgiApp } from "../asgi.ts";
import { ConfigError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import { CONFIG_ENDINGS } from "./find_config_file.ts";
import { readJson } from "../text/json_text.ts";
import { fileLayer, type OptionLayer } from "./layers.ts";
import type { OptionsInput } from "./options/mod.ts";
import { quote } from "./options/value_types.ts";
import { printable } from "../text/printable.ts";
import { checkInput } from "./resolve.ts";
import { readTextFile } from "./text_file.ts";

/** A configuration file, checked. */
export interface ReadConfigFile {
  /** As it was named. */
  readonly path: string;
  /** The application that it names; `undefined` if it names none. */
  readonly app: AsgiApp | string | undefined;
  readonly layer: OptionLayer;
}

/** Files with a key `tricorn`, read when they are named. */
const MANIFESTS = /(?:^|[/\\])(?:deno\.jsonc?|package\.json)$/;

/**
 * Reads and checks the file at `path`, which is relative to the working directory. So are the paths
 * in it.
 *
 * @throws ConfigError naming the file, and its line or key.
 */
export async function readConfigFile(path: string): Promise<ReadConfigFile> {
  const content = await contentOf(path);
  const { app, options, isData } = content;
  const checked = checkInput(options, {
    place: ` in ${quote(path)}`,
    readsText: isData,
  });
  if (
    app !== undefined &&
    !((typeof app === "string" && app !== "") ||
      (typeof app === "function" && !isData))
  ) {
    const wanted = isData
      ? "an import string"
      : "an application or an import string";
    throw new ConfigError(
      `Cannot use "app" in ${quote(path)}: ${quote(app)} is not ${wanted}`,
    );
  }
  return {
    path,
    app: app as AsgiApp | string | undefined,
    layer: fileLayer(checked, path),
  };
}

interface Content {
  readonly app: unknown;
  readonly options: OptionsInput;
  /** Whether it is data and not code. */
  readonly isData: boolean;
}

async function contentOf(path: string): Promise<Content> {
  const ending = extname(path).toLowerCase();
  const isManifest = MANIFESTS.test(path);
  if (
    !isManifest && ending !== ".jsonc" &&
    !(CONFIG_ENDINGS as readonly string[]).includes(ending)
  ) {
    throw unusable(
      path,
      `expected a name that ends in ${CONFIG_ENDINGS.join(", ")}`,
    );
  }
  const file = await readTextFile(path);
  if ("reason" in file) throw unreadable(path, file.reason);
  if (/^\.m?[jt]s$/.test(ending)) {
    const { app, ...options } = asObject(path, await defaultExport(path));
    return { app, options, isData: false };
  }
  const whole = /^\.ya?ml$/.test(ending)
    ? await readYaml(path, file.text)
    : valueOf(path, readJson(file.text, isManifest || ending === ".jsonc"));
  let object = asObject(path, whole ?? {});
  if (isManifest) {
    if (!Object.hasOwn(object, "tricorn")) {
      throw unusable(path, 'it has no key "tricorn"');
    }
    object = asObject(path, object["tricorn"]);
  }
  // Editors find the schema of the file by it.
  const { app, $schema: _, ...options } = object;
  return { app, options, isData: true };
}

async function defaultExport(path: string): Promise<unknown> {
  const absolute = resolve(runtime.cwd(), path);
  let exports: Record<string, unknown>;
  try {
    exports = await import(freshAddress(absolute));
  } catch (error) {
    let cause = error;
    if (error instanceof SyntaxError) {
      const { locateSyntaxError } = await import(
        "../application/syntax_error.ts"
      );
      cause = locateSyntaxError(error, absolute);
    }
    throw new ConfigError(
      printable(
        `Cannot load configuration file ${quote(path)}: its code failed.${
          importHint(error)
        }`,
      ),
      3,
      { cause },
    );
  }
  if (exports["default"] === undefined) {
    throw unusable(path, "it has no default export");
  }
  return exports["default"];
}

/** How often each module was read: one of the same address is evaluated only once. */
const readings = new Map<string, number>();

function freshAddress(path: string): string {
  const { href } = pathToFileURL(path);
  const count = readings.get(path) ?? 0;
  readings.set(path, count + 1);
  return count === 0
    ? href
    : runtime.freshModule(path, href, `reading=${count}`);
}

async function readYaml(path: string, text: string): Promise<unknown> {
  const duplicate = findDuplicate(text);
  if (duplicate !== undefined) throw unreadableAt(path, duplicate);
  const read = await runtime.loadYaml();
  return valueOf(path, read(text));
}

/** The first key of the outermost map that stands twice, of which readers of YAML take the last value. */
function findDuplicate(
  text: string,
): { readonly line: number; readonly problem: string } | undefined {
  const keys = new Set<string>();
  const pattern = /^(?:"([\w$]+)"|'([\w$]+)'|([\w$]+))[ \t]*:(?=\s|$)/gm;
  for (const match of text.matchAll(pattern)) {
    const key = match[1] ?? match[2] ?? match[3]!;
    if (keys.has(key)) {
      const line = text.slice(0, match.index).split("\n").length;
      return { line, problem: `the key "${key}" stands there twice` };
    }
    keys.add(key);
  }
  return undefined;
}

function valueOf(
  path: string,
  result: { readonly value: unknown } | {
    readonly line: number;
    readonly problem: string;
  },
): unknown {
  if ("value" in result) return result.value;
  throw unreadableAt(path, result);
}

function asObject(path: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw unusable(path, `expected an object of options, got ${quote(value)}`);
}

function unusable(path: string, problem: string): ConfigError {
  return new ConfigError(
    `Cannot use configuration file ${quote(path)}: ${problem}`,
  );
}

function unreadable(path: string, problem: string): ConfigError {
  return new ConfigError(
    `Cannot read configuration file ${quote(path)}: ${problem}`,
  );
}

function unreadableAt(
  path: string,
  { line, problem }: { readonly line: number; readonly problem: string },
): ConfigError {
  return new ConfigError(
    `Cannot read configuration file ${quote(path)}, line ${line}: ${
      printable(problem)
    }`,
  );
}
