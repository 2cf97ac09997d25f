/** Tokens: methods, field names and protocol names (RFC 9110 §5.6.2). */

const CHARS = "!#$%&'*+-.^_`|~0123456789" +
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** 1 for a byte or code unit of a token, 0 for other bytes. */
export const TOKEN: Int8Array = new Int8Array(256);
for (let at = 0; at < CHARS.length; at++) TOKEN[CHARS.charCodeAt(at)] = 1;

/** Whether `text` is a token: at least one character. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (TOKEN[text.charCodeAt(at)] !== 1) return false;
  }
  return text !== "";
}
