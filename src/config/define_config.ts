/** The content of a configuration file that is a module. */
import type { AsgiApp } from "../asgi.ts";
import type { OptionsInput } from "./options/mod.ts";

/**
 * What a configuration file may hold: every option of the API, and the application that the command
 * runs if none is named.
 */
export type ConfigFile = OptionsInput & {
  /** An application, or an import string such as `"main:app"`. */
  readonly app?: AsgiApp | string | undefined;
};

/**
 * Returns `config` as it is: a `tricorn.config.ts` that exports it is checked and completed by the
 * editor.
 *
 * @example
 * ```ts
 * import { defineConfig } from "jsr:@tricorn/serve";
 *
 * export default defineConfig({
 *   app: "main:app",
 *   port: 9000,
 *   headers: [["x-served-by", "tricorn"]],
 * });
 * ```
 */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}
