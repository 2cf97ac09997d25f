/**
 * Reads the text of a `.env` file, by the rules of python-dotenv, which Uvicorn uses.
 *
 * Not `parseEnv()` of `node:util`: on Node 24, Deno 2.9 and Bun 1.4 it treats escaped quotes, lines
 * without `=` and a byte order mark in three ways, expands nothing, and skips what it cannot read.
 */

/** One value, and where it stands. */
export interface DotenvValue {
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What a file assigns, or the first line that cannot be read. */
export type Dotenv =
  | {
    /** By name, in the order of the file; of a name that is assigned twice, the last value. */
    readonly variables: ReadonlyMap<string, DotenvValue>;
  }
  | {
    /** Counted from 1. */
    readonly line: number;
    /** To follow a colon; shows no value, because values may be secrets. */
    readonly problem: string;
  };

/** White space and comments in front of an assignment. */
const GAP = /(?:\s+|#.*)*/y;
/** The name, as strict as the shell's but for dots and dashes, which other tools take. */
const NAME = /(?:export[^\S\n]+)?([A-Za-z_][\w.-]*)[^\S\n]*/y;
/** A name that is declared without a value: `export NAME`. */
const END_OF_LINE = /[^\S\n]*(?:#.*)?(?:\n|$)/y;
const EQUALS = /=[^\S\n]*/y;
const SINGLE_QUOTED = /'((?:[^'\\]|\\[^])*)'/y;
const DOUBLE_QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const UNQUOTED = /.*/y;
const VARIABLE = /\$\{([^}:]*)(?::-([^}]*))?\}/g;

/** What follows a backslash between double quotes. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Parses `text`: lines of `NAME=value`, with an optional `export`. A value without quotes ends at the
 * end of the line, or at a `#` after white space. Quoted ones may have several lines; single quotes
 * take everything but `\\` and `\'` literally, double quotes know the escapes of C. `${NAME}` and
 * `${NAME:-default}` are expanded, except between single quotes.
 *
 * @param env Looks an environment variable up. For expansion it precedes what the file assigns.
 */
export function parseDotenv(
  text: string,
  env: (name: string) => string | undefined,
): Dotenv {
  const source = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const variables = new Map<string, DotenvValue>();
  const expand = (value: string): string =>
    value.replace(
      VARIABLE,
      (_, name: string, otherwise = "") =>
        env(name) ?? variables.get(name)?.value ?? otherwise,
    );
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const lineAt = (where: number) => source.slice(0, where).split("\n").length;
  const failure = (problem: string, where = at): Dotenv => ({
    line: lineAt(where),
    problem,
  });

  for (;;) {
    take(GAP);
    if (at >= source.length) return { variables };
    const name = take(NAME)?.[1];
    if (name === undefined) return failure("expected NAME=value");
    if (take(EQUALS) === null) {
      if (take(END_OF_LINE) !== null) continue;
      return failure('expected "=" after the name');
    }
    const start = at;
    const value = readValue(take, expand);
    if (value === undefined) return failure("a quote is not closed", start);
    if (value.includes("\0")) {
      return failure("the value holds a null character", start);
    }
    if (take(END_OF_LINE) === null) {
      return failure("expected nothing after the closing quote");
    }
    variables.set(name, { value, line: lineAt(start) });
  }
}

/** Reads a value; `undefined` if its quote is not closed. */
function readValue(
  take: (pattern: RegExp) => RegExpExecArray | null,
  expand: (value: string) => string,
): string | undefined {
  const single = take(SINGLE_QUOTED);
  if (single !== null) return single[1]!.replace(/\\([\\'])/g, "$1");
  const double = take(DOUBLE_QUOTED);
  if (double !== null) {
    const plain = double[1]!.replace(
      /\\([\\'"abfnrtv])/g,
      (_, char: string) => ESCAPES[char] ?? char,
    );
    return expand(plain);
  }
  const line = take(UNQUOTED)![0];
  if (/^['"]/.test(line)) return undefined;
  return expand(line.replace(/(?<=^|\s)#.*$/, "").trim());
}
