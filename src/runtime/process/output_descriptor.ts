/**
 * A descriptor of standard output or error that never blocks. An inherited one may: a `write` to a
 * full pipe then blocks the whole process, its signal handlers included, until the reader reads.
 */
import { deno } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";

/** Objects that keep a descriptor non-blocking as long as they live. */
const kept: unknown[] = [];

/** A descriptor to write to. */
export interface OutputDescriptor {
  /** In place of the one that was inherited. */
  readonly descriptor: number;
  /** The same for two streams that lead to one pipe, terminal or socket. */
  readonly identity: string | undefined;
  /** Whether a write that fails with EAGAIN may have written a part, nobody knows how much. */
  readonly tearsWrites: boolean;
}

/**
 * The descriptor to write to in place of `fd`, 1 or 2. It is `fd` itself if that never blocks, as
 * files do, or if it cannot be made non-blocking.
 */
export function openOutput(fd: number): OutputDescriptor {
  try {
    const stats = builtins.fs.fstatSync(fd);
    const isPipe = stats.isFIFO();
    const isTerminal = stats.isCharacterDevice() && host.isTerminal(fd);
    if (!isPipe && !isTerminal && !stats.isSocket()) {
      return { descriptor: fd, identity: undefined, tearsWrites: false };
    }
    const identity = `${stats.dev}:${stats.ino}`;
    const own = isPipe || isTerminal ? openAgain(fd) : undefined;
    if (own === undefined && !isTerminal) unblock(fd);
    // A terminal may take a part even of a few bytes, and Deno 2.9 does not report how much
    // (text_sink.ts).
    const tearsWrites = own !== undefined && isTerminal && deno !== undefined;
    return { descriptor: own ?? fd, identity, tearsWrites };
  } catch {
    // Closed or unknown: the first write fails if it is.
    return { descriptor: fd, identity: undefined, tearsWrites: false };
  }
}

/**
 * Opens the pipe or terminal behind `fd` again. O_NONBLOCK belongs to the open file description,
 * which shells and other processes of a pipeline share and expect to block.
 */
function openAgain(fd: number): number | undefined {
  if (host.platform !== "linux") return undefined;
  const { constants, openSync } = builtins.fs;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // EACCES: opened by another user. NotCapable: Deno demands all permissions for /proc. ENOENT:
    // there is no /proc.
    return undefined;
  }
}

/** Makes the open file behind `fd` non-blocking for all that share it: a socket cannot be opened again. */
function unblock(fd: number): void {
  if (host.platform === "win32") return;
  if (deno === undefined) {
    // On Node 24 and Bun 1.4 the getter of the stream does it.
    const { stdout, stderr } = process;
    kept.push(fd === 1 ? stdout : stderr);
    return;
  }
  // On Deno 2.9 process.stdout does not; no upstream issue is known.
  const socket = new builtins.net.Socket({
    fd,
    readable: false,
    writable: true,
  });
  socket.on("error", () => {});
  socket.unref();
  kept.push(socket);
}
