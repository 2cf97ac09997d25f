/** Files of certificates and keys: read whole, and watched for change. */
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { fileReason } from "../text/file_reason.ts";

/** Larger than any bundle of authorities, small enough to be read by mistake, in bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Without O_NONBLOCK, opening a FIFO would wait for a writer. */
const FLAGS: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A file that cannot be read. */
export interface FileProblem {
  /** What was found, to follow a colon. */
  readonly reason: string;
}

/** Reads a regular file as text. */
export async function readPemFile(
  path: string,
): Promise<string | FileProblem> {
  try {
    const handle = await open(path, FLAGS);
    try {
      const stats = await handle.stat();
      if (stats.isDirectory()) return { reason: "it is a directory" };
      if (!stats.isFile()) return { reason: "it is not a regular file" };
      if (stats.size > MAX_BYTES) return { reason: "it is too large" };
      const bytes = await handle.readFile();
      // What PowerShell writes. UTF-8 with a byte order mark is read.
      if (/^(fffe|feff)/.test(bytes.subarray(0, 2).toString("hex"))) {
        return { reason: "it is UTF-16 text, expected ASCII or UTF-8" };
      }
      return bytes.toString("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { reason: fileReason(error, path) };
  }
}

/**
 * What changes when the file at `path` does: it is written to, replaced, or a symbolic link on the
 * way leads elsewhere, as when Kubernetes exchanges a secret. Never rejects.
 */
export async function fileStamp(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(":");
  } catch (error) {
    return fileReason(error, path);
  }
}
