/** Files that the operator names, read whole as text. */
import { runtime } from "../runtime/mod.ts";
import { fileReason } from "../text/file_reason.ts";

/** Larger than any configuration, small enough to be read by mistake, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A text, or the reason why there is none, to follow a colon. */
export type TextFile = { readonly text: string } | { readonly reason: string };

/** Reads a regular file of UTF-8. */
export async function readTextFile(path: string): Promise<TextFile> {
  try {
    const file = await runtime.openFile(path);
    try {
      if (file.size > MAX_BYTES) return { reason: "it is too large" };
      const bytes = new Uint8Array(file.size);
      let length = 0;
      while (length < bytes.length) {
        const count = await file.read(bytes.subarray(length), length);
        if (count === 0) break; // truncated meanwhile
        length += count;
      }
      return decode(bytes.subarray(0, length));
    } finally {
      file.close();
    }
  } catch (error) {
    return { reason: fileReason(error, path) };
  }
}

function decode(bytes: Uint8Array): TextFile {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { reason: "it is not UTF-8 text" };
  }
}
