/**
 * Heads that are likely to come again: a client that keeps its connection sends the same fields
 * with request after request, byte for byte, and one that polls the same request line too. What
 * they came to is kept, and comparing bytes is several times cheaper than reading them.
 *
 * A table of fixed size for the whole process, so that ten thousand idle connections keep nothing.
 * Each parser has one place in it, shared with others, and only ever compares with what it put
 * there itself: how long a comparison takes tells nobody about somebody else's cookies.
 */
import type { Framing } from "./framing.ts";
import type { HeaderField, RequestLine } from "../http/request_head.ts";
import { isAt } from "../bytes/same_bytes.ts";

/** A request line as it was read before. */
export interface KnownLine extends RequestLine {
  /** Up to the first field. */
  readonly bytes: Uint8Array;
}

/** A header section as it was read before. */
export interface KnownFields {
  /** Who read it. */
  readonly owner: number;
  /** From the first field to the empty line, both included. */
  readonly bytes: Uint8Array;
  /** Field lines; repeated ones that became one are counted. */
  readonly lines: number;
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

let owners = 0;

/** A number for a parser, by which it finds what it kept. */
export function newKey(): number {
  owners = (owners + 1) | 0;
  return owners;
}

/** The section that begins at `bytes[at]`, if `owner` kept the same and it is whole before `end`. */
export function recall(
  owner: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): KnownFields | undefined {
  const known = table[owner & (PLACES - 1)];
  if (known === undefined || known.owner !== owner) return undefined;
  return isAt(known.bytes, bytes, at, end) ? known : undefined;
}

/** The request line that begins at `bytes[at]`, if `owner` kept the same and it is whole before `end`. */
export function recallLine(
  owner: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): KnownLine | undefined {
  const known = table[owner & (PLACES - 1)];
  if (known === undefined || known.owner !== owner) return undefined;
  const { line } = known;
  return line !== undefined && isAt(line.bytes, bytes, at, end)
    ? line
    : undefined;
}

/** Keeps the section `bytes[from, to)` for `owner`, in place of what was there. */
export function remember(
  owner: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  lines: number,
  headers: readonly HeaderField[],
  framing: Framing,
): void {
  if (to - from > MAX_SECTION_BYTES) return;
  table[owner & (PLACES - 1)] = {
    owner,
    bytes: new Uint8Array(bytes.subarray(from, to)),
    lines,
    headers: copyFields(headers),
    framing: { ...framing },
    line: undefined,
  };
}

/** Keeps the request line `bytes[from, to)`, which came to `read`, beside the section that `owner` kept. */
export function rememberLine(
  owner: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  { method, version, rawPath, query }: RequestLine,
): void {
  const known = table[owner & (PLACES - 1)];
  if (known?.owner !== owner || to - from > MAX_LINE_BYTES) return;
  const kept = new Uint8Array(bytes.subarray(from, to));
  known.line = { bytes: kept, method, version, rawPath, query };
}

/** Pairs of their own: those of a request belong to the application. */
export function copyFields(fields: readonly HeaderField[]): HeaderField[] {
  const copy: HeaderField[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    copy.push([field[0], field[1]]);
  }
  return copy;
}
