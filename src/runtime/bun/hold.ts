/**
 * Binding without accepting on Bun: a socket of `Bun.listen` is duplicated and its listener stopped in
 * the same turn, before the event loop can accept.
 */
import { Buffer } from "node:buffer";
import { closeSync, renameSync } from "node:fs";
import type { BunApi, BunHandlers, BunListener } from "../_bun_types.ts";
import { tcpAddress } from "../listen/addresses.ts";
import type { Held, Holder } from "../listen/held_socket.ts";
import {
  cannotListen,
  demandSocket,
  unixPathOf,
} from "../listen/inherited_fd.ts";
import type { Address, ListenOptions } from "../types.ts";
import type { Libc } from "../process/libc.ts";

/** Holds sockets of `Bun.listen`. */
export function bunHolder(api: BunApi, libc: Libc): Holder {
  return {
    async tcp(
      hostname,
      port,
      { ipv6Only = false, reusePort = false, backlog },
    ) {
      const where = { hostname, port, ipv6Only, reusePort };
      return takeOver(api.listen({ ...NOBODY, ...where }), backlog);
    },
    async unix(path, { backlog }) {
      const listener = api.listen({ ...NOBODY, unix: path });
      // Stopping removes what lies at the path.
      const aside = `${path}~`;
      renameSync(path, aside);
      try {
        return takeOver(listener, backlog);
      } finally {
        renameSync(aside, path);
      }
    },
    given: async (fd, options) => inherit(fd, options),
  };

  function takeOver(listener: BunListener, backlog: number): Held {
    const port = listener.port ?? 0;
    const descriptor = libc.dup(listener.fd);
    listener.stop(true);
    if (descriptor < 0) throw emfile();
    // Bun's own backlog is 512.
    libc.listen(descriptor, backlog);
    return { descriptor, port, close: () => closeSync(descriptor) };
  }

  function inherit(fd: number, { backlog }: ListenOptions): Address {
    const target = { kind: "fd", fd } as const;
    demandSocket(target);
    if (libc.listen(fd, backlog) < 0) {
      const code = "EINVAL";
      throw cannotListen(target, Object.assign(new Error(code), { code }));
    }
    return addressOf(libc, fd) ?? { kind: "unix", path: unixPathOf(fd) };
  }
}

/** Nothing is accepted, so nothing is called. */
const HANDLERS: BunHandlers<undefined> = {
  open() {},
  data() {},
  drain() {},
  end() {},
  close() {},
  error() {},
};
const NOBODY = { socket: HANDLERS, allowHalfOpen: true } as const;

/** Room for a `sockaddr_un`, the longest one. */
const ADDRESS_BYTES = 128;
/** `sin_family` is the first 16 bits on Linux; on macOS the second 8, behind a length. */
const AF_INET = 2;
const AF_INET6: ReadonlySet<number> = new Set([10, 30]);

/** What `fd` is bound to; `undefined` if it is no TCP socket. */
function addressOf(libc: Libc, fd: number): Address | undefined {
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  const length = new Int32Array([ADDRESS_BYTES]);
  if (libc.getsockname(fd, bytes, length) < 0) return undefined;
  const family = process.platform === "darwin"
    ? bytes[1]!
    : bytes.readUInt16LE(0);
  const port = bytes.readUInt16BE(2);
  if (family === AF_INET) {
    return tcpAddress(bytes.subarray(4, 8).join("."), port);
  }
  if (!AF_INET6.has(family)) return undefined;
  const groups = Array.from(
    { length: 8 },
    (_, at) => bytes.readUInt16BE(8 + 2 * at).toString(16),
  );
  // The shortest form, as everybody writes it (RFC 5952).
  return tcpAddress(
    new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1),
    port,
  );
}

function emfile(): Error {
  return Object.assign(new Error("too many open files"), { code: "EMFILE" });
}
