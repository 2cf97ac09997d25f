/**
 * Descriptors that a child gets as 4, 5, … Deno 2.9 makes those in the `stdio` array blocking, and with
 * them the open file that all processes share: whoever then loses a race for a connection hangs in
 * `accept` (no upstream issue is known). So on Deno a child inherits copies that stay open over exec,
 * and learns their numbers; where none can be made, the sockets are set right after the child is
 * started, some milliseconds later.
 */
import { deno } from "../_deno_types.ts";
import { FIRST_DESCRIPTOR } from "./child_variable.ts";
import { type Libc, loadLibc } from "./libc.ts";

/** How descriptors get to one child. */
export interface Passing {
  /** For its `stdio`, from index 4 on. */
  readonly stdio: readonly number[];
  /** Where the child finds them, if that is elsewhere. */
  readonly numbers: readonly number[] | undefined;
  /** To be called as soon as it is started, or cannot be. */
  done(): void;
}

/** Sockets that have to be made non-blocking again, and how. */
const unblockers = new Map<number, () => void>();

/**
 * Says how `descriptor` is made non-blocking, until the returned function is called. Without that it
 * stays as Deno leaves it.
 */
export function keepUnblocked(
  descriptor: number,
  unblock: () => void,
): () => void {
  unblockers.set(descriptor, unblock);
  return () => void unblockers.delete(descriptor);
}

/** Prepares `descriptors` for a child. */
export function passDescriptors(descriptors: readonly number[]): Passing {
  if (deno === undefined || descriptors.length === 0) {
    return { stdio: descriptors, numbers: undefined, done() {} };
  }
  const libc = loadLibc();
  if (libc === undefined) {
    const done = () => {
      for (const descriptor of descriptors) unblockers.get(descriptor)?.();
    };
    return { stdio: descriptors, numbers: undefined, done };
  }
  return passCopies(descriptors, libc);
}

/**
 * Copies that stay open over exec.
 *
 * @throws Error with code `EMFILE` if there are none.
 */
export function passCopies(
  descriptors: readonly number[],
  libc: Pick<Libc, "close" | "dup">,
): Passing {
  const numbers: number[] = [];
  // Those at whose places the child has something else: they stay open until no more is copied.
  const low: number[] = [];
  const close = (copies: readonly number[]) => {
    for (const copy of copies) libc.close(copy);
  };
  for (const descriptor of descriptors) {
    let copy = libc.dup(descriptor);
    while (copy >= 0 && copy < FIRST_DESCRIPTOR) {
      low.push(copy);
      copy = libc.dup(descriptor);
    }
    numbers.push(copy);
    if (copy < 0) break;
  }
  close(low);
  if (!numbers.includes(-1)) {
    return { stdio: [], numbers, done: () => close(numbers) };
  }
  close(numbers.slice(0, -1));
  throw Object.assign(new Error("too many open files in this process"), {
    code: "EMFILE",
  });
}
