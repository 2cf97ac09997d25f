/**
 * ASN.1 in its distinguished encoding (X.690 §10), as far as certificates need it: values are built
 * from the inside out, and read as spans of the bytes they lie in.
 */

/** Tags of the universal types (X.680 §8.4), and the bits of a tag's octet. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific class. */
  context: 0x80,
  /** Set where the content is made of further values. */
  constructed: 0x20,
} as const;

/** A value with its tag and length in front. */
export function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const head = length < 0x80 ? [tag, length] : longHead(tag, length);
  const value = new Uint8Array(head.length + length);
  value.set(head);
  let at = head.length;
  for (const part of contents) {
    value.set(part, at);
    at += part.length;
  }
  return value;
}

function longHead(tag: number, length: number): number[] {
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff);
  return [tag, 0x80 | octets.length, ...octets];
}

/** A SEQUENCE of values that are encoded already. */
export function sequence(...items: Uint8Array[]): Uint8Array {
  return der(TAG.sequence, ...items);
}

/** An INTEGER of 0 or more, from its octets, highest first. */
export function integer(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const shortest = octets.subarray(start);
  // A first bit that is set would make it negative.
  return shortest[0]! >= 0x80
    ? der(TAG.integer, Uint8Array.of(0), shortest)
    : der(TAG.integer, shortest);
}

/** An OBJECT IDENTIFIER, from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const octets: number[] = [];
  for (const arc of [first! * 40 + second!, ...rest]) {
    const groups = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) {
      groups.unshift(0x80 | (high & 0x7f));
    }
    octets.push(...groups);
  }
  return der(TAG.oid, Uint8Array.from(octets));
}

/** A BIT STRING of whole octets, or one whose last `unusedBits` do not count. */
export function bitString(octets: Uint8Array, unusedBits = 0): Uint8Array {
  return der(TAG.bitString, Uint8Array.of(unusedBits), octets);
}

/** A UTF8String. */
export function utf8String(text: string): Uint8Array {
  return der(TAG.utf8String, new TextEncoder().encode(text));
}

/** A moment, in whole seconds: as UTCTime up to the year 2049 (RFC 5280 §4.1.2.5). */
export function time(moment: Date): Uint8Array {
  const digits = moment.toISOString().replace(/\.\d+Z$|[-:T]/g, "") + "Z";
  return moment.getUTCFullYear() < 2050
    ? der(TAG.utcTime, new TextEncoder().encode(digits.slice(2)))
    : der(TAG.generalizedTime, new TextEncoder().encode(digits));
}

/** Where one value lies. */
export interface DerSpan {
  /** Class, form and number in one octet; tags with a number above 30 are not read. */
  readonly tag: number;
  /** Of its content, in bytes from the start of the whole. */
  readonly start: number;
  /** One past its content, and so where the next value begins. */
  readonly end: number;
}

/**
 * Reads the value that begins at `at`.
 *
 * @param limit One past the last byte it may reach.
 * @returns `undefined` if no well-formed value lies there.
 */
export function readDer(
  bytes: Uint8Array,
  at: number,
  limit: number = bytes.length,
): DerSpan | undefined {
  if (at + 2 > limit || (bytes[at]! & 0x1f) === 0x1f) return undefined;
  let start = at + 2;
  let length = bytes[at + 1]!;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    // Four octets hold any length that fits in memory; none would be the indefinite form.
    if (octets === 0 || octets > 4 || start + octets > limit) return undefined;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + bytes[start + i]!;
    start += octets;
  }
  const end = start + length;
  return end > limit ? undefined : { tag: bytes[at]!, start, end };
}

/** The values one after the other in `bytes[start, end)`; `undefined` if they do not fill it. */
export function readAll(
  bytes: Uint8Array,
  start: number,
  end: number,
): DerSpan[] | undefined {
  const spans: DerSpan[] = [];
  for (let at = start; at < end;) {
    const span = readDer(bytes, at, end);
    if (span === undefined) return undefined;
    spans.push(span);
    at = span.end;
  }
  return spans;
}

/** The dotted form of an OBJECT IDENTIFIER's content. */
export function oidText(
  bytes: Uint8Array,
  { start, end }: DerSpan,
): string {
  const arcs: number[] = [];
  let arc = 0;
  for (let at = start; at < end; at++) {
    arc = arc * 128 + (bytes[at]! & 0x7f);
    if (bytes[at]! >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [head = 0, ...rest] = arcs;
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join(".");
}
