/**
 * Response fields as an application gives them: what may be sent, and what they say about the
 * message (RFC 9110 §5, §6.5). The same for every version of HTTP.
 */
import { latin1 } from "../bytes/latin1.ts";
import { trimBlanks } from "../text/blanks.ts";
import { decimal } from "../text/decimal.ts";
import { isToken } from "../text/token.ts";
import { listItems } from "./lists.ts";
import { FORBIDDEN_TRAILERS } from "./trailer_names.ts";

/** A response field as an application gives it: text as ISO-8859-1, or octets. */
export type FieldInput = readonly [
  name: string | Uint8Array,
  value: string | Uint8Array,
];

/** What a response's fields say about its framing. Refilled for each response. */
export interface HeadFacts {
  /** The `content-length` given, in bytes; -1 if none was. */
  contentLength: number;
  /** Whether `transfer-encoding: chunked` was asked for. */
  asksChunked: boolean;
  /** The `connection` given, joined; `""` if none was. */
  connection: string;
  /** Whether `connection` has the option `close`. */
  closes: boolean;
  /** Whether an `upgrade` is among them. */
  hasUpgrade: boolean;
  /** Whether a `date` is among them. */
  hasDate: boolean;
  /** Whether a `server` is among them. */
  hasServer: boolean;
}

/** Facts of a head without fields. */
export function emptyFacts(): HeadFacts {
  return {
    contentLength: -1,
    asksChunked: false,
    connection: "",
    closes: false,
    hasUpgrade: false,
    hasDate: false,
    hasServer: false,
  };
}

/** Sets `facts` back to those of a head without fields. */
export function resetFacts(facts: HeadFacts): void {
  facts.contentLength = -1;
  facts.asksChunked = false;
  facts.connection = "";
  facts.closes = false;
  facts.hasUpgrade = false;
  facts.hasDate = false;
  facts.hasServer = false;
}

/** Visible characters, space, tab and obs-text (RFC 9110 §5.5): CR and LF would end the line. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The text of a name or a value, octets as ISO-8859-1; `undefined` if it is neither. */
export function fieldText(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  return given instanceof Uint8Array
    ? latin1(given, 0, given.length)
    : undefined;
}

/** Whether `field` is a pair. */
export function isPair(field: unknown): field is readonly [unknown, unknown] {
  return typeof field === "object" && field !== null &&
    (field as { length?: unknown }).length === 2;
}

/** What is wrong with a field. The same words wherever it is found. */
export const FIELD_PROBLEMS = {
  notAPair: "expected each header as a pair of name and value",
  notText: "expected header names and values as strings or bytes",
  notAToken: (name: string): string =>
    `header name ${quoted(name)} is not a token`,
  unsendable: (name: string): string =>
    `value of header "${name}" holds a control character or a code unit above 0xFF`,
} as const;

/** Quoted, escaped and cut: what an application gave may have come from its peer. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

/** Whether a field frames the message: it is noted, and not written as it was given. */
export function isFraming(name: string): boolean {
  return name === "connection" || name === "content-length" ||
    name === "transfer-encoding";
}

/**
 * Notes in `facts` what a framing field says.
 *
 * @param name In lower case; one that {@linkcode isFraming}.
 * @returns What is wrong with its value, or `undefined`.
 */
export function noteFraming(
  name: string,
  value: string,
  facts: HeadFacts,
): string | undefined {
  return name === "content-length"
    ? noteLength(value, facts)
    : noteList(name, value, facts);
}

/** Apart, so that engines make it part of its callers: most responses have it. */
function noteLength(value: string, facts: HeadFacts): string | undefined {
  const length = decimal(value);
  if (length < 0) {
    return `"content-length" is ${quoted(value)}, expected decimal digits`;
  }
  if (facts.contentLength >= 0 && facts.contentLength !== length) {
    return 'two different "content-length" values';
  }
  facts.contentLength = length;
  return undefined;
}

/** `connection` or `transfer-encoding`. */
function noteList(
  name: string,
  value: string,
  facts: HeadFacts,
): string | undefined {
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    return `value of header "${name}" holds a character that is in no list of tokens`;
  }
  if (name === "transfer-encoding") {
    // The coding is the server's business; asking for chunks is honoured.
    if (trimBlanks(value).toLowerCase() === "chunked") facts.asksChunked = true;
    return undefined;
  }
  facts.connection = facts.connection === ""
    ? value
    : `${facts.connection}, ${value}`;
  if (listItems(value).includes("close")) facts.closes = true;
  return undefined;
}

/** What is wrong with `fields`, which are not going to be sent; `undefined` for nothing. */
export function checkFields(fields: Iterable<FieldInput>): string | undefined {
  const facts = emptyFacts();
  for (const field of fields) {
    const problem = checkField(field, facts);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkField(field: unknown, facts: HeadFacts): string | undefined {
  if (!isPair(field)) return FIELD_PROBLEMS.notAPair;
  const given = fieldText(field[0]);
  const value = fieldText(field[1]);
  if (given === undefined || value === undefined) return FIELD_PROBLEMS.notText;
  if (!isToken(given)) return FIELD_PROBLEMS.notAToken(given);
  const name = given.toLowerCase();
  if (isFraming(name)) return noteFraming(name, value, facts);
  return VALUE.test(value) ? undefined : FIELD_PROBLEMS.unsendable(name);
}

/** What is wrong with one of `fields` because it is a trailer, or `undefined`. */
export function trailerProblem(
  fields: readonly FieldInput[],
): string | undefined {
  for (const field of fields) {
    const name = fieldText((field as FieldInput | null | undefined)?.[0]);
    if (name !== undefined && FORBIDDEN_TRAILERS.has(name.toLowerCase())) {
      return `trailer field ${
        quoted(name)
      } would change how the message is framed or routed`;
    }
  }
  return undefined;
}

/** What is wrong with trailer fields that are not going to be sent, or `undefined`. */
export function checkTrailers(
  fields: Iterable<FieldInput>,
): string | undefined {
  const list = [...fields];
  return trailerProblem(list) ?? checkFields(list);
}
