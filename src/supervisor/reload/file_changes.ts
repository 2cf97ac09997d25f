/**
 * Waits for files to change. Events only wake it: what has changed is found by a look at all files,
 * so events that are missing, doubled or late cost time at most. Without events, and for what they
 * miss, it looks every now and then.
 */
import type { TreeScan } from "../../runtime/types.ts";
import type { StartTimer } from "../../server/timers.ts";

/** A save is a few events. They are taken together if they follow each other within so many ms. */
const SETTLE_MS = 50;
/** Between two looks that no event asked for, in milliseconds. */
const RESCAN_MS = 2_000;
/** Looks that no event asked for take at most this part of the time. */
const SCAN_SHARE = 1 / 50;
/** As {@linkcode SCAN_SHARE}, where there are no events. */
const POLL_SHARE = 1 / 5;

/** What is needed to wait for changes. */
export interface FileChangesParts {
  /** Looks at all files. */
  readonly look: () => Promise<TreeScan>;
  /** Begins to call `wake` after events, with what was found from then on. `undefined`: polls. */
  readonly watch:
    | ((wake: () => void, onFailure: (reason: string) => void) => {
      update(scan: TreeScan): void;
      close(): void;
    })
    | undefined;
  /** Called once, when events fail: it polls from then on. */
  readonly onFailure: (reason: string) => void;
  /**
   * Milliseconds for which changes are collected at most, between two reports at least, and between
   * two looks if it polls.
   */
  readonly delayMs: number;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
  readonly startTimer: StartTimer;
}

/** Finds changes, one batch after the other. */
export class FileChanges {
  readonly #parts: FileChangesParts;
  #watch: { update(scan: TreeScan): void; close(): void } | undefined;
  #known: TreeScan | undefined;
  #isClosed = false;
  /** The first and the last event since the last look. */
  #firstWakeMs: number | undefined;
  #lastWakeMs = 0;
  #lastLookMs = 0;
  #lookTookMs = 0;
  #lastReportMs = -Infinity;
  /** What `#due` waits for. */
  #onDue: (() => void) | undefined;
  #stopTimer: () => void = () => {};

  constructor(parts: FileChangesParts) {
    this.#parts = parts;
  }

  /** Notes all files as they are now. To be called once, before `next`. */
  async begin(): Promise<void> {
    const { watch } = this.#parts;
    if (watch !== undefined) {
      this.#watch = watch(() => this.#wake(), (reason) => this.#fail(reason));
      await this.#look();
    }
    // What changed before the watch was there is in this look.
    await this.#look();
  }

  /**
   * Resolves to the paths that have changed, are new, or are gone since the last call or `begin`,
   * sorted; at least one. `undefined` once it is closed. Not to be called again before.
   */
  async next(): Promise<readonly string[] | undefined> {
    while (!this.#isClosed) {
      await this.#due();
      if (this.#isClosed) return undefined;
      const before = this.#known!;
      const changed = differences(before.files, (await this.#look()).files);
      if (this.#isClosed) return undefined;
      if (changed.length === 0) continue;
      this.#lastReportMs = this.#parts.nowMs();
      return changed;
    }
    return undefined;
  }

  /** Stops watching and waiting. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch?.close();
    this.#settle();
  }

  #wake(): void {
    this.#lastWakeMs = this.#parts.nowMs();
    this.#firstWakeMs ??= this.#lastWakeMs;
    this.#arm();
  }

  #fail(reason: string): void {
    if (this.#watch === undefined) return;
    this.#watch.close();
    this.#watch = undefined;
    this.#parts.onFailure(reason);
    this.#arm();
  }

  #due(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDue = resolve;
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#onDue === undefined) return;
    const { nowMs, startTimer } = this.#parts;
    this.#stopTimer();
    const waitMs = Math.max(0, this.#dueMs() - nowMs());
    this.#stopTimer = startTimer(waitMs, () => this.#settle());
  }

  #settle(): void {
    this.#stopTimer();
    const onDue = this.#onDue;
    this.#onDue = undefined;
    onDue?.();
  }

  /** When to look. */
  #dueMs(): number {
    const { delayMs } = this.#parts;
    const regular = this.#lastLookMs +
      (this.#watch === undefined
        ? Math.max(delayMs, this.#lookTookMs / POLL_SHARE)
        : Math.max(RESCAN_MS, this.#lookTookMs / SCAN_SHARE));
    if (this.#firstWakeMs === undefined) return regular;
    const settled = Math.min(
      this.#lastWakeMs + Math.min(SETTLE_MS, delayMs),
      this.#firstWakeMs + delayMs,
    );
    return Math.min(regular, Math.max(settled, this.#lastReportMs + delayMs));
  }

  async #look(): Promise<TreeScan> {
    const { look, nowMs } = this.#parts;
    const startedMs = nowMs();
    this.#firstWakeMs = undefined;
    const scan = await look();
    this.#lastLookMs = nowMs();
    this.#lookTookMs = this.#lastLookMs - startedMs;
    const before = this.#known;
    this.#known = scan;
    if (this.#isClosed || this.#watch === undefined) return scan;
    this.#watch.update(scan);
    // Files that came into a new directory before it was watched were not told.
    if (before !== undefined && hasOthers(scan, before)) this.#wake();
    return scan;
  }
}

/** Paths whose stamps differ, or that only one of the two has. */
function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const changed: string[] = [];
  for (const [path, stamp] of after) {
    if (before.get(path) !== stamp) changed.push(path);
  }
  for (const path of before.keys()) {
    if (!after.has(path)) changed.push(path);
  }
  return changed.sort();
}

/** Whether `after` has directories that are not in `before`. */
function hasOthers(after: TreeScan, before: TreeScan): boolean {
  for (const [path, id] of after.directories) {
    if (before.directories.get(path) !== id) return true;
  }
  return false;
}
