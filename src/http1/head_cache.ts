/**
 * Heads that are likely to come again: a client that keeps its connection sends the same fields
 * with request after request, byte for byte, and one that polls sends the same request line too.
 * Comparing them is several times cheaper than reading them (bench/http/request_parser_bench.ts,
 * bench/connection/cycle_bench.ts).
 *
 * A table of fixed size for the whole process, so that idle connections keep nothing. Each
 * connection has one place in it, shared with others, and compares only with what it stored itself:
 * how long a comparison takes says nothing about the cookies of another client.
 */
import { isAt } from "../bytes/same_bytes.ts";
import type { HeaderField } from "../http/request_head.ts";
import type { Framing } from "./framing.ts";
import type { Http1Version } from "./request_head.ts";
import type { LineParts } from "./request_line.ts";

/** A request line as it was read before. */
export interface KnownLine extends LineParts {
  /** Up to the first field. */
  readonly bytes: Uint8Array;
  readonly version: Http1Version;
}

/** A field section as it was read before. */
export interface KnownFields {
  /** The connection that sent it. */
  readonly key: number;
  /** From the first field to the empty line, both included. */
  readonly bytes: Uint8Array;
  readonly headers: readonly HeaderField[];
  /** What the fields say, before it was judged as a whole. */
  readonly framing: Framing;
  /** A line that came with them. */
  line: KnownLine | undefined;
}

/** Places, a power of two. */
const PLACES = 256;
/** Longer sections are not kept; the largest of a browser behind proxies fit. The table stays below 4 MiB. */
const MAX_SECTION_BYTES = 4096;
/** Longer request lines are not kept. */
const MAX_LINE_BYTES = 512;

const table: (KnownFields | undefined)[] = new Array(PLACES).fill(undefined);

let keys = 0;

/** A number for a connection, by which it finds what it stored. */
export function newKey(): number {
  keys = (keys + 1) | 0;
  return keys;
}

/** What `key` stored last, if no other connection has taken the place. */
function placeOf(key: number): KnownFields | undefined {
  const known = table[key & (PLACES - 1)];
  return known?.key === key ? known : undefined;
}

/** The section that begins at `bytes[at]`, if `key` stored the same and it is whole before `end`. */
export function lookupFields(
  key: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): KnownFields | undefined {
  const known = placeOf(key);
  return known !== undefined && isAt(known.bytes, bytes, at, end)
    ? known
    : undefined;
}

/** The request line that begins at `bytes[at]`, if `key` stored the same and it is whole before `end`. */
export function lookupLine(
  key: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): KnownLine | undefined {
  const line = placeOf(key)?.line;
  return line !== undefined && isAt(line.bytes, bytes, at, end)
    ? line
    : undefined;
}

/** Stores the section `bytes[from, to)` for `key`, in place of what was there. */
export function storeFields(
  key: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  headers: readonly HeaderField[],
  framing: Framing,
): void {
  if (to - from > MAX_SECTION_BYTES) return;
  table[key & (PLACES - 1)] = {
    key,
    bytes: new Uint8Array(bytes.subarray(from, to)),
    headers: copyFields(headers),
    framing: { ...framing },
    line: undefined,
  };
}

/** Stores the request line `bytes[from, to)`, which says `parts`, beside the section that `key` stored. */
export function storeLine(
  key: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  { method, rawPath, query }: LineParts,
  version: Http1Version,
): void {
  const known = placeOf(key);
  if (known === undefined || to - from > MAX_LINE_BYTES) return;
  const copy = new Uint8Array(bytes.subarray(from, to));
  known.line = { bytes: copy, method, version, rawPath, query };
}

/** Pairs of their own: those of a request belong to the application. */
export function copyFields(fields: readonly HeaderField[]): HeaderField[] {
  const size = fields.length;
  // Of the right size at once: one that grows takes room for 17, and `slice()` copies twice.
  const copy: HeaderField[] = new Array(size);
  for (let i = 0; i < size; i++) {
    const field = fields[i]!;
    copy[i] = [field[0], field[1]];
  }
  return copy;
}
