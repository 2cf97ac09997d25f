/**
 * The shape of the fields that messages of several scopes share. Each check returns what is wrong,
 * as the error says it, or `undefined`.
 */
import { shown } from "./event_errors.ts";

/** `status` of a response: a final one. */
export function statusProblem(status: unknown): string | undefined {
  return Number.isInteger(status) && (status as number) >= 200 &&
      (status as number) <= 599
    ? undefined
    : `"status" is ${shown(status)}, expected an integer from 200 to 599`;
}

/** `status` of an interim response (RFC 9110 §15.2): 100 and 101 are no business of `send`. */
export function interimStatusProblem(status: unknown): string | undefined {
  return Number.isInteger(status) && (status as number) >= 102 &&
      (status as number) <= 199
    ? undefined
    : `"status" is ${shown(status)}, expected an integer from 102 to 199`;
}

/** `headers`, where they are given. */
export function headersProblem(headers: unknown): string | undefined {
  return iterableProblem("headers", headers, "pairs");
}

/** A list of `items`. A string is iterable, too, and would be read as a list of letters. */
export function iterableProblem(
  name: string,
  value: unknown,
  items: string,
): string | undefined {
  return typeof value === "object" && value !== null &&
      typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] ===
        "function"
    ? undefined
    : `"${name}" is ${shown(value)}, expected an iterable of ${items}`;
}

/** `body`, as bytes or as text. */
export function bodyProblem(body: unknown): string | undefined {
  return typeof body === "string" || body instanceof Uint8Array
    ? undefined
    : `"body" is ${shown(body)}, expected a Uint8Array or a string`;
}

/** A field that is true or false. */
export function flagProblem(name: string, value: unknown): string | undefined {
  return typeof value === "boolean"
    ? undefined
    : `"${name}" is ${shown(value)}, expected true or false`;
}
