/** Real connections for probes, over the kind of socket to be probed. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { deno } from "../../_deno_types.ts";
import { host } from "../../process/host.ts";
import { isGranted } from "../../process/permissions.ts";

/** Time limit of a whole probe, in milliseconds. */
const PROBE_MS = 5000;

/** Two connected sockets and their server. */
export interface SocketPair {
  readonly server: Server;
  readonly accepted: Socket;
  readonly client: Socket;
  /** Connects once more. @returns The accepted end. */
  again(): Promise<Socket>;
}

/**
 * Runs `probe` with a pair that keeps no process alive and is gone afterwards.
 *
 * @returns What `probe` found; `false` where no pair can be had, or if it takes too long.
 */
export async function withSocketPair(
  kind: "tcp" | "unix",
  probe: (pair: SocketPair) => Promise<boolean>,
): Promise<boolean> {
  const where = placeOf(kind);
  if (where === undefined) return false;
  const open: (Server | Socket)[] = [];
  const kept = <Handle extends Server | Socket>(handle: Handle): Handle => {
    open.push(handle);
    handle.on("error", () => {});
    handle.unref();
    return handle;
  };
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), PROBE_MS);
  timer.unref();
  const run = async (): Promise<boolean> => {
    const server = kept(createServer({ allowHalfOpen: true }));
    server.listen(where);
    await once(server, "listening");
    const bound = server.address() as { port: number } | string | null;
    const target = typeof bound === "object" && bound !== null && kind === "tcp"
      ? { ...where, port: bound.port }
      : where;
    const pair = async () => {
      const arrival = once(server, "connection");
      const client = kept(connect(target));
      const [accepted] = await arrival as [Socket];
      return { client, accepted: kept(accepted) };
    };
    const first = await pair();
    return await probe({
      server,
      ...first,
      again: async () => (await pair()).accepted,
    });
  };
  try {
    return await Promise.race([run(), late.promise]);
  } finally {
    clearTimeout(timer);
    for (const handle of open) {
      if ("destroy" in handle) handle.destroy();
      else handle.close();
    }
  }
}

/** An address for a pair that needs no permission prompt and leaves no file. */
function placeOf(
  kind: "tcp" | "unix",
): { host: string; port: number } | { path: string } | undefined {
  const loopback = "127.0.0.1";
  if (kind === "tcp") {
    const isAllowed = isGranted({ name: "net", host: loopback });
    return isAllowed ? { host: loopback, port: 0 } : undefined;
  }
  // An abstract name, which only Linux has. Deno asks for permission to write files.
  if (host.platform !== "linux" || deno !== undefined) return undefined;
  const random = Math.random().toString(36).slice(2);
  return { path: `\0tricorn-probe-${host.pid}-${random}` };
}
