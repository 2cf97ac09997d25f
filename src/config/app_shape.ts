/**
 * What an application looks like. A function of three parameters is one, but arity alone misleads
 * in both directions: an Express application has three parameters too, and one with default or
 * rest parameters has none. So properties are looked at first, and what cannot be told is believed.
 */

/** What is wrong with `value` as an application, as in "… is a class"; `undefined` if it may be one. */
export function whyNoApplication(value: unknown): string | undefined {
  if (typeof value !== "function") return describeObject(value);
  if (isClass(value)) return "a class";
  if (has(value, "fetch")) return fetchStyle(value);
  if (has(value, "handle") && has(value, "use")) {
    return "an Express-style application";
  }
  const { isCertain, isGenerator, names } = parametersOf(value);
  if (isGenerator) return "a generator function";
  if (!isCertain || value.length === 3) {
    return names[2] === "next"
      ? 'middleware (its third parameter is "next")'
      : undefined;
  }
  const plural = value.length === 1 ? "" : "s";
  return `a function of ${value.length} parameter${plural}`;
}

/**
 * Whether `value` is a function that certainly takes nothing: then it can only be a factory
 * (options:O-002). One with default or rest parameters, one that looks into `arguments`, and one
 * whose source is hidden may as well be an application.
 */
export function isSurelyFactory(value: unknown): value is () => unknown {
  if (typeof value !== "function" || value.length !== 0 || isClass(value)) {
    return false;
  }
  const { isCertain, isGenerator } = parametersOf(value);
  return isCertain && !isGenerator;
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
  /** Whether `length` tells how many there are. */
  readonly isCertain: boolean;
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
  const isCertain = !isNative && !/=|\.\.\./.test(list) &&
    !/\barguments\b/.test(source);
  const names = /[{[]/.test(list)
    ? []
    : list.split(",").map((name) => name.trim());
  return { isCertain, isGenerator, names };
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
