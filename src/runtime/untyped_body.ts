/** The content type of a body that was given without one, where the runtime adds it late. */
import { bun } from "./_bun_types.ts";

/** A whole body, and the content type that the Fetch standard gives it; `""` if none. */
export interface TypedBody {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The line by which Bun shows a body that is whole; streams have another. */
const WHOLE = /\n {2}(?:Blob|FileRef|FormData)\b/;

/**
 * Reads the body of a response that lacks a content type although the Fetch standard gives it one;
 * elsewhere, and for streams, which have no type, it is `undefined`.
 *
 * Bun 1.4.5 adds the type of `new Response("text")` in its own server only, and has none in
 * `headers`. A Blob of the body has it; but to ask a stream for its Blob would read it to the end,
 * and `response.body` makes a stream of everything. What Bun shows of a response tells them apart.
 */
export function untypedBody(
  response: Response,
): Promise<TypedBody> | undefined {
  if (bun === undefined || response.headers.has("content-type")) {
    return undefined;
  }
  return WHOLE.test(bun.inspect(response)) ? readTyped(response) : undefined;
}

async function readTyped(response: Response): Promise<TypedBody> {
  const blob = await response.blob();
  return { type: blob.type, bytes: await blob.bytes() };
}
