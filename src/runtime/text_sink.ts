/**
 * Standard output and error, written before `write` returns: what was logged is out when the
 * process exits or dies.
 */
import { Buffer } from "node:buffer";
import { deno } from "./_deno_types.ts";
import { host } from "./host.ts";
import type { TextSink } from "./types.ts";

/**
 * Bytes for one system call. Deno 2.9 hides how much a non-blocking pipe took before it was full;
 * up to PIPE_BUF, 4096 on Linux, a pipe takes all or nothing.
 */
const MAX_WRITE: number = deno === undefined ? Infinity : 4096;
/**
 * Longest wait for a reader who does not read, in milliseconds. The server stands still meanwhile,
 * as any process does on a blocking pipe, but not for ever.
 */
const MAX_WAIT_MS = 1000;
const NAP_MS = 1;
const napping = new Int32Array(new SharedArrayBuffer(4));

/** The stream at descriptor `fd`, 1 or 2. */
export function textSink(fd: number): TextSink {
  return new DescriptorSink(fd);
}

class DescriptorSink implements TextSink {
  readonly #fd: number;
  /** The last write waited in vain: until one succeeds, the next do not wait. */
  #isStuck = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get isTerminal(): boolean {
    return host.isTerminal(this.#fd);
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    let patience = this.#isStuck ? 0 : MAX_WAIT_MS;
    for (let at = 0; at < bytes.length;) {
      try {
        at += host.write(this.#fd, bytes.subarray(at, at + MAX_WRITE));
        this.#isStuck = false;
      } catch (error) {
        // EPIPE: nobody reads any more. EBADF: there never was anybody. Both are none of our
        // business; a server does not end because its log does.
        if ((error as { code?: unknown }).code !== "EAGAIN") return;
        if (patience <= 0) {
          this.#isStuck = true;
          return;
        }
        patience -= NAP_MS;
        Atomics.wait(napping, 0, 0, NAP_MS);
      }
    }
  }
}
