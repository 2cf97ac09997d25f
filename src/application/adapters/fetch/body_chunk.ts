/** Pieces of response bodies: frameworks give more kinds of them than the Fetch standard takes. */
import type { BodyInput } from "../../../asgi.ts";

/**
 * A piece as it can be sent. Elysia's generators, for one, give strings.
 *
 * @throws TypeError if it is neither text nor bytes.
 */
export function bodyChunk(value: unknown): BodyInput {
  if (value instanceof Uint8Array || typeof value === "string") return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  throw new TypeError(
    `Cannot send a piece of the body: expected bytes or text, got ${
      value === null ? "null" : `a value of type "${typeof value}"`
    }`,
  );
}
