/**
 * Tells the interface of a plain function by the number and the names of its parameters. What can
 * be read in two ways is refused, with the flag that decides it.
 */
import { describeFunction } from "./describe.ts";
import { isClass, type Parameters, parametersOf } from "./parameters.ts";
import { accepted, refused, type Verdict } from "./verdict.ts";

/** Tells the interface of `value`, which has no properties that tell it. Calls nothing. */
// deno-lint-ignore ban-types
export function interfaceOfFunction(value: Function): Verdict {
  if (isClass(value)) {
    return refused(
      "a class",
      " Use an object of it, or a function that makes one and returns an application, with " +
        "--factory.",
    );
  }
  const parameters = parametersOf(value);
  if (parameters.isGenerator) {
    return refused(
      "a generator function",
      " If it takes (environ, startResponse), give --interface wsgi.",
    );
  }
  const { length } = value;
  const { most } = parameters;
  if (length > 3) return refused(describeFunction(length));
  if (length === 3 || (Number.isFinite(most) && most >= 3)) {
    return ofThree(parameters);
  }
  if (length === 0 && Number.isFinite(most)) {
    return { ...ofOne(value, parameters), isParameterless: true };
  }
  if (length === 2 || most === 2) return ofTwo(value, parameters);
  return ofOne(value, parameters);
}

/** `(scope, receive, send)`, or what only looks like it. */
function ofThree({ names }: Parameters): Verdict {
  if (isNext(names[2])) {
    return refused(
      `middleware (its third parameter is "${names[2]}")`,
      " If it answers every request itself, give --interface node.",
    );
  }
  if (isRequest(names[0])) {
    return refused(
      `a function of 3 parameters whose first is "${names[0]}"`,
      " Give --interface fetch if it returns a Response, --interface node if it is called with " +
        "(req, res), or --interface asgi3.",
    );
  }
  return asgi3("it is a function of 3 parameters");
}

/** `(req, res)`, or `(request, info)`. */
function ofTwo(
  // deno-lint-ignore ban-types
  value: Function,
  { names, most }: Parameters,
): Verdict {
  const [first, second] = names;
  const count = Math.max(value.length, Number.isFinite(most) ? most : 0);
  const description = describeFunction(count);
  if (first === "scope") {
    return Number.isFinite(most)
      ? refused(
        `${description}, and an ASGI application has 3`,
        " Add the third, send, or give --interface asgi3.",
      )
      : asgi3('its first parameter is "scope"');
  }
  if (first !== undefined && /^environ/i.test(first)) {
    return refused(description, " If it is WSGI, give --interface wsgi.");
  }
  if (second !== undefined && /^_?(res|response|reply)\d*$/i.test(second)) {
    return accepted(
      "node",
      "function",
      description,
      `its second parameter is "${second}"`,
    );
  }
  if (first !== undefined && !isNext(second) && isTelling(first)) {
    return accepted(
      "fetch",
      "function",
      description,
      `it is a function of 2 parameters, and the second, "${
        second ?? ""
      }", is no response`,
    );
  }
  return refused(
    description,
    " Give --interface node if it is called with (req, res), --interface fetch if it is called " +
      "with (request, info) and returns a Response.",
  );
}

/** `(request)`, or `(scope)` of ASGI 2, or `(...all)`. */
function ofOne(
  // deno-lint-ignore ban-types
  value: Function,
  { names, most }: Parameters,
): Verdict {
  const [first] = names;
  const { length } = value;
  if (most === Infinity && (first === "scope" || length === 0)) {
    return asgi3("its parameters cannot be counted");
  }
  if (first === "scope") {
    return accepted(
      "asgi2",
      "function",
      describeFunction(1),
      'it is a function of 1 parameter, "scope"',
    );
  }
  const count = Math.max(length, Number.isFinite(most) ? most : 0);
  const found = accepted(
    "fetch",
    "function",
    describeFunction(count),
    `it is a function of ${count} parameter${count === 1 ? "" : "s"}`,
  );
  return { ...found, isUncertain: count > 0 && !isRequest(first) };
}

function isNext(name: string | undefined): boolean {
  return name !== undefined && /^_?next$/.test(name);
}

function isRequest(name: string | undefined): boolean {
  return name !== undefined && /^_?(req|request)$/i.test(name);
}

/** Minified names say nothing. A pattern does: only a request is taken apart in parameters. */
function isTelling(name: string): boolean {
  return name.length !== 1 && name.length !== 2;
}

function asgi3(reason: string): Verdict {
  return accepted("asgi3", "function", "an ASGI application", reason);
}
