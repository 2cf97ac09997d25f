/**
 * Keeps what a worker has from its parent out of the processes that its application starts. On Deno
 * these inherit it, and one that outlives the server would keep the port. Node and Bun leave nothing
 * but the standard streams open in a child.
 */
import type { Libc } from "./libc.ts";

/** `O_CLOEXEC` of Linux, on every processor that a runtime is built for. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Has `descriptors` closed in programs that this process executes. What cannot be set stays as it is:
 * it is still open here.
 */
export function closeOnExec(
  descriptors: readonly number[],
  libc: Pick<Libc, "close" | "dup" | "dup3">,
): void {
  if (libc.dup3 === undefined) return;
  for (const descriptor of descriptors) {
    // The same open file at the same number: nothing that watches it notices.
    const copy = libc.dup(descriptor);
    if (copy < 0) continue;
    libc.dup3(copy, descriptor, CLOSE_ON_EXEC);
    libc.close(copy);
  }
}
