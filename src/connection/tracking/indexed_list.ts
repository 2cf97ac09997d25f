/** Things that come and go quickly, and are all looked at now and then. */

/** What a roster needs of what is in it: nothing is in two. */
export interface Indexed {
  /** Its place in a roster, kept by that; -1 while it is in none. */
  listIndex: number;
}

/**
 * An array in which each thing knows its place. Not a `Set`: each table that a set outgrows refers
 * to the next one, so that a table that has become old keeps all that came later from being
 * collected while it is young. That took a fifth of a pipelined request and more, and on Node and
 * Bun 6 % of a connection that is opened for one request (bench/README.md).
 */
export class IndexedList<T extends Indexed> implements Iterable<T> {
  readonly #things: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#things.length;
  }

  /** @returns Whether `thing` was not there. */
  add(thing: T): boolean {
    if (thing.listIndex >= 0) return false;
    thing.listIndex = this.#things.push(thing) - 1;
    return true;
  }

  /** @returns Whether `thing` was there. The last one takes its place. */
  delete(thing: T): boolean {
    const index = thing.listIndex;
    if (index < 0) return false;
    thing.listIndex = -1;
    const last = this.#things.pop()!;
    if (last !== thing) {
      this.#things[index] = last;
      last.listIndex = index;
    }
    return true;
  }

  /**
   * From the last to the first, so that whoever stays is met even if others leave on the way; one
   * that takes a place further on is met twice. Those that come on the way are not met.
   */
  *[Symbol.iterator](): Generator<T, void> {
    const things = this.#things;
    for (let i = things.length - 1; i >= 0; i--) {
      if (i < things.length) yield things[i];
    }
  }
}
