/**
 * Detects the interface of an application: ASGI, or which other. A function of three parameters is
 * an ASGI application, but the number of parameters alone is misleading: an Express application has
 * three too, and a function with default or rest parameters has a `length` of 0. So properties are
 * checked first, and a function whose parameters cannot be counted counts as ASGI.
 */

/** Interfaces that are told apart. */
export type InterfaceKind =
  | "asgi"
  | "express"
  | "fastify"
  | "fetch"
  | "koa"
  /** `(request, response, next)`. */
  | "middleware"
  /** A class: its instances may be applications. */
  | "class"
  /** A function of another number of parameters, or a generator function. */
  | "function"
  /** Anything else. */
  | "unknown";

/** An interface, and how to describe the value. */
export interface DetectedInterface {
  readonly kind: InterfaceKind;
  /** To follow "is", such as "a class". */
  readonly description: string;
}

/** Detects the interface of `value`. Calls nothing of it. */
export function detectInterface(value: unknown): DetectedInterface {
  if (typeof value === "function") return interfaceOfFunction(value);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return interfaceOfObject(value);
  }
  return { kind: "unknown", description: describeValue(value) };
}

// deno-lint-ignore ban-types
function interfaceOfFunction(value: Function): DetectedInterface {
  if (isClass(value)) return { kind: "class", description: "a class" };
  if (has(value, "fetch")) return fetchStyle(value);
  if (has(value, "handle") && has(value, "use")) {
    return { kind: "express", description: "an Express-style application" };
  }
  const { most, isGenerator, names } = parametersOf(value);
  if (isGenerator) {
    return { kind: "function", description: "a generator function" };
  }
  if (value.length === 3 || (value.length < 3 && most >= 3)) {
    return names[2] === "next"
      ? {
        kind: "middleware",
        description: 'middleware (its third parameter is "next")',
      }
      : { kind: "asgi", description: "an ASGI application" };
  }
  const count = Math.max(value.length, Number.isFinite(most) ? most : 0);
  return { kind: "function", description: functionOf(count) };
}

function interfaceOfObject(value: object): DetectedInterface {
  if (has(value, "fetch")) return fetchStyle(value);
  if (has(value, "routing") && has(value, "ready")) {
    return { kind: "fastify", description: "a Fastify application" };
  }
  if (has(value, "callback") && "middleware" in value) {
    return { kind: "koa", description: "a Koa application" };
  }
  return { kind: "unknown", description: describeValue(value) };
}

function functionOf(count: number): string {
  return `a function of ${count} parameter${count === 1 ? "" : "s"}`;
}

/**
 * Suggests what to serve instead of `value`, where that can be guessed: a sentence with a leading
 * space; else `""`.
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
  if (detectInterface(value).kind !== "unknown") return "";
  const method = applicationMethod(value);
  return method === undefined ? "" : " Use one of its methods in its place: " +
    `(scope, receive, send) => it.${method}(scope, receive, send).`;
}

/** Finds the first method, own or inherited, with three parameters. */
function applicationMethod(value: unknown): string | undefined {
  for (
    let holder = value;
    typeof holder === "object" && holder !== null &&
    holder !== Object.prototype && !Array.isArray(holder);
    holder = Object.getPrototypeOf(holder)
  ) {
    // Through descriptors: calling a getter could have side effects.
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
 * Whether `value` is a function that takes fewer than three parameters for certain: then it can
 * only be a factory. With three default parameters, a rest parameter, `arguments` or a native body
 * it may be an application.
 */
export function isSurelyFactory(value: unknown): value is () => unknown {
  if (typeof value !== "function" || value.length !== 0 || isClass(value)) {
    return false;
  }
  const { most, isGenerator } = parametersOf(value);
  return most < 3 && !isGenerator;
}

/** Describes a value that cannot be called without arguments; `undefined` if it can. */
export function whyNoFactory(value: unknown): string | undefined {
  if (typeof value !== "function") return detectInterface(value).description;
  if (isClass(value)) return "a class";
  return value.length === 0 ? undefined : functionOf(value.length);
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  const { name } = (Object.getPrototypeOf(value)?.constructor ?? {}) as {
    readonly name?: unknown;
  };
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an object of class ${name}`
    : "an object";
}

function fetchStyle(value: object): DetectedInterface {
  const { name } = (value.constructor ?? {}) as { readonly name?: unknown };
  const framework = name === "Hono" || name === "H3" || name === "Elysia"
    ? `${name}, `
    : "";
  return {
    kind: "fetch",
    description:
      `${framework}a fetch-style application (it has a method "fetch")`,
  };
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

/** Parameters of a function, as far as its source shows them. */
interface Parameters {
  /** Maximum number; `Infinity` if the source does not show it. */
  readonly most: number;
  readonly isGenerator: boolean;
  /** Names; empty if there are patterns. */
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
  // Strings and regular expressions may hold brackets: do not count.
  const isHidden = isNative || /["'`/]|\.\.\./.test(list) ||
    /\barguments\b/.test(source);
  const most = isHidden ? Infinity : countOf(list);
  const names = /[{[]/.test(list)
    ? []
    : list.split(",").map((name) => name.trim());
  return { most, isGenerator, names };
}

/** Counts the parameters in `list`, ignoring commas inside brackets. */
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

/** Offset of the parenthesis that closes the one at `open`. */
function closing(source: string, open: number): number {
  let depth = 0;
  for (let at = open; at >= 0 && at < source.length; at++) {
    if (source[at] === "(") depth++;
    else if (source[at] === ")" && --depth === 0) return at;
  }
  return source.length;
}
