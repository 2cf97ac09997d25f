/**
 * A mend for Deno 2.9: when an accept of its node:net fails, as when the process is out of
 * descriptors, it tells nobody and waits for an event that never comes, and so never accepts again
 * (seen on 2.9.0, 2.9.5 and 2.9.6).
 */
import type { Server } from "node:net";
import { clearInterval, setInterval } from "node:timers";
import { Fence } from "./fence.ts";
import { withSocketPair } from "./socket_pair.ts";

/** Longest time that connections wait in the backlog after an accept that failed. */
const EVERY_MS = 250;

/** Deno's handle of a listening socket. */
interface ListeningHandle {
  listen?(backlog: number): number;
}

const fence = new Fence("looking at the backlog again after a failed accept");

/**
 * Has `server` look at its backlog now and then, until it is closed. Asking a listening TCP socket
 * to listen once more does that and changes nothing else. A UNIX socket must not be asked: Deno
 * binds it anew, which fails, and closes it.
 */
export function keepAccepting(server: Server, backlog: number): void {
  fence.tryLater(probe);
  const timer = setInterval(() => {
    if (!server.listening) clearInterval(timer);
    else if (fence.isOpen) {
      try {
        acceptAgain(server, backlog);
      } catch (error) {
        fence.truncateResponse(error);
      }
    }
  }, EVERY_MS);
  timer.unref();
}

/** Looks at the backlog of `server` once. @returns 0, or what is wrong. */
export function acceptAgain(
  server: Server,
  backlog: number,
): number | undefined {
  const { _handle: handle } = server as { _handle?: ListeningHandle | null };
  return handle?.listen?.(backlog);
}

/** Whether a server that was asked accepts on, and its connections carry on. */
function probe(): Promise<boolean> {
  return withSocketPair("tcp", async ({ server, accepted, client, again }) => {
    if (acceptAgain(server, 16) !== 0) return false;
    const next = await again();
    next.destroy();
    const echoed = new Promise((resolve) => client.once("data", resolve));
    accepted.write("on");
    await echoed;
    return true;
  });
}
