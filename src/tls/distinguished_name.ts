/** The name of a certificate's subject as text (RFC 4514), from its DER. */
import { CONTROLS } from "../text/printable.ts";
import { type DerSpan, oidText, readAll, TAG } from "./der.ts";

/** RFC 4514 §3: the attribute types that have a short name. All others are shown as numbers. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
};

/** One attribute of a name. */
export interface NameAttribute {
  /** Dotted form of its type. */
  readonly type: string;
  /** `undefined` if it is no text. */
  readonly text: string | undefined;
  /** The value as it lies in the certificate, tag and length included. */
  readonly encoded: Uint8Array;
}

/**
 * Reads a Name, a SEQUENCE of SETs of attributes.
 *
 * @returns `undefined` if it is malformed.
 */
export function readName(
  bytes: Uint8Array,
  name: DerSpan,
): NameAttribute[][] | undefined {
  const sets = readAll(bytes, name.start, name.end);
  const relative: NameAttribute[][] = [];
  for (const set of sets ?? []) {
    const attributes: NameAttribute[] = [];
    for (const pair of readAll(bytes, set.start, set.end) ?? []) {
      const [type, value] = readAll(bytes, pair.start, pair.end) ?? [];
      if (type?.tag !== TAG.oid || value === undefined) return undefined;
      attributes.push({
        type: oidText(bytes, type),
        text: textOf(bytes, value),
        encoded: bytes.slice(type.end, value.end),
      });
    }
    if (attributes.length === 0) return undefined;
    relative.push(attributes);
  }
  return sets === undefined ? undefined : relative;
}

/** The text of a name, its last part first (RFC 4514 §2.1). */
export function nameText(
  name: readonly (readonly NameAttribute[])[],
): string {
  return name
    .toReversed()
    .map((attributes) => attributes.map(attributeText).join("+"))
    .join(",");
}

function attributeText({ type, text, encoded }: NameAttribute): string {
  const short = SHORT_NAMES[type];
  // §2.4: a type shown as numbers has its value in hexadecimal.
  return short === undefined || text === undefined
    ? `${short ?? type}=#${hex(encoded)}`
    : `${short}=${escapeValue(text)}`;
}

/** §2.4. Control characters are escaped too, which it allows: they have no place in a log. */
function escapeValue(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, "\\$&")
    .replace(CONTROLS, hexPairs)
    .replace(/(?<=[^]) $/, "\\ ")
    .replace(/^[ #]/, "\\$&");
}

function hexPairs(char: string): string {
  return hex(new TextEncoder().encode(char)).replace(/../g, "\\$&");
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function textOf(bytes: Uint8Array, value: DerSpan): string | undefined {
  const octets = bytes.subarray(value.start, value.end);
  switch (value.tag) {
    case TAG.utf8String:
      return utf8(octets);
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.numericString:
    case TAG.visibleString:
    case TAG.teletexString: // Latin-1 in practice, whatever T.61 says
      return codePoints(octets, 1);
    case TAG.bmpString:
      return codePoints(octets, 2);
    case TAG.universalString:
      return codePoints(octets, 4);
    default:
      return undefined;
  }
}

function utf8(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(octets);
  } catch {
    return undefined;
  }
}

/** Characters of `width` octets each, highest first. */
function codePoints(octets: Uint8Array, width: 1 | 2 | 4): string | undefined {
  if (octets.length % width !== 0) return undefined;
  let text = "";
  for (let at = 0; at < octets.length; at += width) {
    let code = 0;
    for (let i = 0; i < width; i++) code = code * 256 + octets[at + i]!;
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    text += String.fromCodePoint(code);
  }
  return text;
}
