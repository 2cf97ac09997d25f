/**
 * The one table of options. The command line, the environment, the API, the help text and
 * docs/settings.md all read it. A new option is a field and an entry in the file of its group.
 */
import { APPLICATION_OPTIONS, type ApplicationOptions } from "./application.ts";
import { BINDING_OPTIONS, type BindingOptions } from "./binding.ts";
import { TLS_OPTIONS, type TlsOptions } from "./tls.ts";
import { HTTP_OPTIONS, type HttpOptions } from "./http.ts";
import { WEBSOCKET_OPTIONS, type WebSocketOptions } from "./websocket.ts";
import { TIMEOUT_OPTIONS, type TimeoutOptions } from "./timeouts.ts";
import { LIMIT_OPTIONS, type LimitOptions } from "./limits.ts";
import { PROCESS_OPTIONS, type ProcessOptions } from "./processes.ts";
import { RELOAD_OPTIONS, type ReloadOptions } from "./reload.ts";
import { LOGGING_OPTIONS, type LoggingOptions } from "./logging.ts";
import { ACCESS_LOG_OPTIONS, type AccessLogOptions } from "./access_log.ts";
import { CONTROL_OPTIONS, type ControlOptions } from "./control.ts";
import { HEALTH_OPTIONS, type HealthOptions } from "./health.ts";
import { TOPIC_OPTIONS, type TopicOptions } from "./topics.ts";
import { METRICS_OPTIONS, type MetricsOptions } from "./metrics.ts";
import { TRACE_OPTIONS, type TraceOptions } from "./traces.ts";
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
    ProcessOptions,
    ReloadOptions,
    LoggingOptions,
    AccessLogOptions,
    ControlOptions,
    HealthOptions,
    TopicOptions,
    MetricsOptions,
    TraceOptions {}

/**
 * Options as a program gives them: all are optional, `undefined` means the default. `bind`,
 * `forwardedAllowIps`, `forwardedHeaders`, `accessLogExclude`, `envFile` and the lists of `reload…`
 * may also be a single string.
 */
export type OptionsInput = {
  readonly [K in keyof Options]?:
    | Options[K]
    | (K extends
      | "bind"
      | "forwardedAllowIps"
      | "forwardedHeaders"
      | "accessLogExclude"
      | "envFile"
      | "reloadDirs"
      | "reloadIncludes"
      | "reloadExcludes" ? string
      : never)
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
  ...PROCESS_OPTIONS,
  ...RELOAD_OPTIONS,
  ...LOGGING_OPTIONS,
  ...ACCESS_LOG_OPTIONS,
  ...CONTROL_OPTIONS,
  ...HEALTH_OPTIONS,
  ...TOPIC_OPTIONS,
  ...METRICS_OPTIONS,
  ...TRACE_OPTIONS,
};

/** The names of all options, in the order of the table. */
export const OPTION_NAMES: readonly (keyof Options)[] = Object.keys(
  OPTIONS,
) as (keyof Options)[];

/** The options with a flag and a variable. */
export const TEXT_OPTION_NAMES: readonly (keyof Options)[] = OPTION_NAMES
  .filter((name) => OPTIONS[name].type.kind !== "program");

/** The options that conflict with `name`. */
export function excludesOf(name: keyof Options): readonly (keyof Options)[] {
  return (OPTIONS[name].excludes ?? []) as readonly (keyof Options)[];
}

/**
 * The variables of an option, the recommended one first. A repeatable flag has a variable in the
 * plural and one in the singular; each alias of a flag has one too. Empty for options of programs
 * only.
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
