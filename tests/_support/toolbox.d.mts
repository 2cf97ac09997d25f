/** A runtime's program. */
export interface FoundRuntime {
  readonly name: string;
  /** Absolute path. */
  readonly program: string;
  readonly version: string;
}

/**
 * Finds a program that really is the runtime, recent enough, by asking it for its version.
 *
 * @param root Folder with node_modules.
 * @param runtime `deno`, `bun` or `node`.
 */
export function findRuntime(root: string, runtime: string): FoundRuntime;
