/**
 * Paths of UNIX sockets. A path outlives the process that bound it, and another process may bind it
 * later. So a stale socket is replaced, anything else is left alone, and on close only our own socket
 * is removed.
 *
 * Closing unlinks whatever lies at the bound path, even another server's socket, on every runtime
 * (https://github.com/nodejs/node/issues/19729, https://github.com/libuv/libuv/issues/1332). So a
 * temporary path is bound, in a directory beside the wanted path; the wanted path is linked to it and
 * the temporary one removed. Close then finds nothing to unlink. Unlike a rename, a link never
 * replaces a file.
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
 * Longest path of a UNIX socket, in bytes, on Linux; other systems allow a few less. Checked here,
 * because Node 20 truncates a longer one and listens there.
 */
export const MAX_UNIX_PATH = 107;

/** Time to accept those who connected before the name was removed, in milliseconds. */
const LAST_ACCEPTS_MS = 10;

type UnixTarget = ListenTarget & { kind: "unix" };

/**
 * Every user may connect, whatever the umask, because a proxy runs as another user. Restrict access
 * with the directory's permissions.
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
  // Node 24 reports EACCES for a directory that does not exist; no upstream issue is known.
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
 * Creates a directory that only this user can enter, so that no client connects before the socket
 * has its mode; `undefined` without permission to write, or if the path would be too long.
 */
async function privateRoom(directory: string): Promise<string | undefined> {
  const prefix = join(directory, ".tricorn-");
  const bytes = Buffer.byteLength(prefix) + "XXXXXX/s".length;
  if (bytes > MAX_UNIX_PATH || !mayWrite(directory)) return undefined;
  return await mkdtemp(prefix);
}

/** Links `path`, which must not exist, to the socket at `temporary`. */
async function place(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    // A file system without hard links. A rename replaces a socket that was made in the meantime.
    await rename(temporary, path);
  }
}

/** Removes a stale socket; refuses anything else at the path. */
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

/** Whether a process listens there; every failure but ECONNREFUSED counts as one. */
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

/** A path that is ours. */
interface OwnedPath {
  /** Removes it synchronously. */
  removeNow(): void;
  /** It is another process's from now on. */
  leave(): void;
}

/** Paths that are ours, removed also when the process exits without a shutdown. */
const owned = new Set<OwnedPath>();

function removeOwned(): void {
  for (const path of owned) path.removeNow();
}

function own(path: OwnedPath): void {
  if (owned.size === 0) process.on("exit", removeOwned);
  owned.add(path);
}

function disown(path: OwnedPath): void {
  owned.delete(path);
  if (owned.size === 0) process.off("exit", removeOwned);
}

/** All paths that this process has bound are another process's from now on: it removes none. */
export function leaveUnixPaths(): void {
  for (const path of [...owned]) path.leave();
}

/**
 * Takes over a path that another process has bound and left: it is removed when this process exits.
 *
 * @returns A function that removes it now, if it still leads to the same socket.
 */
export function adoptUnixPath(path: string): () => void {
  const made = lstatSync(path);
  const adopted: OwnedPath = {
    removeNow: () => removeIfSame(path, made),
    leave: () => disown(adopted),
  };
  own(adopted);
  return () => {
    if (!owned.has(adopted)) return;
    disown(adopted);
    removeIfSame(path, made);
  };
}

function removeIfSame(path: string, made: Stats): void {
  try {
    if (isSameFile(made, lstatSync(path))) unlinkSync(path);
  } catch {
    // Already removed, or not permitted. There is nothing to report to.
  }
}

/** A bound socket that removes its path when it is closed. */
class OwnedSocket implements BoundSocket, OwnedPath {
  readonly port = 0;
  readonly #path: string;
  readonly #bound: BoundSocket;
  readonly #made: Stats;
  #isLeft = false;

  constructor(path: string, bound: BoundSocket, made: Stats) {
    this.#path = path;
    this.#bound = bound;
    this.#made = made;
    own(this);
  }

  /** Removes the path synchronously, as the process exits. */
  removeNow(): void {
    removeIfSame(this.#path, this.#made);
  }

  leave(): void {
    this.#isLeft = true;
    disown(this);
  }

  accept(onAccept: OnAccept): void {
    this.#bound.accept(onAccept);
  }

  async close(): Promise<void> {
    if (this.#isLeft) return await this.#bound.close();
    disown(this);
    // Unlink before closing: clients get ENOENT instead of a socket that no process accepts on.
    const now = await lstatOrNothing(this.#path).catch(() => undefined);
    if (now !== undefined && isSameFile(this.#made, now)) {
      await unlinkQuietly(this.#path);
    }
    // Clients that connected before the unlink are accepted, not reset.
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

/** Ignores a path that is removed already. */
async function unlinkQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
