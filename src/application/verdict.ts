/** What is found out about a value that is to be served. */

/** Interfaces of applications. */
export type InterfaceName = "asgi3" | "asgi2" | "wsgi" | "fetch" | "node";

/** What an application looks like, for the adapter of its interface. */
export type ApplicationShape =
  /** A function that is called for each request. */
  | "function"
  /** An object or function with a method `fetch`. */
  | "fetch"
  /** A Fastify instance: has to be made ready, routes with `routing`. */
  | "fastify"
  /** A Koa instance: `callback()` makes the function. */
  | "koa"
  /** A function with `handle` and `use`: an Express application or router, connect. */
  | "express"
  /** A `Server` of `node:http`, with its listeners for `request` and `upgrade`. */
  | "server";

/** What was found out about a value. */
export interface Verdict {
  /** `undefined` if the value is refused. */
  readonly interface: InterfaceName | undefined;
  readonly shape: ApplicationShape;
  /** Follows "is", such as "a class". */
  readonly description: string;
  /** Follows "because"; `""` if the value is refused. */
  readonly reason: string;
  /** How it can be served nevertheless: `""`, or a space and a sentence. */
  readonly advice: string;
  /** Whether it certainly needs no argument: it may be a factory as well. */
  readonly isParameterless: boolean;
  /** Whether a fetch handler may turn out to be an ASGI 2 application when it is called. */
  readonly isUncertain: boolean;
}

/** The verdict that a value has an interface. */
export function accepted(
  name: InterfaceName,
  shape: ApplicationShape,
  description: string,
  reason: string,
): Verdict {
  return {
    interface: name,
    shape,
    description,
    reason,
    advice: "",
    isParameterless: false,
    isUncertain: false,
  };
}

/**
 * The verdict that a value cannot be served.
 *
 * @param advice See {@linkcode Verdict}.
 */
export function refused(description: string, advice = ""): Verdict {
  return {
    interface: undefined,
    shape: "function",
    description,
    reason: "",
    advice,
    isParameterless: false,
    isUncertain: false,
  };
}
