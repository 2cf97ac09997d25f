/**
 * Binding without accepting on Deno: `Deno.listen`, whose `accept` is never called. Deno does not tell
 * the descriptor; on Linux the kernel does, to who has all permissions (/proc).
 */
import type { DenoApi, DenoListener } from "../_deno_types.ts";
import type { Held, Holder } from "../listen/held_socket.ts";
import { builtins } from "../process/builtins.ts";

const DESCRIPTORS = "/proc/self/fd";

/** A line of /proc/net/tcp that listens: its local port, in base 16, and its inode. */
const LISTENING_TCP =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ 0A (?:\S+ +){5}(\d+) /;
/** A line of /proc/net/unix: its inode and path. */
const UNIX = /^(?:\S+ +){6}(\d+) (.+)$/;

/**
 * Holds sockets of `Deno.listen`.
 *
 * @param inherit How inherited sockets are held.
 */
export function denoHolder(api: DenoApi, inherit: Holder["given"]): Holder {
  return {
    async tcp(hostname, port, { backlog: tcpBacklog }) {
      const where = { transport: "tcp", hostname, port, tcpBacklog } as const;
      return find(() => api.listen(where), listeningTcp);
    },
    async unix(path) {
      const where = { transport: "unix", path } as const;
      return find(() => api.listen(where), () => boundUnix(path));
    },
    given: inherit,
  };
}

/** Whether descriptors can be found. */
export function denoHolds(): boolean {
  try {
    return builtins.fs.readdirSync(DESCRIPTORS).length > 0;
  } catch {
    return false; // not Linux, or not all permissions
  }
}

/**
 * Listens, and finds the descriptor: the one that is new, and leads to a socket that listens there.
 *
 * @param inodesAt The inodes of such sockets, of all processes.
 */
function find(
  listen: () => DenoListener,
  inodesAt: (port: number) => ReadonlySet<string>,
): Held {
  const before = socketsByDescriptor();
  const listener = listen();
  const port = listener.addr.port ?? 0;
  const inodes = inodesAt(port);
  const found = [...socketsByDescriptor()].filter(([fd, inode]) =>
    before.get(fd) !== inode && inodes.has(inode)
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    listener.close();
    throw new Error(`${found.length} descriptors were found for one socket`);
  }
  return { descriptor: first[0], port, close: () => listener.close() };
}

/** The inodes of the sockets of this process, by their descriptors. */
function socketsByDescriptor(): Map<number, string> {
  const sockets = new Map<number, string>();
  for (const name of builtins.fs.readdirSync(DESCRIPTORS)) {
    const inode = inodeOf(name);
    if (inode !== undefined) sockets.set(Number(name), inode);
  }
  return sockets;
}

function inodeOf(name: string): string | undefined {
  try {
    const link = builtins.fs.readlinkSync(`${DESCRIPTORS}/${name}`);
    return /^socket:\[(\d+)\]$/.exec(link)?.[1];
  } catch {
    return undefined; // that with which the folder was read
  }
}

function listeningTcp(port: number): Set<string> {
  return inodes(["tcp", "tcp6"], (line) => {
    const [, found, inode] = LISTENING_TCP.exec(line) ?? [];
    return found !== undefined && parseInt(found, 16) === port
      ? inode
      : undefined;
  });
}

function boundUnix(path: string): Set<string> {
  return inodes(["unix"], (line) => {
    const [, inode, found] = UNIX.exec(line) ?? [];
    return found === path ? inode : undefined;
  });
}

function inodes(
  tables: readonly string[],
  inodeOf: (line: string) => string | undefined,
): Set<string> {
  const found = new Set<string>();
  for (const table of tables) {
    for (const line of linesOf(`/proc/self/net/${table}`)) {
      const inode = inodeOf(line);
      if (inode !== undefined) found.add(inode);
    }
  }
  return found;
}

/** Of a table that may be missing: a kernel without IPv6 has no tcp6. */
function linesOf(path: string): readonly string[] {
  try {
    return builtins.fs.readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}
