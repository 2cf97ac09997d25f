/**
 * Binding without accepting: by `net.BoundSocket` on the releases of Node that have it, else by what
 * lies below `listen()` (internals/bound_handle.ts). Both then have another process listen.
 */
import * as net from "node:net";
import type { Held, Holder } from "../listen/held_socket.ts";
import {
  cannotListen,
  demandSocket,
  unixPathOf,
} from "../listen/inherited_fd.ts";
import { listenElsewhere } from "../listen/listen_elsewhere.ts";
import { keepUnblocked } from "../process/passed_descriptors.ts";
import {
  bindHandle,
  canBindHandles,
  distrustHandles,
  type Place,
} from "./internals/bound_handle.ts";
import type { Address, ListenOptions, ListenTarget } from "../types.ts";

/** `net.BoundSocket`: TCP since Node 24.21 and 26.4, UNIX paths where it has `isPipe`. */
interface BoundSocketClass {
  new (place: Place): {
    address(): { readonly port: number } | string;
    fd(): number;
    close(): void;
  };
  readonly prototype: object;
}

const { BoundSocket } = net as unknown as { BoundSocket?: BoundSocketClass };

/** Holds sockets by way of `node:net`. */
export const nodeHolder: Holder = {
  tcp(host, port, { ipv6Only = false, reusePort = false, backlog }) {
    return hold({ host, port, ipv6Only, reusePort }, backlog);
  },
  unix: (path, { backlog }) => hold({ path }, backlog),
  given: inherit,
};

/** Whether {@linkcode nodeHolder} can hold `target` on this release. */
export function nodeHolds(target: ListenTarget): boolean {
  return target.kind === "fd" || target.kind === "server" ||
    knows(target.kind) || canBindHandles();
}

/** Whether this release's `net.BoundSocket` binds such addresses. */
function knows(kind: "tcp" | "unix"): boolean {
  return BoundSocket !== undefined &&
    (kind === "tcp" || "isPipe" in BoundSocket.prototype);
}

async function hold(place: Place, backlog: number): Promise<Held> {
  const isPublic = knows("path" in place ? "unix" : "tcp");
  const held = isPublic ? bindPublicly(place) : bindByHandle(place);
  try {
    const address = await listenElsewhere(held.descriptor, backlog);
    const port = address?.kind === "tcp" ? address.port : 0;
    if (port !== held.port) {
      const error = new Error(`port ${held.port} was bound, ${port} listens`);
      if (!isPublic) distrustHandles(error);
      throw error;
    }
    return held;
  } catch (error) {
    held.close();
    throw error;
  }
}

function bindByHandle(place: Place): Held {
  const handle = bindHandle(place);
  const { descriptor, port } = handle;
  const release = keepUnblocked(descriptor, handle.unblock);
  return {
    descriptor,
    port,
    close() {
      release();
      handle.close();
    },
  };
}

function bindPublicly(place: Place): Held {
  const bound = new BoundSocket!(place);
  const address = bound.address();
  return {
    descriptor: bound.fd(),
    port: typeof address === "string" ? 0 : address.port,
    close: () => bound.close(),
  };
}

async function inherit(
  fd: number,
  { backlog }: ListenOptions,
): Promise<Address> {
  const target = { kind: "fd", fd } as const;
  demandSocket(target);
  try {
    const address = await listenElsewhere(fd, backlog);
    return address ?? { kind: "unix", path: unixPathOf(fd) };
  } catch (cause) {
    throw cannotListen(target, cause);
  }
}
