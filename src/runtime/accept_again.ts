/**
 * A mend for Deno 2.9: when an accept of its node:net fails, as when the process is out of
 * descriptors, it tells nobody and waits for an event that never comes, and so never accepts again.
 */
import type { Server } from "node:net";
import { clearInterval, setInterval } from "node:timers";

/** Longest time that connections wait in the backlog after an accept that failed. */
const EVERY_MS = 250;

/** Deno's handle of a listening socket. */
interface ListeningHandle {
  listen?(backlog: number): number;
}

/**
 * Has `server` look at its backlog now and then, until it is closed. Asking a listening TCP socket
 * to listen once more does that and changes nothing else. A UNIX socket must not be asked: Deno
 * binds it anew, which fails, and closes it.
 */
export function keepAccepting(server: Server, backlog: number): void {
  const timer = setInterval(() => {
    const { _handle: handle } = server as { _handle?: ListeningHandle | null };
    if (handle == null) clearInterval(timer);
    else handle.listen?.(backlog);
  }, EVERY_MS);
  timer.unref();
}
