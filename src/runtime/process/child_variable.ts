/**
 * The variable by which a child knows its parent: that one's process id, and behind a colon, where
 * they are not 4, 5, …, the descriptors that it passed. Gone from the environment once it was read, so
 * that what the child starts in turn is no child of ours.
 */
export const CHILD_VARIABLE = "TRICORN_PARENT";

/** The variable's value. */
export function writeParent(
  pid: number,
  descriptors: readonly number[],
): string {
  return descriptors.length === 0 ? `${pid}` : `${pid}:${descriptors}`;
}

/** What `value` says. */
export function readParent(
  value: string,
): { readonly pid: number; readonly descriptors: readonly number[] } {
  const [pid, descriptors = ""] = value.split(":");
  return {
    pid: Number(pid),
    descriptors: descriptors === "" ? [] : descriptors.split(",").map(Number),
  };
}

/**
 * The number by which a child knows the first descriptor that was passed to it: standard streams and
 * the channel to its parent are below.
 */
export const FIRST_DESCRIPTOR = 4;

/** Where this process has those that were passed to it: see `Passing.numbers`. */
let received: readonly number[] = [];

/** Learns where the descriptors of this process are, if they are not 4, 5, … */
export function receiveDescriptors(numbers: readonly number[]): void {
  received = numbers;
}

/** The descriptor that was passed as `descriptor`. */
export function receivedDescriptor(descriptor: number): number {
  return received[descriptor - FIRST_DESCRIPTOR] ?? descriptor;
}
