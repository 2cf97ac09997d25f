/**
 * A workaround for Deno 2.9 (seen on 2.9.0, 2.9.5 and 2.9.6; no upstream issue is known): after a
 * failed accept, as when the process is out of descriptors, its node:net reports nothing, waits for an
 * event that never comes, and never accepts again.
 */
import type { Server } from "node:net";
import { clearInterval, setInterval } from "node:timers";
import { Fence } from "./fence.ts";
import { withSocketPair } from "./socket_pair.ts";

/** Longest time that connections wait in the backlog after a failed accept, in milliseconds. */
const EVERY_MS = 250;
/**
 * Longest time between two probes where the first one failed: a flood that uses up the descriptors
 * before it has ended must not be what decides.
 */
const MAX_PROBE_MS = 60_000;

/** Deno's handle of a listening socket. */
interface ListeningHandle {
  listen?(backlog: number): number;
}

const fence = new Fence("looking at the backlog again after a failed accept");

/**
 * Makes `server` check its backlog periodically, until it is closed or the returned function is
 * called. A second `listen` on a listening
 * TCP socket does that and changes nothing else. Not for UNIX sockets: Deno would bind the path
 * again, which fails, and close the socket.
 */
export function keepAccepting(server: Server, backlog: number): () => void {
  fence.tryLater(probe);
  let ticks = 0;
  let probesAt = 1;
  const timer = setInterval(() => {
    if (!server.listening) clearInterval(timer);
    else if (!fence.isOpen) {
      if (++ticks < probesAt) return;
      ticks = 0;
      probesAt = Math.min(probesAt * 2, MAX_PROBE_MS / EVERY_MS);
      fence.tryAgain(probe);
    } else {
      try {
        acceptAgain(server, backlog);
      } catch (error) {
        fence.disable(error);
      }
    }
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Checks the backlog of `server` once. @returns 0, or an error number. */
export function acceptAgain(
  server: Server,
  backlog: number,
): number | undefined {
  const { _handle: handle } = server as { _handle?: ListeningHandle | null };
  return handle?.listen?.(backlog);
}

/** Whether the server goes on accepting after it, and its connections go on working. */
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
