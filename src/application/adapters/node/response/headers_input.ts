/** Several fields at once, in the shapes that the methods of `node:http` take. */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { HeaderPair } from "../../../../asgi.ts";
import { wrongType } from "../node_errors.ts";
import type { HeaderValue } from "./response_headers.ts";

/** An object, a list of names and values in turns, or a list of pairs. */
export type HeadersInput =
  | readonly unknown[]
  | Readonly<Record<string, HeaderValue>>;

/**
 * Names and values, in the order given.
 *
 * @throws TypeError for a list with a name that has no value.
 */
export function pairsOf(input: HeadersInput): [string, HeaderValue][] {
  if (!isList(input)) return Object.entries(input);
  if (Array.isArray(input[0])) return input as [string, HeaderValue][];
  if (input.length % 2 !== 0) {
    throw wrongType("headers", "a list of names and values in turns", input);
  }
  const pairs: [string, HeaderValue][] = [];
  for (let i = 0; i < input.length; i += 2) {
    pairs.push([input[i] as string, input[i + 1] as HeaderValue]);
  }
  return pairs;
}

/** Whether the fields come as a list. */
export function isList(input: HeadersInput): input is readonly unknown[] {
  return Array.isArray(input);
}

/**
 * Lines of a head or of trailers: one for each value, with the name in lower case.
 *
 * @throws TypeError for what no field can hold, with the `code` of `node:http`.
 */
export function checkedLines(
  pairs: readonly (readonly [string, HeaderValue])[],
): HeaderPair[] {
  return pairs.flatMap(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value as string);
    const values = Array.isArray(value) ? value : [value];
    return values.map((one): HeaderPair => [name.toLowerCase(), String(one)]);
  });
}
