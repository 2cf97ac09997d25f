/**
 * A socket that is bound and does not accept, and its descriptor: what `listen()` of node:net calls
 * itself, `_createServerHandle`. For Node before 26.4 and 24.21, which have no `net.BoundSocket`, and
 * for Deno, which tells no descriptors.
 */
import * as net from "node:net";
import { getSystemErrorName } from "node:util";
import { deno } from "../../_deno_types.ts";
import { isGranted } from "../../process/permissions.ts";
import { Fence } from "./fence.ts";

/** Handles of the runtime, as far as they are used here. */
interface Handle {
  /** On Node. */
  readonly fd?: number;
  /** On Deno: a duplicate at each call. */
  fdForIpc?(): number;
  /** On TCP. Fills in `address`. @returns 0, or an error number. */
  getsockname?(address: { port?: number }): number;
  close(): void;
}

/** @returns A handle, or an error number. */
type CreateHandle = (
  host: string,
  port: number,
  family: number,
  fd: number | undefined,
  flags: number,
) => Handle | number;

const { _createServerHandle: create } = net as unknown as {
  _createServerHandle?: CreateHandle;
};

const fence = new Fence("sockets that are bound for other processes");

/** Flags of libuv. */
const IPV6_ONLY = 1;
const REUSE_PORT = 2;

/** Where to bind. */
export type Place =
  | {
    readonly host: string;
    readonly port: number;
    readonly ipv6Only?: boolean;
    readonly reusePort?: boolean;
  }
  | { readonly path: string };

/** A bound socket. */
export interface BoundHandle {
  readonly descriptor: number;
  /** 0 on a UNIX socket. */
  readonly port: number;
  /** Makes it non-blocking. */
  unblock(): void;
  close(): void;
}

/** Whether {@linkcode bindHandle} may be called. Probed on the first call. */
export function canBindHandles(): boolean {
  return fence.tryNow(() => {
    if (!isGranted({ name: "net", host: "127.0.0.1" })) return false;
    const bound = bindHandle({ host: "127.0.0.1", port: 0 });
    const { port, descriptor } = bound;
    bound.close();
    return port > 0 && descriptor > 2;
  });
}

/** Turns it off, after what was bound has turned out to be something else. */
export function distrustHandles(cause: unknown): void {
  fence.disable(cause);
}

/** Binds. Throws the system's error, with its `code`. */
export function bindHandle(place: Place): BoundHandle {
  const handle = "path" in place
    ? create!(place.path, -1, -1, undefined, 0)
    : create!(
      place.host,
      place.port,
      net.isIP(place.host),
      -1,
      (place.ipv6Only ? IPV6_ONLY : 0) | (place.reusePort ? REUSE_PORT : 0),
    );
  if (typeof handle === "number") throw systemError(handle);
  try {
    const port = "path" in place ? 0 : portOf(handle, place.port);
    const descriptor = deno === undefined ? handle.fd : handle.fdForIpc?.();
    if (descriptor === undefined || descriptor < 0) {
      throw new Error("a bound socket tells no descriptor");
    }
    // The closures keep it: a handle that is collected is closed.
    return {
      descriptor,
      port,
      unblock: () => unblock(handle),
      close() {
        handle.close();
        if (deno !== undefined) letGo(descriptor);
      },
    };
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** An address that is in use shows only here: as an error on Node, by the wrong port on Deno 2.9. */
function portOf(handle: Handle, asked: number): number {
  const address: { port?: number } = {};
  const failure = handle.getsockname!(address);
  if (failure < 0) throw systemError(failure);
  const { port = 0 } = address;
  if (asked !== 0 && port !== asked) {
    throw Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
  }
  return port;
}

/** A socket of node:net makes its descriptor non-blocking, here a duplicate. */
function unblock(handle: Handle): void {
  const fd = handle.fdForIpc?.();
  if (fd !== undefined) letGo(fd);
}

/** Closes a duplicate: node:fs on Deno 2.9 does not know it. */
function letGo(fd: number): void {
  const socket = new net.Socket({ fd });
  socket.on("error", () => {});
  socket.destroy();
}

function systemError(failure: number): Error {
  const code = getSystemErrorName(failure);
  return Object.assign(new Error(`bind ${code}`), { code });
}
