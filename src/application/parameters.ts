/** What the source text of a function shows of its parameters. Calls nothing. */

/** Parameters of a function, as far as its source shows them. */
export interface Parameters {
  /** Maximum number; `Infinity` if the source does not show it. */
  readonly most: number;
  readonly isGenerator: boolean;
  /** Names in order; `""` for a pattern. Empty if the source does not show them. */
  readonly names: readonly string[];
}

/** Whether `value` is a class: it cannot be called without `new`. */
export function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(sourceOf(value));
}

/** Whether `value` has a method, own or inherited, called `name`. */
export function hasMethod(value: object, name: string): boolean {
  return typeof (value as Record<string, unknown>)[name] === "function";
}

// deno-lint-ignore ban-types
function sourceOf(value: Function): string {
  return Function.prototype.toString.call(value);
}

/** Reads the parameters of `value` from its source text. */
// deno-lint-ignore ban-types
export function parametersOf(value: Function): Parameters {
  const source = sourceOf(value).replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "");
  const isGenerator = /^(async\s*)?(function\s*)?\*/.test(source);
  const open = source.indexOf("(");
  const arrow = /^(?:async\s+)?([\w$]+)\s*=>/.exec(source);
  const list = arrow?.[1] ?? source.slice(open + 1, closing(source, open));
  const isNative = /\{\s*\[native code\]\s*\}\s*$/.test(source);
  // Strings and regular expressions may hold brackets and commas: do not count.
  const hasText = /["'`/]/.test(list);
  const parts = isNative || hasText ? [] : partsOf(list);
  const isHidden = isNative || hasText || list.includes("...") ||
    /\barguments\b/.test(source);
  const most = isHidden ? Infinity : parts.length;
  return { most, isGenerator, names: parts.map(nameOf) };
}

/** The parameters in `list`: commas inside brackets do not part them. */
function partsOf(list: string): string[] {
  let depth = 0;
  let start = 0;
  const parts: string[] = [];
  for (let at = 0; at < list.length; at++) {
    if ("([{".includes(list[at]!)) depth++;
    else if (")]}".includes(list[at]!)) depth--;
    else if (list[at] === "," && depth === 0) {
      parts.push(list.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(list.slice(start));
  return parts.filter((part) => part.trim() !== "");
}

/** Up to a default value; `""` for a pattern. */
function nameOf(part: string): string {
  return /^\s*(?:\.\.\.)?\s*([^\s=[{]*)/.exec(part)![1]!;
}

/** Offset of the parenthesis that closes the one at `open`. */
function closing(source: string, open: number): number {
  let depth = 0;
  for (let at = open; at >= 0 && at < source.length; at++) {
    if (source[at] === "(") depth++;
    else if (source[at] === ")" && --depth === 0) return at;
  }
  return source.length;
}
