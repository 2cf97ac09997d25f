/**
 * Where a test waits for what events bring: every event calls `notify()`, and every waiter looks
 * again whether what it waits for has come.
 */
export class Mailbox {
  #wakes: (() => void)[] = [];

  /** Makes every waiter look again. */
  notify(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  /**
   * Calls `look` at once and after every `notify()`, and resolves to its first value that is not
   * `undefined`; to `undefined` if there was none within `limitMs` milliseconds. Rejects with what
   * `look` throws.
   */
  async until<T>(
    look: () => T | undefined,
    limitMs: number,
  ): Promise<T | undefined> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = look();
      const leftMs = deadline - performance.now();
      if (found !== undefined || leftMs <= 0) return found;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wakes.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}
