/** Callbacks for the end of the current turn of the event loop. */
import { setImmediate } from "node:timers";

/**
 * What is due when this turn is over. One setImmediate for all of it: on its own it costs about a
 * microsecond, and under load many connections ask for it in the same turn.
 */
let due: (() => void)[] = [];
/** The list that `due` was before, emptied: two lists take turns. */
let spare: (() => void)[] = [];

/** See `Runtime.afterTurn`. */
export function afterTurn(callback: () => void): void {
  if (due.push(callback) === 1) setImmediate(run);
}

function run(): void {
  const callbacks = due;
  due = spare;
  let done = 0;
  try {
    while (done < callbacks.length) callbacks[done++]();
  } finally {
    // After a callback that threw, the rest must not be lost with it.
    if (done < callbacks.length) {
      for (const callback of callbacks.slice(done)) afterTurn(callback);
    }
    callbacks.length = 0;
    spare = callbacks;
  }
}
