/**
 * Paths of UNIX sockets. A name in the file system outlives the process that made it and may pass
 * to another, so: a stale socket is replaced, anything else is left alone, and on the way out only
 * our own is removed (wishes: ).
 *
 * Every runtime unlinks on close whatever lies at the path it bound, even another server's socket.
 * So we bind a temporary name in a directory beside the wanted one, link the wanted one to it, and
 * remove the temporary: then close finds nothing to unlink. Linking, unlike renaming, never replaces.
 */
import { Buffer } from "node:buffer";
import { lstatSync, type Stats, unlinkSync } from "node:fs";
import {
  chmod,
  link,
  lstat,
  mkdtemp,
  rename,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { BoundSocket, OnAccept } from "./bound_socket.ts";
import { refusal } from "./listen_errors.ts";
import { mayWrite } from "../process/permissions.ts";
import type { ListenTarget } from "../types.ts";

/**
 * Longest path a UNIX socket can have, in bytes, on Linux; others allow a few less. Checked here,
 * because older Node versions cut a longer one short and listen somewhere else.
 */
export const MAX_UNIX_PATH = 107;

/** Time to accept those who connected before the name was removed, in milliseconds. */
const LAST_ACCEPTS_MS = 10;

type UnixTarget = ListenTarget & { kind: "unix" };

/**
 * Everybody may connect, whatever the umask: a proxy runs under a user of its own (options:O-012).
 * Who must not is kept out by the directory.
 */
const DEFAULT_MODE = 0o666;

/**
 * Binds the path of `target` by way of `bind`, which is given the name to use.
 *
 * @throws ListenError
 */
export async function bindUnixPath(
  target: UnixTarget,
  bind: (name: string) => Promise<BoundSocket>,
): Promise<BoundSocket> {
  const { path, mode = DEFAULT_MODE } = target;
  if (process.platform === "win32") return await bind(path);
  const length = Buffer.byteLength(path);
  if (length > MAX_UNIX_PATH) {
    throw refusal(
      target,
      "ENAMETOOLONG",
      `the path has ${length} bytes, expected at most ${MAX_UNIX_PATH}`,
    );
  }
  // Node 24 reports EACCES for a directory that does not exist.
  const directory = dirname(path);
  if (mayWrite(directory)) await stat(directory);
  await removeStale(target);
  const room = await privateRoom(directory);
  if (room === undefined) {
    const bound = await bind(path);
    if (mayWrite(path)) await chmod(path, mode);
    return new OwnedSocket(path, bound, await lstat(path));
  }
  const temporary = join(room, "s");
  try {
    const bound = await bind(temporary);
    try {
      await chmod(temporary, mode);
      await place(temporary, path);
      return new OwnedSocket(path, bound, await lstat(path));
    } catch (cause) {
      await bound.close();
      if (codeOf(cause) === "EEXIST") throw refusal(target, "EADDRINUSE");
      throw cause;
    }
  } finally {
    await unlinkQuietly(temporary);
    await rmdir(room).catch(() => {});
  }
}

/**
 * A new directory that nobody else can look into, so that nobody connects before the permissions
 * are right; `undefined` if there can be none, or none with a path that is short enough.
 */
async function privateRoom(directory: string): Promise<string | undefined> {
  const prefix = join(directory, ".tricorn-");
  const bytes = Buffer.byteLength(prefix) + "XXXXXX/s".length;
  if (bytes > MAX_UNIX_PATH || !mayWrite(directory)) return undefined;
  return await mkdtemp(prefix);
}

/** Gives the socket at `temporary` the name `path`, which nothing has yet. */
async function place(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    // A file system without hard links. This would replace a socket made since we looked.
    await rename(temporary, path);
  }
}

/** Removes a socket that nobody listens on; refuses whatever else lies there. */
async function removeStale(target: UnixTarget): Promise<void> {
  const found = await lstatOrNothing(target.path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw refusal(
      target,
      "ENOTSOCK",
      `it is no socket but ${kindOf(found)}, which is left alone`,
    );
  }
  if (await isAnswering(target.path)) throw refusal(target, "EADDRINUSE");
  const now = await lstatOrNothing(target.path);
  if (now !== undefined && isSameFile(found, now)) {
    await unlinkQuietly(target.path);
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a directory";
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isFIFO()) return "a pipe";
  return found.isFile() ? "a regular file" : "a device";
}

/** Whether a connection is taken; any failure but a plain refusal counts as "somebody is there". */
function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.on("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", (error) => resolve(codeOf(error) !== "ECONNREFUSED"));
  });
}

/** Names that are ours now: an end of the process that nobody prepared takes them along too. */
const owned = new Set<OwnedSocket>();

function removeOwned(): void {
  for (const socket of owned) socket.removeNow();
}

/** A bound socket that takes its name in the file system with it. */
class OwnedSocket implements BoundSocket {
  readonly port = 0;
  readonly #path: string;
  readonly #bound: BoundSocket;
  readonly #made: Stats;

  constructor(path: string, bound: BoundSocket, made: Stats) {
    this.#path = path;
    this.#bound = bound;
    this.#made = made;
    if (owned.size === 0) process.on("exit", removeOwned);
    owned.add(this);
  }

  /** Removes the name at the end of the process, when nothing can be waited for. */
  removeNow(): void {
    try {
      if (isSameFile(this.#made, lstatSync(this.#path))) unlinkSync(this.#path);
    } catch {
      // Gone already, or not allowed: nobody is left to hear of it.
    }
  }

  accept(onAccept: OnAccept): void {
    this.#bound.accept(onAccept);
  }

  async close(): Promise<void> {
    owned.delete(this);
    if (owned.size === 0) process.off("exit", removeOwned);
    // First the name, then the socket: a client then finds nobody, never a socket that is deaf.
    const now = await lstatOrNothing(this.#path).catch(() => undefined);
    if (now !== undefined && isSameFile(this.#made, now)) {
      await unlinkQuietly(this.#path);
    }
    // Who found it before has connected, and would be reset.
    await sleep(LAST_ACCEPTS_MS);
    await this.#bound.close();
  }

  ref(): void {
    this.#bound.ref();
  }

  unref(): void {
    this.#bound.unref();
  }
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

async function lstatOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Already gone is as good as removed (wishes:R-037). */
async function unlinkQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
