/**
 * A descriptor of standard output or error that never blocks. Whether one that was inherited does
 * is up to whoever started us: a `write` to a full pipe then stops the whole process, its signal
 * handlers included, for as long as nobody reads.
 */
import { deno } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";

/** Objects that keep a descriptor non-blocking as long as they live. */
const kept: unknown[] = [];

/** Where to write. */
export interface OutputDescriptor {
  /** In place of the one that was inherited. */
  readonly descriptor: number;
  /** The same for two streams that lead to one pipe, terminal or socket. */
  readonly identity: string | undefined;
}

/**
 * What to write to in place of `fd`, 1 or 2. It is `fd` itself where that takes everything at once,
 * as files do, or where nothing keeps it from blocking.
 */
export function openOutput(fd: number): OutputDescriptor {
  try {
    const stats = builtins.fs.fstatSync(fd);
    const isPipe = stats.isFIFO();
    const isTerminal = stats.isCharacterDevice() && host.isTerminal(fd);
    if (!isPipe && !isTerminal && !stats.isSocket()) {
      return { descriptor: fd, identity: undefined };
    }
    const identity = `${stats.dev}:${stats.ino}`;
    // A terminal takes a part even of little, and Deno 2.9 does not tell which (text_sink.ts): there
    // one that is paused pauses the server.
    const own = isPipe || (isTerminal && deno === undefined)
      ? openAgain(fd)
      : undefined;
    if (own !== undefined) return { descriptor: own, identity };
    if (!isTerminal) unblock(fd);
    return { descriptor: fd, identity };
  } catch {
    // Closed, or nothing that can be known: a write tells.
    return { descriptor: fd, identity: undefined };
  }
}

/**
 * Opens the pipe or terminal behind `fd` once more. O_NONBLOCK belongs to the open file, which
 * other processes share with us: shells, and neighbours in a pipeline, do not expect it.
 */
function openAgain(fd: number): number | undefined {
  if (host.platform !== "linux") return undefined;
  const { constants, openSync } = builtins.fs;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // EACCES: it was opened by another user. NotCapable: Deno wants all permissions for it. ENOENT:
    // there is no /proc.
    return undefined;
  }
}

/** Makes the open file behind `fd` non-blocking, for everybody who shares it: sockets cannot be opened. */
function unblock(fd: number): void {
  if (host.platform === "win32") return;
  if (deno === undefined) {
    // Looking at the stream is what does it, on Node 24 and Bun 1.4.
    const { stdout, stderr } = process;
    kept.push(fd === 1 ? stdout : stderr);
    return;
  }
  // process.stdout leaves it as it is on Deno 2.9.
  const socket = new builtins.net.Socket({
    fd,
    readable: false,
    writable: true,
  });
  socket.on("error", () => {});
  socket.unref();
  kept.push(socket);
}
