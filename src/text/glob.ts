/**
 * Glob patterns, compared with paths from the right: `*.ts` is `a/b.ts` too, as in Python's
 * `PurePath.match`. `*`, `?` and `[a-z]` stay within one name, `**` is any number of names, `{a,b}`
 * is either, and a backslash takes the special meaning from the character behind it. The separator
 * is `/`, in patterns and in paths.
 */

/** Patterns that braces may expand to; more is a mistake. */
const MAX_ALTERNATIVES = 1000;

/** One name in a pattern, or `**`. */
export interface GlobSegment {
  /** Its text, without the backslashes that were read; `**` for any number of names. */
  readonly text: string;
  /** Whether only its own text matches. */
  readonly isLiteral: boolean;
  /** Whether `name` matches. */
  matches(name: string): boolean;
}

/** One pattern without braces. */
export interface Glob {
  /** Whether it begins at the root of the file system. */
  readonly isAbsolute: boolean;
  readonly segments: readonly GlobSegment[];
  /** Whether it matches all of `path`, or, unless it is absolute, the end of it. */
  matches(path: string): boolean;
}

/**
 * Reads a pattern.
 *
 * @param cwd What a pattern with `..` is relative to: absolute, with `/`. It becomes absolute.
 * @returns A glob for each alternative of its braces, or what is wrong, to follow the quoted pattern
 * and a blank.
 */
export function readGlob(
  pattern: string,
  cwd: string = "/",
): { readonly globs: readonly Glob[] } | { readonly problem: string } {
  const texts = expandBraces(withSlashes(pattern));
  if (typeof texts === "string") return { problem: texts };
  const globs: Glob[] = [];
  for (const text of texts) {
    const glob = readPlain(leadsOut(text) ? resolve(text, cwd) : text);
    if (typeof glob === "string") return { problem: glob };
    globs.push(glob);
  }
  return { globs };
}

/** A backslash is a separator of Windows, unless a special character is behind it. */
function withSlashes(pattern: string): string {
  return pattern.replaceAll(/\\(?![*?[\]{},!\\])/g, "/");
}

/** Every alternative of `text`, or a problem. */
function expandBraces(text: string): string[] | string {
  const open = findUnescaped(text, "{", 0);
  if (open < 0) {
    return findUnescaped(text, "}", 0) < 0 ? [text] : "has } without {";
  }
  const commas: number[] = [];
  let depth = 0;
  let at = open;
  for (; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "{") depth++;
    else if (char === "," && depth === 1) commas.push(at);
    else if (char === "}" && --depth === 0) break;
  }
  if (at >= text.length) return "has { without }";
  const head = text.slice(0, open);
  const tails = expandBraces(text.slice(at + 1));
  if (typeof tails === "string") return tails;
  const alternatives: string[] = [];
  const ends = [...commas, at];
  for (const [index, end] of ends.entries()) {
    const start = index === 0 ? open : ends[index - 1]!;
    const middles = expandBraces(text.slice(start + 1, end));
    if (typeof middles === "string") return middles;
    for (const middle of middles) {
      for (const tail of tails) alternatives.push(head + middle + tail);
    }
    if (alternatives.length > MAX_ALTERNATIVES) {
      return `means more than ${MAX_ALTERNATIVES} patterns`;
    }
  }
  return alternatives;
}

function findUnescaped(text: string, char: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === char) return at;
  }
  return -1;
}

function leadsOut(text: string): boolean {
  return text.split("/").includes("..");
}

/** `text` without `..`, absolute. */
function resolve(text: string, cwd: string): string {
  const isAbsolute = /^([a-z]:)?\//i.test(text);
  const names: string[] = [];
  for (const part of (isAbsolute ? text : `${cwd}/${text}`).split("/")) {
    if (part === "..") names.pop();
    else if (part !== "." && part !== "") names.push(part);
  }
  return /^[a-z]:/i.test(names[0] ?? "")
    ? names.join("/")
    : `/${names.join("/")}`;
}

/** Reads a pattern without braces; returns a text if it is wrong. */
function readPlain(text: string): Glob | string {
  const isAbsolute = /^([a-z]:)?\//i.test(text);
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) return "names nothing";
  const segments: GlobSegment[] = [];
  let source = isAbsolute && text.startsWith("/") ? "^/" : "^";
  if (!isAbsolute) source = "(?:^|/)";
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === "**") {
      segments.push({ text: part, isLiteral: false, matches: () => true });
      source += isLast ? ".+" : "(?:[^/]+/)*";
      continue;
    }
    const read = readSegment(part);
    if (typeof read === "string") return read;
    segments.push(read.segment);
    source += isLast ? read.source : `${read.source}/`;
  }
  const whole = new RegExp(`${source}$`, "su");
  return { isAbsolute, segments, matches: (path) => whole.test(path) };
}

function readSegment(
  part: string,
): { readonly segment: GlobSegment; readonly source: string } | string {
  let source = "";
  let literal = "";
  let isLiteral = true;
  const chars = [...part];
  for (let at = 0; at < chars.length; at++) {
    let char = chars[at]!;
    if (char === "*" || char === "?") {
      isLiteral = false;
      // Several in a row are one: they match the same, and must not make a match slow.
      while (char === "*" && chars[at + 1] === "*") at++;
      source += char === "*" ? "[^/]*" : "[^/]";
    } else if (char === "[") {
      const end = classEnd(chars, at);
      if (end < 0) return "has [ without ]";
      isLiteral = false;
      source += classSource(chars.slice(at + 1, end));
      at = end;
    } else {
      if (char === "\\" && at + 1 < chars.length) char = chars[++at]!;
      literal += char;
      source += escapeRegExp(char);
    }
  }
  try {
    const own = new RegExp(`^${source}$`, "su");
    const text = isLiteral ? literal : part;
    const matches = isLiteral
      ? (name: string) => name === literal
      : (name: string) => own.test(name);
    return { segment: { text, isLiteral, matches }, source };
  } catch {
    return "has a range in [] that ends before it begins";
  }
}

/** The index of the `]` that ends the class opened at `open`; -1 if none does. */
function classEnd(chars: readonly string[], open: number): number {
  let at = open + 1;
  if (chars[at] === "!" || chars[at] === "^") at++;
  if (chars[at] === "]") at++; // the first one is a member
  while (at < chars.length && chars[at] !== "]") at++;
  return at < chars.length ? at : -1;
}

function classSource(members: readonly string[]): string {
  const isNegated = members[0] === "!" || members[0] === "^";
  const own = (isNegated ? members.slice(1) : members).map((char) =>
    /[\\\]\[^]/.test(char) ? `\\${char}` : char
  ).join("");
  return isNegated ? `[^/${own}]` : `[${own}]`;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
