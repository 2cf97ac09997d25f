/** Files opened for reading. */
import type { FileHandle } from "node:fs/promises";
import { builtins } from "./builtins.ts";
import type { OpenFile } from "./types.ts";

/**
 * Opens a regular file for reading.
 *
 * @throws The I/O error with its `code`; `EISDIR` for a directory, `EINVAL` for other things that
 * are no regular file.
 */
export async function openFile(path: string): Promise<OpenFile> {
  const { constants, open } = builtins.files;
  // Without O_NONBLOCK, opening a FIFO would wait for a writer and keep a thread busy for ever.
  const handle = await open(
    path,
    constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
  );
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      throw notAFile("EISDIR", "it is a directory", path);
    }
    if (!stats.isFile()) {
      throw notAFile("EINVAL", "it is not a regular file", path);
    }
    return new HandleFile(handle, stats.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class HandleFile implements OpenFile {
  readonly size: number;
  readonly #handle: FileHandle;
  #closing: Promise<void> | undefined;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(
      into,
      0,
      into.length,
      position,
    );
    return bytesRead;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#handle.close();
  }
}

function notAFile(code: string, reason: string, path: string): Error {
  return Object.assign(
    new Error(`Cannot read file ${JSON.stringify(path)}: ${reason}`),
    { code },
  );
}
