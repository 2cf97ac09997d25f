/** The environment of the process, and over it what environment files have added. */
import type { CommandHost } from "./configure.ts";

/** Remembers what is added. */
export class LayeredEnvironment implements CommandHost {
  readonly #below: CommandHost;
  readonly #reachesProcess: boolean;
  readonly #added = new Map<string, string>();

  /**
   * @param below The environment before.
   * @param reachesProcess Whether `below` is changed as well.
   */
  constructor(below: CommandHost, reachesProcess: boolean = true) {
    this.#below = below;
    this.#reachesProcess = reachesProcess;
  }

  /** What was added. */
  get added(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#added);
  }

  // Handed on without their object.
  readonly env = (name: string): string | undefined =>
    this.#added.get(name) ?? this.#below.env(name);

  readonly setEnv = (name: string, value: string): boolean => {
    if (this.#reachesProcess && !this.#below.setEnv(name, value)) return false;
    this.#added.set(name, value);
    return true;
  };

  readonly envNames = (): readonly string[] => [
    ...new Set([...this.#below.envNames(), ...this.#added.keys()]),
  ];

  readonly onWarning = (message: string): void =>
    this.#below.onWarning(message);
}
