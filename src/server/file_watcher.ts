/**
 * Notices that files have changed by looking at them every few seconds: works on every file system
 * and through every symbolic link, and needs nothing that a container could lack.
 */

/** Between two looks, in milliseconds. */
const LOOK_MS = 2_000;

/** What a watcher needs. */
export interface FileWatcherParts {
  /** Paths; none watches nothing. */
  readonly files: readonly string[];
  /** What changes when the file at `path` does. Never rejects. */
  readonly stampOf: (path: string) => Promise<string>;
  /** Calls back about every `ms` until the returned function is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

/** Watches some files together. */
export class FileWatcher {
  readonly #parts: FileWatcherParts;
  /** The files as they were before they were last read. */
  #stamps = "";
  /** The files as they were at the last look, if they had changed: they may still be written. */
  #candidate: string | undefined;
  #isLooking = false;
  #stop: () => void = () => {};

  constructor(parts: FileWatcherParts) {
    this.#parts = parts;
  }

  /** To be awaited before the files are read: what changes from then on is a change. */
  async note(): Promise<void> {
    this.#stamps = await this.#stampAll();
  }

  /**
   * Looks from now on, until `close`.
   *
   * @param onChange Calls `note` and reads the files. Must not reject; not called again before it
   * has resolved.
   */
  watch(onChange: () => Promise<void>): void {
    if (this.#parts.files.length === 0) return;
    this.#stop = this.#parts.every(LOOK_MS, () => void this.#look(onChange));
  }

  /** Stops looking. */
  close(): void {
    this.#stop();
  }

  /** Reports a change once two looks in a row found the same new state: writing has ended. */
  async #look(onChange: () => Promise<void>): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const stamps = await this.#stampAll();
    if (stamps === this.#stamps) {
      this.#candidate = undefined;
    } else if (stamps !== this.#candidate) {
      this.#candidate = stamps;
    } else {
      this.#candidate = undefined;
      await onChange();
    }
    this.#isLooking = false;
  }

  async #stampAll(): Promise<string> {
    const { files, stampOf } = this.#parts;
    return (await Promise.all(files.map(stampOf))).join("\n");
  }
}
