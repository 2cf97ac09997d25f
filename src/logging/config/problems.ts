/** Errors in a log configuration: one line that names file, key and what was expected. */
import { ConfigError } from "../../errors.ts";
import { didYouMean } from "../../text/suggest.ts";
import { printable } from "../../text/printable.ts";

/** Where a configuration comes from. */
export interface ConfigOrigin {
  /** What cannot be used, such as `--log-config 'log.json'` or `option "logConfig"`. */
  readonly source: string;
  /** How the file itself writes the place of a key. Default: keys joined by dots. */
  readonly placeOf?: (path: readonly string[]) => string;
}

/** A place in a configuration. */
export interface Place {
  readonly origin: ConfigOrigin;
  /** Keys from the top. */
  readonly path: readonly string[];
}

/** The place below `key`. */
export function below({ origin, path }: Place, key: string): Place {
  return { origin, path: [...path, key] };
}

/** Makes the error of a place. @param problem In words that follow a colon. */
export function problemAt(
  { origin, path }: Place,
  problem: string,
): ConfigError {
  const { source, placeOf = (keys) => keys.join(".") } = origin;
  const where = path.length === 0 ? "" : `${placeOf(path)}: `;
  const text = printable(`${where}${problem}`);
  return new ConfigError(`Cannot use ${source}: ${text}`);
}

/** What an error of the system says, in one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!;
}

/** Formats a value in one line, text in quotes. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `'${value.slice(0, 200)}'`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null
    ? "an object"
    : String(value);
}

/** `; did you mean 'a' or 'b'?`, or nothing. */
export function suggestion(word: string, names: readonly string[]): string {
  const close = didYouMean(word, names);
  return close.length === 0
    ? ""
    : `; did you mean ${close.map((one) => `'${one}'`).join(" or ")}?`;
}

/** The keys of an object, and their values. */
export type Entries = Readonly<Record<string, unknown>>;

/** Checks that `value` is an object; with `keys`, that it has no others. */
export function objectAt(
  value: unknown,
  place: Place,
  keys?: readonly string[],
): Entries {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw problemAt(place, `expected an object, got ${shown(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (keys === undefined || keys.includes(key)) continue;
    throw problemAt(
      below(place, key),
      `unknown key '${key}'${suggestion(key, keys)}`,
    );
  }
  return value as Entries;
}

/** Reads a string; `undefined` if it is not given. */
export function textAt(
  entries: Entries,
  key: string,
  place: Place,
): string | undefined {
  const value = entries[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw problemAt(below(place, key), `expected a string, got ${shown(value)}`);
}

/** Reads a boolean, or a word for one, as INI and YAML 1.2 have them; `undefined` if it is not given. */
export function booleanAt(
  entries: Entries,
  key: string,
  place: Place,
): boolean | undefined {
  const value = entries[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "boolean") return value;
  const word = String(value).trim().toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return true;
  if (["0", "false", "no", "off"].includes(word)) return false;
  throw problemAt(
    below(place, key),
    `expected true or false, got ${shown(value)}`,
  );
}
