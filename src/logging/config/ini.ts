/** Reads the INI dialect of Python's `logging.config.fileConfig` as a log configuration. */
import {
  below,
  type ConfigOrigin,
  type Place,
  problemAt,
  shown,
} from "./problems.ts";

/** A section: its keys and values. */
type Section = Map<string, string>;

/** What the sections of one kind become. */
const KINDS = ["formatter", "handler", "logger"] as const;

/**
 * Reads a file.
 *
 * @param source How errors name it.
 * @returns The configuration, to be checked, and where its keys stand in the file.
 * @throws ConfigError with the line of what cannot be read.
 */
export function readIni(
  text: string,
  source: string,
): { readonly value: unknown; readonly origin: ConfigOrigin } {
  /** Sections of loggers, by the names of the loggers. */
  const titles = new Map<string, string>();
  const origin: ConfigOrigin = {
    source,
    placeOf: ([list, name, ...keys]) =>
      placeOf(
        list!,
        name === undefined ? undefined : titles.get(name) ?? name,
        keys,
      ),
  };
  const top: Place = { origin, path: [] };
  const sections = readSections(text, top);
  const value: Record<string, Record<string, unknown>> = {};
  const known = new Set<string>();
  for (const kind of KINDS) {
    const list = `${kind}s`;
    known.add(list);
    const entries: Record<string, unknown> = value[list] = {};
    for (const name of keysOf(sections, list, top)) {
      const title = `${kind}_${name}`;
      known.add(title);
      const section = sections.get(title);
      if (section === undefined) {
        throw problemAt(top, `[${list}] keys: there is no section [${title}]`);
      }
      const place = below(below(top, list), name);
      const entry = Object.fromEntries(section);
      if (kind === "handler") Object.assign(entry, readArgs(entry, place));
      if (kind !== "logger") {
        entries[name] = entry;
        continue;
      }
      const logger = loggerName(name, entry, place);
      titles.set(logger, name);
      entries[logger] = readLogger(entry);
    }
  }
  const stray = [...sections.keys()].find((title) => !known.has(title));
  if (stray !== undefined) {
    throw problemAt(top, `[${stray}]: unknown section, no keys name it`);
  }
  return { value, origin };
}

/** `[handler_file] level` for `handlers.file.level`. */
function placeOf(
  list: string,
  name: string | undefined,
  keys: readonly string[],
): string {
  if (name === undefined) return `[${list}]`;
  const title = `[${list.slice(0, -1)}_${name}]`;
  return keys.length === 0 ? title : `${title} ${keys.join(".")}`;
}

function readSections(text: string, top: Place): Map<string, Section> {
  const sections = new Map<string, Section>();
  let section: Section | undefined;
  let key: string | undefined;
  for (
    const [index, line] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()
  ) {
    const trimmed = line.trim();
    if (trimmed === "" || /^[#;]/.test(trimmed)) continue;
    const fail = (problem: string) =>
      problemAt(top, `line ${index + 1}: ${problem}`);
    const title = /^\[(.+)\]$/.exec(trimmed)?.[1];
    if (/^\s/.test(line) && section !== undefined && key !== undefined) {
      // An indented line goes on with the value before.
      section.set(key, `${section.get(key)}\n${trimmed}`);
    } else if (title !== undefined) {
      if (sections.has(title)) {
        throw fail(`section [${title}] is there already`);
      }
      sections.set(title, section = new Map());
      key = undefined;
    } else {
      const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(trimmed);
      if (pair === null) {
        throw fail(`expected 'key = value', got ${shown(trimmed)}`);
      }
      if (section === undefined) throw fail("expected a section first");
      // As in Python, keys have no case.
      key = pair[1]!.toLowerCase();
      if (section.has(key)) throw fail(`key '${key}' is there already`);
      section.set(key, pair[2]!);
    }
  }
  return sections;
}

function keysOf(
  sections: ReadonlyMap<string, Section>,
  list: string,
  top: Place,
): string[] {
  const section = sections.get(list);
  if (section === undefined) {
    throw problemAt(top, `section [${list}] is missing`);
  }
  return (section.get("keys") ?? "").split(",").map((name) => name.trim())
    .filter((name) => name !== "");
}

function loggerName(
  name: string,
  entry: Readonly<Record<string, unknown>>,
  place: Place,
): string {
  if (name === "root") return "";
  const { qualname } = entry;
  if (typeof qualname === "string" && qualname !== "") return qualname;
  throw problemAt(below(place, "qualname"), "it is missing");
}

function readLogger(
  entry: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { qualname: _, handlers = "", ...rest } = entry;
  const names = String(handlers).split(",").map((name) => name.trim());
  return { ...rest, handlers: names.filter((name) => name !== "") };
}

/** `args` is a tuple of Python: `(sys.stderr,)` for a stream, `('app.log', 'a')` for a file. */
function readArgs(
  entry: Record<string, string>,
  place: Place,
): Record<string, string> {
  const { args } = entry;
  if (args === undefined) return {};
  delete entry.args;
  const items = /^\(\s*(.*?)\s*,?\s*\)$/s.exec(args)?.[1];
  const words = items === undefined ? undefined : wordsOf(items);
  if (words === undefined) {
    throw problemAt(
      below(place, "args"),
      `expected such as (sys.stderr,) or ('app.log',), got ${shown(args)}`,
    );
  }
  const [first, second, ...more] = words;
  if (more.length > 0) {
    throw problemAt(below(place, "args"), "expected two arguments at most");
  }
  const isStream = first !== undefined && /^sys\.\w+$/.test(first);
  return {
    ...(first === undefined
      ? {}
      : { [isStream ? "stream" : "filename"]: first }),
    ...(second === undefined ? {} : { mode: second }),
  };
}

/** The items of a tuple: names with dots, and texts in quotes. */
function wordsOf(items: string): string[] | undefined {
  if (items === "") return [];
  const words: string[] = [];
  const item = /\s*(?:'([^'\\]*)'|"([^"\\]*)"|([\w.]+))\s*(?:,|$)/y;
  while (item.lastIndex < items.length) {
    const match = item.exec(items);
    if (match === null) return undefined;
    words.push(match[1] ?? match[2] ?? match[3]!);
  }
  return words;
}
