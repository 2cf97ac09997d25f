/** Byte names and character classes of HTTP/1.1, as tables to look bytes up in. */

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const HASH = 0x23;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const QUESTION = 0x3f;

function table(fill: (byte: number) => number): Int8Array {
  return Int8Array.from({ length: 256 }, (_, byte) => fill(byte));
}

const TOKEN_CHARS = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;

/** 1 for a byte of a token (RFC 9110 §5.6.2). */
export const TOKEN: Int8Array = table((byte) =>
  TOKEN_CHARS.test(String.fromCharCode(byte)) ? 1 : 0
);

/** 1 for a byte that may stand in a field value: visible, space, tab, obs-text (RFC 9110 §5.5). */
export const VALUE: Int8Array = table((byte) =>
  byte === TAB || (byte >= SPACE && byte !== 0x7f) ? 1 : 0
);

/** 1 for a byte that may stand in a request target: visible ASCII (RFC 9112 §3.2). */
export const TARGET: Int8Array = table((byte) =>
  byte > SPACE && byte < 0x7f ? 1 : 0
);

const REG_NAME_CHARS = /[A-Za-z0-9\-._~!$&'()*+;=]/;

/**
 * 1 for a byte of a host name, escapes apart (RFC 3986 §3.2.2). The comma is legal there and left
 * out: in a field it would make a list of hosts, of which everybody picks another one.
 */
export const REG_NAME: Int8Array = table((byte) =>
  REG_NAME_CHARS.test(String.fromCharCode(byte)) ? 1 : 0
);

/** Value of a hexadecimal digit, -1 for any other byte (RFC 5234 HEXDIG, either case). */
export const HEX_VALUE: Int8Array = table((byte) => {
  const digit = "0123456789abcdef".indexOf(
    String.fromCharCode(byte).toLowerCase(),
  );
  return digit;
});

/** The byte in lower case, if it is a letter. */
export const LOWER: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
);
