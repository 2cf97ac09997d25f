/**
 * Wakes when something happens in directories. What has happened is for a scan to find out: events
 * are merged, told twice, or told for the wrong directory, each runtime in its own way.
 *
 * Deno watches trees, through `Deno.watchFs`: a directory that was deleted and made again cannot be
 * watched by itself any more (2.9, seen on Linux), as part of a tree it can. Node and Bun watch each
 * directory that was scanned: what is excluded, such as node_modules, then costs nothing, and the
 * recursive watchers of Node up to 24 lose files that were saved by a rename.
 */
import type { FSWatcher } from "node:fs";
import { deno, type DenoApi, type DenoFsWatcher } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
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

  update(_roots: readonly string[], scan: TreeScan): void {
    const wanted = new Map(scan.directories);
    for (const path of scan.targetDirectories) {
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
  /** By kind and path: what closes it, and the directory it was made for. */
  readonly #watchers = new Map<
    string,
    { close(): void; readonly id: string }
  >();

  constructor(api: DenoApi, listener: TreeWatchListener) {
    this.#api = api;
    this.#listener = listener;
  }

  update(roots: readonly string[], scan: TreeScan): void {
    const wanted = new Map<string, boolean>();
    for (const path of scan.targetDirectories) wanted.set(path, false);
    for (const path of [...roots, ...scan.linkedDirectories]) {
      wanted.set(path, true);
    }
    const idOf = (path: string) => scan.directories.get(path) ?? "";
    for (const [path, { close, id }] of this.#watchers) {
      if (wanted.has(path) && idOf(path) === id) continue;
      close();
      this.#watchers.delete(path);
    }
    for (const [path, isTree] of wanted) {
      if (!this.#watchers.has(path)) this.#add(path, isTree, idOf(path));
    }
  }

  close(): void {
    for (const { close } of this.#watchers.values()) close();
    this.#watchers.clear();
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

function isGone(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "ENOENT" || code === "ENOTDIR" || name === "NotFound" ||
    code === "EPERM" || code === "EACCES";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
