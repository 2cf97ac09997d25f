/** Octets to a ByteString: one code unit each, nothing lost. */
import { Buffer } from "node:buffer";

// `TextDecoder("latin1")` is windows-1252 on every runtime and turns 0x80 to 0x9F into other
// characters; it is also several times slower.
const slice = (Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
}).latin1Slice;

/** The text of `bytes[start, end)`. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return slice.call(bytes, start, end);
}
