/** Datagram sockets of UNIX by the C library, as Linux has them: no runtime offers them otherwise. */
import { Buffer } from "node:buffer";
import type { Libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
/** Neither waits for a receiver that is busy, nor raises SIGPIPE. */
export const SEND_FLAGS = 0x4040;

/**
 * A socket that sends to `path`, which begins with `@` for an abstract name; -1 if nobody receives
 * there.
 */
export function connectUnix(libc: Libc, path: string): number {
  const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const address = socketAddress(path);
  if (libc.connect(descriptor, address, address.length) >= 0) return descriptor;
  libc.close(descriptor);
  return -1;
}

/** A `sockaddr_un`. An abstract name begins with a NUL, and has none behind it. */
function socketAddress(path: string): Buffer {
  const family = Buffer.alloc(2);
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
  const name = path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`;
  return Buffer.concat([family, Buffer.from(name)]);
}
