/**
 * Decides whether something undocumented of a runtime is used in this process: after a probe has
 * seen it work, until it fails, and never with `TRICORN_INTERNALS=off`. See the README beside.
 */
import { host } from "../../process/host.ts";
import { mayReadEnv } from "../../process/permissions.ts";

/** Turns everything in this folder off, if its value is `off`, `0`, `false` or `no`. */
export const SWITCH = "TRICORN_INTERNALS";

const OFF: ReadonlySet<string | undefined> = new Set([
  "off",
  "0",
  "false",
  "no",
]);

/** Probes that have not answered yet. */
const probes = new Set<Promise<void>>();

/** The switch of one internal. */
export class Fence {
  readonly #name: string;
  #state: "untried" | "probing" | "open" | "failed" | "closed" = "untried";

  /** @param name The internal, as the warning names it: "reads into a shared buffer". */
  constructor(name: string) {
    this.#name = name;
  }

  /** Whether it may be used. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Probes, the first time. @returns Whether it may be used. */
  tryNow(probe: () => boolean): boolean {
    if (this.#state === "untried") {
      this.#state = "closed";
      try {
        if (isSwitchedOn() && probe()) this.#state = "open";
      } catch {
        // It does not work here.
      }
    }
    return this.isOpen;
  }

  /** Begins to probe, the first time. Until that has succeeded it may not be used. */
  tryLater(probe: () => Promise<boolean>): void {
    if (this.#state === "untried") this.#probe(probe);
  }

  /**
   * Probes again if the last probe failed, which may have been for want of something else, such as
   * descriptors.
   */
  tryAgain(probe: () => Promise<boolean>): void {
    if (this.#state === "failed") this.#probe(probe);
  }

  #probe(probe: () => Promise<boolean>): void {
    this.#state = "closed";
    if (!isSwitchedOn()) return;
    this.#state = "probing";
    const settle = (works: boolean): void => {
      if (this.#state === "probing") this.#state = works ? "open" : "failed";
      probes.delete(running);
    };
    const running = probe().then(settle, () => settle(false));
    probes.add(running);
  }

  /** Turns it off for this process, after a failure, and warns once. */
  disable(cause: unknown): void {
    if (this.#state === "closed" || this.#state === "failed") return;
    this.#state = "closed";
    const reason = cause instanceof Error ? cause.message : String(cause);
    process.emitWarning(
      `Tricorn goes on without ${this.#name}, which failed on this runtime: ${reason}`,
    );
  }
}

/** Resolves when no probe is under way. */
export async function probesDone(): Promise<void> {
  while (probes.size > 0) await Promise.all(probes);
}

function isSwitchedOn(): boolean {
  const value = mayReadEnv(SWITCH) ? host.env(SWITCH) : undefined;
  return !OFF.has(value?.toLowerCase());
}
