/**
 * Tells which interface an application has. A mark decides, then properties, then parameters: the
 * number of parameters alone is misleading, as an Express application has three like an ASGI
 * application, and a function with default or rest parameters has a `length` of 0. What can be read
 * in two ways is refused, with the flag that decides it.
 */
import { describeValue } from "./describe.ts";
import { interfaceOfFunction } from "./function_interface.ts";
import { hasMethod, isClass } from "./parameters.ts";
import {
  accepted,
  type ApplicationShape,
  type InterfaceName,
  refused,
  type Verdict,
} from "./verdict.ts";

/**
 * An application says by this property which interface it has, as an
 * {@linkcode InterfaceName}. Registered, so that a framework can set it without an import.
 */
export const INTERFACE_MARK: unique symbol = Symbol.for("serve.interface");

const NAMES: ReadonlySet<unknown> = new Set<InterfaceName>([
  "asgi3",
  "asgi2",
  "wsgi",
  "fetch",
  "node",
]);

/** Tells the interface of `value`. Calls nothing of it. */
export function detectInterface(value: unknown): Verdict {
  const isHolder = typeof value === "function" ||
    (typeof value === "object" && value !== null && !Array.isArray(value));
  if (!isHolder) return refused(describeValue(value));
  return byMark(value) ?? byProperties(value) ??
    (typeof value === "function"
      ? interfaceOfFunction(value)
      : refused(describeValue(value), methodAdvice(value)));
}

/**
 * Tells whether `value` can be served as `name`, which the operator has chosen.
 *
 * @returns A verdict without interface if it cannot.
 */
export function verdictFor(name: InterfaceName, value: unknown): Verdict {
  const found = detectInterface(value);
  const { description, advice, isParameterless } = found;
  const isPlain = typeof value === "function" && !isClass(value);
  const shape = name === "fetch"
    ? byShape(value, ["fetch"])
    : name === "node"
    ? byShape(value, ["fastify", "koa", "express", "server"])
    : undefined;
  if (shape === undefined && !isPlain) return refused(description, advice);
  return {
    interface: name,
    shape: shape ?? "function",
    description,
    reason: "it was chosen",
    advice: "",
    isParameterless,
    isUncertain: false,
  };
}

/** The shape of `value`, if it is one of `shapes`. */
function byShape(
  value: unknown,
  shapes: readonly ApplicationShape[],
): ApplicationShape | undefined {
  if (Object(value) !== value) return undefined;
  const shape = byProperties(value as object)?.shape;
  return shape !== undefined && shapes.includes(shape) ? shape : undefined;
}

function byMark(value: object): Verdict | undefined {
  const mark = (value as Record<symbol, unknown>)[INTERFACE_MARK];
  if (mark === undefined) return undefined;
  if (!NAMES.has(mark)) {
    return refused(
      `marked with the interface "${String(mark)}", not with one of ${
        [...NAMES].join(", ")
      }`,
    );
  }
  const name = mark as InterfaceName;
  const shape = byProperties(value)?.shape ?? "function";
  return accepted(name, shape, "an application", "it is marked so");
}

/** Knows frameworks by what they have. */
function byProperties(value: object): Verdict | undefined {
  if (hasMethod(value, "fetch")) return fetchStyle(value);
  if (hasMethod(value, "routing") && hasMethod(value, "ready")) {
    return accepted(
      "node",
      "fastify",
      "a Fastify application",
      'it has the methods "routing" and "ready", as Fastify has',
    );
  }
  const { middleware } = value as { readonly middleware?: unknown };
  if (hasMethod(value, "callback") && Array.isArray(middleware)) {
    return accepted(
      "node",
      "koa",
      "a Koa application",
      'it has a method "callback" and middleware, as Koa has',
    );
  }
  if (
    typeof value === "function" && hasMethod(value, "handle") &&
    hasMethod(value, "use")
  ) {
    return accepted(
      "node",
      "express",
      "an Express-style application",
      'it is a function with the methods "handle" and "use", as in Express',
    );
  }
  if (
    hasMethod(value, "emit") && hasMethod(value, "listen") &&
    "keepAliveTimeout" in value
  ) {
    return accepted(
      "node",
      "server",
      "a server of node:http",
      "it is a server of node:http",
    );
  }
  return undefined;
}

function fetchStyle(value: object): Verdict {
  const { name } = (value.constructor ?? {}) as { readonly name?: unknown };
  const framework = name === "Hono" || name === "H3" || name === "Elysia"
    ? `${name}, `
    : "";
  return accepted(
    "fetch",
    "fetch",
    `${framework}a fetch-style application (it has a method "fetch")`,
    'it has a method "fetch"',
  );
}

/** What to serve instead of an object that has a method with three parameters. */
function methodAdvice(value: object): string {
  const method = applicationMethod(value);
  return method === undefined ? "" : " Use one of its methods in its place: " +
    `(scope, receive, send) => it.${method}(scope, receive, send).`;
}

/** Finds the first method, own or inherited, with three parameters. */
function applicationMethod(value: object): string | undefined {
  for (
    let holder = value;
    holder !== null && holder !== Object.prototype;
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
