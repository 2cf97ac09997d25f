/**
 * Response fields as bytes (RFC 9112 §5). What may be sent is for http/response_fields.ts to say;
 * nothing else gets into a line, so that an application cannot end a line or a head by a value.
 */
import { ByteWriter } from "../bytes/byte_writer.ts";
import {
  emptyFacts,
  FIELD_PROBLEMS,
  type FieldInput,
  fieldText,
  type HeadFacts,
  isFraming,
  isPair,
  noteFraming,
  trailerProblem,
} from "../http/response_fields.ts";
import { isToken } from "../text/token.ts";

/** What a field does beyond being sent. */
type FieldKind = "plain" | "framing" | "date" | "server" | "upgrade";

interface FieldName {
  /** `name: ` in lower case. */
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly kind: FieldKind;
  /** Whether a value may be kept. */
  readonly isShared: boolean;
  /** The value that was written last, if it may be kept. */
  value: string | undefined;
  /** The line with that value, once it was repeated. */
  line: Uint8Array | undefined;
}

const encoder = new TextEncoder();

/** Names already checked, by the spelling the application used. */
const names = new Map<string, FieldName>();
/** An application that makes up names cannot fill memory with them, nor with long ones. */
const MAX_NAMES = 512;
/** Longest name that is kept, in units; registered ones stay well below. */
const MAX_KEPT_NAME = 64;
/** Longest value that is kept, in units. */
const MAX_KEPT_VALUE = 64;

/**
 * Fields whose values are of the resource or the application and never of one client: only these
 * are kept, and compared with what another client is sent. Most applications repeat them.
 */
const SHARED_FIELDS: ReadonlySet<string> = new Set([
  "accept-ranges",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-max-age",
  "cache-control",
  "content-encoding",
  "content-language",
  "content-type",
  "referrer-policy",
  "strict-transport-security",
  "vary",
  "x-content-type-options",
  "x-frame-options",
  "x-powered-by",
]);

function kindOf(name: string): FieldKind {
  if (isFraming(name)) return "framing";
  return name === "date" || name === "server" || name === "upgrade"
    ? name
    : "plain";
}

/** Looks a field name up; `undefined` if it is no token. */
function fieldName(given: string): FieldName | undefined {
  const known = names.get(given);
  if (known !== undefined) return known;
  if (!isToken(given)) return undefined;
  const name = given.toLowerCase();
  const entry: FieldName = {
    bytes: encoder.encode(`${name}: `),
    name,
    kind: kindOf(name),
    isShared: SHARED_FIELDS.has(name),
    value: undefined,
    line: undefined,
  };
  if (names.size < MAX_NAMES && given.length <= MAX_KEPT_NAME) {
    names.set(given, entry);
  }
  return entry;
}

/**
 * Writes `fields` as lines, names in lower case, and notes in `facts` what they say
 * of framing. `connection`, `content-length` and `transfer-encoding` are noted but not written:
 * `writeHeadEnd` of response_framing.ts writes the result.
 *
 * Iterates `fields` once. On a problem, what was written before it stays: the caller sets
 * `out.length` back.
 *
 * @returns What is wrong with the fields, or `undefined`.
 */
export function writeFields(
  out: ByteWriter,
  fields: Iterable<FieldInput>,
  facts: HeadFacts,
): string | undefined {
  for (const field of fields) {
    if (!isPair(field)) return FIELD_PROBLEMS.notAPair;
    const given = fieldText(field[0]);
    const value = fieldText(field[1]);
    if (given === undefined || value === undefined) {
      return FIELD_PROBLEMS.notText;
    }
    const name = fieldName(given);
    if (name === undefined) return FIELD_PROBLEMS.notAToken(given);
    if (name.kind === "framing") {
      const problem = noteFraming(name.name, value, facts);
      if (problem !== undefined) return problem;
      continue;
    }
    if (name.kind !== "plain") {
      if (name.kind === "date") facts.hasDate = true;
      else if (name.kind === "server") facts.hasServer = true;
      else facts.hasUpgrade = true;
    }
    if (!writeLine(out, name, value)) {
      return FIELD_PROBLEMS.unsendable(name.name);
    }
  }
  return undefined;
}

/** Writes a field; false if its value must not be sent. One that was kept is not checked again. */
function writeLine(out: ByteWriter, name: FieldName, value: string): boolean {
  if (name.value === value) {
    out.writeBytes(name.line ??= lineOf(name, value));
    return true;
  }
  out.writeBytes(name.bytes);
  if (!writeValue(out, value)) return false;
  if (name.isShared) {
    name.line = undefined;
    name.value = value.length <= MAX_KEPT_VALUE ? value : undefined;
  }
  return true;
}

function lineOf(name: FieldName, value: string): Uint8Array {
  const line = new ByteWriter(name.bytes.length + value.length + 2);
  line.writeBytes(name.bytes);
  writeValue(line, value);
  return line.written;
}

/** Writes a value and CRLF; false if a unit must not stand in a value (RFC 9110 §5.5). */
function writeValue(out: ByteWriter, value: string): boolean {
  const size = value.length;
  out.reserve(size + 2);
  const { bytes } = out;
  let at = out.length;
  for (let i = 0; i < size; i++) {
    const unit = value.charCodeAt(i);
    // CR and LF would end the line and begin one of the attacker's.
    if (unit > 0xff || unit === 0x7f || (unit < 0x20 && unit !== 0x09)) {
      return false;
    }
    bytes[at++] = unit;
  }
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  out.length = at + 2;
  return true;
}

/**
 * Writes trailer fields as lines.
 *
 * @returns What is wrong with them, or `undefined`; then `out.length` is the caller's to set back.
 */
export function writeTrailers(
  out: ByteWriter,
  fields: Iterable<FieldInput>,
): string | undefined {
  const list = [...fields];
  return trailerProblem(list) ?? writeFields(out, list, emptyFacts());
}
