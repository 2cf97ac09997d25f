/**
 * The one table of options. The command line, the environment, the API, the help text and
 * docs/settings.md are all read from it: a new option is a field and an entry in its group, a file
 * of options/.
 */
import { APPLICATION_OPTIONS, type ApplicationOptions } from "./application.ts";
import { BINDING_OPTIONS, type BindingOptions } from "./binding.ts";
import { TLS_OPTIONS, type TlsOptions } from "./tls.ts";
import { HTTP_OPTIONS, type HttpOptions } from "./http.ts";
import { WEBSOCKET_OPTIONS, type WebSocketOptions } from "./websocket.ts";
import { TIMEOUT_OPTIONS, type TimeoutOptions } from "./timeouts.ts";
import { LIMIT_OPTIONS, type LimitOptions } from "./limits.ts";
import { LOGGING_OPTIONS, type LoggingOptions } from "./logging.ts";
import type { OptionTable } from "./definition.ts";

/** Every option, checked and complete. Frozen. */
export interface Options
  extends
    ApplicationOptions,
    BindingOptions,
    TlsOptions,
    HttpOptions,
    WebSocketOptions,
    TimeoutOptions,
    LimitOptions,
    LoggingOptions {}

/**
 * What a caller may give: any of the options; `undefined` means the default. `bind` and
 * `forwardedAllowIps` may be a string.
 */
export type OptionsInput = {
  readonly [K in keyof Options]?:
    | Options[K]
    | (K extends "bind" | "forwardedAllowIps" ? string : never)
    | undefined;
};

/** All options, in the order of the help text. */
export const OPTIONS: OptionTable<Options> = {
  ...APPLICATION_OPTIONS,
  ...BINDING_OPTIONS,
  ...TLS_OPTIONS,
  ...HTTP_OPTIONS,
  ...WEBSOCKET_OPTIONS,
  ...TIMEOUT_OPTIONS,
  ...LIMIT_OPTIONS,
  ...LOGGING_OPTIONS,
};

/** The names of all options, in the order of the table. */
export const OPTION_NAMES: readonly (keyof Options)[] = Object.keys(
  OPTIONS,
) as (keyof Options)[];

/** Those that a text can give: by a flag or a variable. */
export const TEXT_OPTION_NAMES: readonly (keyof Options)[] = OPTION_NAMES
  .filter((name) => OPTIONS[name].type.kind !== "program");

/** The options that make no sense beside `name`. */
export function excludesOf(name: keyof Options): readonly (keyof Options)[] {
  return (OPTIONS[name].excludes ?? []) as readonly (keyof Options)[];
}

/**
 * The variables of an option, first the one to recommend (options:E-001). A repeatable flag is
 * read in the plural and in the singular; an alias of a flag has its variable too. None for what only
 * a program can give.
 */
export function variablesOf(name: keyof Options): readonly string[] {
  const { flag, aliases = [], type } = OPTIONS[name];
  if (type.kind === "program") return [];
  const words = [name.replace(/[A-Z]/g, "_$&")];
  for (const spelling of [flag, ...aliases]) {
    if (spelling.startsWith("--")) {
      words.push(spelling.slice(2).replaceAll("-", "_"));
    }
  }
  return [...new Set(words.map((word) => `TRICORN_${word.toUpperCase()}`))];
}
