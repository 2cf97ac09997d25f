/**
 * What an application looks like. A function of three parameters is one, but arity alone misleads
 * in both directions: an Express application has three parameters too, and one with default or
 * rest parameters has none. So properties are looked at first, and what cannot be told is believed.
 */

/**
 * What is wrong with `value` as an application, as in "… is a class"; `undefined` if it may be one.
 */
export function whyNoApplication(value: unknown): string | undefined {
  if (typeof value !== "function") return describeObject(value);
  if (isClass(value)) return "a class";
  if (has(value, "fetch")) return fetchStyle(value);
  if (has(value, "handle") && has(value, "use")) {
    return "an Express-style application";
  }
  const { most, isGenerator, names } = parametersOf(value);
  if (isGenerator) return "a generator function";
  if (value.length === 3 || (value.length < 3 && most >= 3)) {
    return names[2] === "next"
      ? 'middleware (its third parameter is "next")'
      : undefined;
  }
  const count = Math.max(value.length, Number.isFinite(most) ? most : 0);
  return `a function of ${count} parameter${count === 1 ? "" : "s"}`;
}

/**
 * What whoever wrote `value` may have meant, where one can tell: a sentence with a space in front;
 * else `""`.
 */
export function adviceFor(value: unknown): string {
  if (typeof value === "function") {
    if (isClass(value)) {
      return " Use a function that makes an object of it and returns an application, with " +
        "--factory.";
    }
    return value.length < 3 && !has(value, "fetch")
      ? " If it makes the application, use a function without parameters that calls it, with " +
        "--factory."
      : "";
  }
  if (!describeObject(value).startsWith("an object")) return "";
  const method = applicationMethod(value);
  return method === undefined ? "" : " Use one of its methods in its place: " +
    `(scope, receive, send) => it.${method}(scope, receive, send).`;
}

/** The first method, its own or inherited, that takes what an application takes. */
function applicationMethod(value: unknown): string | undefined {
  for (
    let holder = value;
    typeof holder === "object" && holder !== null &&
    holder !== Object.prototype && !Array.isArray(holder);
    holder = Object.getPrototypeOf(holder)
  ) {
    // Nothing is called: a getter may do anything.
    for (
      const [name, { value: member }] of Object.entries(
        Object.getOwnPropertyDescriptors(holder),
      )
    ) {
      const isMethod = typeof member === "function" && member.length === 3 &&
        !isClass(member);
      if (isMethod && /^[\w$]{1,50}$/.test(name)) return name;
    }
  }
  return undefined;
}

/**
 * Whether `value` is a function that certainly takes nothing: then it can only be a factory
 * (options:O-002). One with three default parameters or a rest parameter, one that looks into
 * `arguments`, and one whose source is hidden may as well be an application.
 */
export function isSurelyFactory(value: unknown): value is () => unknown {
  if (typeof value !== "function" || value.length !== 0 || isClass(value)) {
    return false;
  }
  const { most, isGenerator } = parametersOf(value);
  return most < 3 && !isGenerator;
}

/** Whether `value` is a function that can be called with nothing. */
export function whyNoFactory(value: unknown): string | undefined {
  if (typeof value !== "function") return describeObject(value);
  if (isClass(value)) return "a class";
  if (value.length === 0) return undefined;
  return `a function of ${value.length} parameter${
    value.length === 1 ? "" : "s"
  }`;
}

function describeObject(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  if (has(value, "fetch")) return fetchStyle(value);
  if (has(value, "routing") && has(value, "ready")) {
    return "a Fastify application";
  }
  if (has(value, "callback") && "middleware" in value) {
    return "a Koa application";
  }
  const { name } = (Object.getPrototypeOf(value)?.constructor ?? {}) as {
    readonly name?: unknown;
  };
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an object of class ${name}`
    : "an object";
}

function fetchStyle(value: object): string {
  const { name } = (value.constructor ?? {}) as { readonly name?: unknown };
  const kind = name === "Hono" || name === "H3" || name === "Elysia"
    ? `${name}, `
    : "";
  return `${kind}a fetch-style application (it has a method "fetch")`;
}

function has(value: object, name: string): boolean {
  return typeof (value as Record<string, unknown>)[name] === "function";
}

function isClass(value: unknown): boolean {
  return /^class\b/.test(sourceOf(value as () => void));
}

function sourceOf(value: (...args: never[]) => unknown): string {
  return Function.prototype.toString.call(value);
}

/** What the source tells of a function's parameters. */
interface Parameters {
  /** How many it takes at most; `Infinity` if its source does not tell. */
  readonly most: number;
  readonly isGenerator: boolean;
  /** Names, as far as they are plain. */
  readonly names: readonly string[];
}

// deno-lint-ignore ban-types
function parametersOf(value: Function): Parameters {
  const source = sourceOf(value as () => void).replace(
    /\/\*[^]*?\*\/|\/\/[^\n]*/g,
    "",
  );
  const isGenerator = /^(async\s*)?(function\s*)?\*/.test(source);
  const open = source.indexOf("(");
  const arrow = /^(?:async\s+)?([\w$]+)\s*=>/.exec(source);
  const list = arrow?.[1] ?? source.slice(open + 1, closing(source, open));
  const isNative = /\{\s*\[native code\]\s*\}\s*$/.test(source);
  // A bracket in a text or a regular expression would be counted.
  const isHidden = isNative || /["'`/]|\.\.\./.test(list) ||
    /\barguments\b/.test(source);
  const most = isHidden ? Infinity : countOf(list);
  const names = /[{[]/.test(list)
    ? []
    : list.split(",").map((name) => name.trim());
  return { most, isGenerator, names };
}

/** How many parameters `list` has: those within brackets are parts of one. */
function countOf(list: string): number {
  let depth = 0;
  const commas: number[] = [-1];
  for (let at = 0; at < list.length; at++) {
    if ("([{".includes(list[at]!)) depth++;
    else if (")]}".includes(list[at]!)) depth--;
    else if (list[at] === "," && depth === 0) commas.push(at);
  }
  return commas.filter((at, i) =>
    list.slice(at + 1, commas[i + 1]).trim() !== ""
  )
    .length;
}

/** Where the parenthesis that opens at `open` closes. */
function closing(source: string, open: number): number {
  let depth = 0;
  for (let at = open; at >= 0 && at < source.length; at++) {
    if (source[at] === "(") depth++;
    else if (source[at] === ")" && --depth === 0) return at;
  }
  return source.length;
}
