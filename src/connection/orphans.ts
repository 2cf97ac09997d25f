/** Application calls that still run though their connection has gone on or is gone. */

/** An application's call, as the server may have to end it. */
export interface OrphanCall {
  /** Its place among the orphans, kept for them; -1 when it is none. */
  orphanIndex: number;
  /** Stops waiting for it. @param reason What its signal tells. */
  cancel(reason: Error): void;
}

/**
 * The calls, in no order. A pipelined request makes one of nearly every call before it, for the
 * moment between the end of its response and its return. Not a `Set`: each table that a set
 * outgrows refers to the next one, so that a table that has become old keeps all that came later
 * from being collected while it is young. That took a quarter of a pipelined request on Node.
 */
export class Orphans implements Iterable<OrphanCall> {
  readonly #calls: OrphanCall[] = [];

  /** How many there are. */
  get size(): number {
    return this.#calls.length;
  }

  [Symbol.iterator](): Iterator<OrphanCall> {
    return this.#calls[Symbol.iterator]();
  }

  /** Adds `call`, unless it is there. */
  add(call: OrphanCall): void {
    if (call.orphanIndex >= 0) return;
    call.orphanIndex = this.#calls.push(call) - 1;
  }

  /** Removes `call`, if it is there. */
  delete(call: OrphanCall): void {
    const index = call.orphanIndex;
    if (index < 0) return;
    call.orphanIndex = -1;
    const last = this.#calls.pop()!;
    if (last === call) return;
    this.#calls[index] = last;
    last.orphanIndex = index;
  }
}
