/**
 * Wakes when something happens in directories. What has happened is for a scan to find out: events
 * are merged, told twice, or told for the wrong directory, each runtime in its own way.
 *
 * Deno watches trees, through `Deno.watchFs`, each of which is a stream to be read. Node and Bun
 * watch each directory that was scanned: what is excluded, such as node_modules, then costs nothing,
 * and the recursive watchers of Node up to 24 lose files that were saved by a rename.
 *
 * A root that is gone is waited for in the nearest directory around it that is there.
 */
import type { FSWatcher } from "node:fs";
import { setTimeout } from "node:timers";
import { deno, type DenoApi, type DenoFsWatcher } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { mayRead } from "./permissions.ts";
import type { TreeScan, TreeWatch, TreeWatchListener } from "../types.ts";

/** Watches until it is closed; see {@linkcode TreeWatch}. */
export function watchTrees(listener: TreeWatchListener): TreeWatch {
  return deno === undefined
    ? new DirectoryWatches(listener)
    : new RecursiveWatches(deno, listener);
}

/** A watcher for each directory. */
class DirectoryWatches implements TreeWatch {
  readonly #listener: TreeWatchListener;
  /** By path: the watcher, and the directory it was made for. */
  readonly #watchers = new Map<
    string,
    { readonly watcher: FSWatcher; readonly id: string }
  >();

  constructor(listener: TreeWatchListener) {
    this.#listener = listener;
  }

  update(roots: readonly string[], scan: TreeScan): void {
    const wanted = new Map(scan.directories);
    for (const path of [...scan.targetDirectories, ...placesOf(roots, scan)]) {
      if (!wanted.has(path)) wanted.set(path, "");
    }
    for (const [path, { watcher, id }] of this.#watchers) {
      if (wanted.get(path) === id) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const [path, id] of wanted) {
      if (!this.#watchers.has(path)) this.#add(path, id);
    }
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(path: string, id: string): void {
    try {
      const watcher = builtins.fs.watch(path, () => this.#listener.onWake());
      // Deleted on Windows, or the system has run out of watches meanwhile.
      watcher.on("error", (error) => this.#onError(error));
      this.#watchers.set(path, { watcher, id });
    } catch (error) {
      // What is gone is missing in the next scan.
      if (!isGone(error)) this.#listener.onFailure(reasonOf(error));
    }
  }

  #onError(error: unknown): void {
    if (isGone(error)) this.#listener.onWake();
    else this.#listener.onFailure(reasonOf(error));
  }
}

/** A watcher for each tree. */
class RecursiveWatches implements TreeWatch {
  readonly #api: DenoApi;
  readonly #listener: TreeWatchListener;
  /** By path: what closes it, and the directory it was made for. */
  readonly #watchers = new Map<
    string,
    { close(): void; readonly id: string }
  >();
  #wanted: ReadonlyMap<string, WantedWatch> = new Map();

  constructor(api: DenoApi, listener: TreeWatchListener) {
    this.#api = api;
    this.#listener = listener;
  }

  update(roots: readonly string[], scan: TreeScan): void {
    const wanted = this.#wanted = wantedWatches(roots, scan);
    let isAnyStale = false;
    for (const [path, { close, id }] of this.#watchers) {
      const found = wanted.get(path);
      if (found?.id === id) continue;
      close();
      this.#watchers.delete(path);
      isAnyStale ||= found !== undefined;
    }
    if (!isAnyStale) return this.#addAll();
    // A watcher that is closed lets go of its path in a later turn only: one for the same path that is
    // made in this one shares what it has, the directory that is gone, and hears nothing for ever (Deno
    // 2.9, seen on Linux; no upstream issue is known).
    setTimeout(() => {
      if (this.#wanted !== wanted) return;
      this.#addAll();
      this.#listener.onWake(); // what happened in between was told to nobody
    }, 0);
  }

  close(): void {
    this.#wanted = new Map();
    for (const { close } of this.#watchers.values()) close();
    this.#watchers.clear();
  }

  #addAll(): void {
    for (const [path, { isTree, id }] of this.#wanted) {
      if (!this.#watchers.has(path)) this.#add(path, isTree, id);
    }
  }

  #add(path: string, recursive: boolean, id: string): void {
    try {
      const events = this.#api.watchFs(path, { recursive });
      this.#watchers.set(path, { close: () => events.close(), id });
      void this.#follow(events);
    } catch (error) {
      if (!isGone(error)) this.#listener.onFailure(reasonOf(error));
    }
  }

  async #follow(events: DenoFsWatcher): Promise<void> {
    try {
      for await (const { kind } of events) {
        // Reading a file, as a starting application does, is an event too.
        if (kind !== "access") this.#listener.onWake();
      }
    } catch (error) {
      this.#listener.onFailure(reasonOf(error));
    }
  }
}

/** What is to be watched at a path. */
interface WantedWatch {
  readonly isTree: boolean;
  /** The directory that is there; differs from watch to watch of a tree and of its directory alone. */
  readonly id: string;
}

function wantedWatches(
  roots: readonly string[],
  scan: TreeScan,
): ReadonlyMap<string, WantedWatch> {
  const wanted = new Map<string, WantedWatch>();
  for (const path of [...scan.targetDirectories, ...placesOf(roots, scan)]) {
    wanted.set(path, { isTree: false, id: "alone" });
  }
  for (const path of [...roots, ...scan.linkedDirectories]) {
    const id = scan.directories.get(path);
    // Of a link it is the real path, which may be another than the one that was scanned.
    if (id === undefined && roots.includes(path)) continue;
    wanted.set(path, { isTree: true, id: id ?? "" });
  }
  return wanted;
}

/** Where each root that is gone will show when it is made again. */
function placesOf(roots: readonly string[], scan: TreeScan): string[] {
  return roots.filter((root) => !scan.directories.has(root))
    .map(nearestAround).filter((path) => path !== undefined);
}

/** The nearest directory around `path` that is there; `undefined` if it may not be looked at. */
function nearestAround(path: string): string | undefined {
  let end = path.lastIndexOf("/");
  while (end >= 0) {
    const around = path.slice(0, end) || "/";
    if (!mayRead(around)) return undefined;
    if (builtins.fs.existsSync(around)) return around;
    end = path.lastIndexOf("/", end - 1);
  }
  return undefined;
}

function isGone(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "ENOENT" || code === "ENOTDIR" || name === "NotFound" ||
    code === "EPERM" || code === "EACCES";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
