/** Files opened for reading. */
import type { Stats } from "node:fs";
import { builtins } from "./builtins.ts";
import type { OpenFile } from "../types.ts";

/**
 * Opens a regular file for reading.
 *
 * Opening and reading may block on a disk or a network, so they use the runtime's threads. `fstat` and
 * `close` of an open file do not block and are called directly, which halves the round trips.
 *
 * @throws The I/O error with its `code`; `EISDIR` for a directory, `EINVAL` for other things that
 * are no regular file.
 */
export async function openFile(path: string): Promise<OpenFile> {
  const descriptor = await open(path);
  const { fs } = builtins;
  try {
    const stats = fs.fstatSync(descriptor);
    checkRegular(stats, path);
    return new DescriptorFile(descriptor, stats.size);
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
}

function open(path: string): Promise<number> {
  const { constants, open } = builtins.fs;
  // Without O_NONBLOCK, opening a FIFO would block a thread until a writer opens it.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  return new Promise((resolve, reject) =>
    open(path, flags, (error, descriptor) => {
      if (error) reject(error);
      else resolve(descriptor);
    })
  );
}

class DescriptorFile implements OpenFile {
  readonly size: number;
  readonly #descriptor: number;
  #isClosed = false;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      // The descriptor number may have been reused.
      if (this.#isClosed) throw new Error("Cannot read a file that is closed");
      builtins.fs.read(
        this.#descriptor,
        into,
        0,
        into.length,
        position,
        (error, bytesRead) => {
          if (error) reject(error);
          else resolve(bytesRead);
        },
      );
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    builtins.fs.closeSync(this.#descriptor);
  }
}

function checkRegular(stats: Stats, path: string): void {
  if (stats.isDirectory()) throw notAFile("EISDIR", "it is a directory", path);
  if (!stats.isFile()) {
    throw notAFile("EINVAL", "it is not a regular file", path);
  }
}

function notAFile(code: string, reason: string, path: string): Error {
  return Object.assign(
    new Error(`Cannot read file ${JSON.stringify(path)}: ${reason}`),
    { code },
  );
}
