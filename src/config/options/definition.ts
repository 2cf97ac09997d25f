/** The type of an entry in the table of options. */
import type { OptionType, Verdict } from "./value_types.ts";

/** Sections of the help text, in order. */
export const OPTION_GROUPS = [
  "Application",
  "Binding",
  "TLS",
  "HTTP",
  "WebSocket",
  "Timeouts",
  "Limits",
  "Processes",
  "Reload",
  "Logging",
  "Control",
  "Health",
  "Topics",
  "Metrics",
  "Traces",
] as const;

/** One of {@linkcode OPTION_GROUPS}. */
export type OptionGroup = typeof OPTION_GROUPS[number];

/** One option: its flag, type, default, checks and help. */
export interface OptionDefinition<T = unknown> {
  readonly group: OptionGroup;
  /**
   * The long flag. Variables are `TRICORN_` and the option's name, or this flag, in capitals.
   * Options of programs only have one too, so that messages can suggest the option for Uvicorn's
   * name.
   */
  readonly flag: `--${string}`;
  /** Other spellings of the flag, short ones with one dash. */
  readonly aliases?: readonly string[];
  readonly type: OptionType;
  /** The default, in normal form: it is not checked. */
  readonly default: T;
  /** Shown as the default in the help, where the value alone is unclear. */
  readonly defaultText?: string;
  /** Variables of other tools, read when ours are unset. */
  readonly fallbackVariables?: readonly string[];
  /** Options that conflict with this one. */
  readonly excludes?: readonly string[];
  /** The reason, to follow a colon. Default: they name different places to listen. */
  readonly excludesBecause?: string;
  /** Whether logs and messages must not show the value. */
  readonly isSecret?: boolean;
  /** Checks beyond the type; returns the normal form. */
  readonly check?: (value: NonNullable<T>) => Verdict<NonNullable<T>>;
  /** One or two sentences; default and range are added. */
  readonly help: string;
}

/** An entry for every field of `T`. */
export type OptionTable<T> = {
  readonly [K in keyof T]: OptionDefinition<T[K]>;
};

/** Largest 32-bit integer: the maximum of `listen()` and of timers. */
export const MAX_INT: number = 2 ** 31 - 1;
/** Longest time, in seconds, that a timer of a JavaScript runtime can wait: 24 days. */
export const MAX_SECONDS: number = Math.floor(MAX_INT / 1000);

/** A duration, 0 included. */
export const SECONDS: OptionType = {
  kind: "number",
  min: 0,
  max: MAX_SECONDS,
  unit: "seconds",
};
/**
 * A duration above 0, for limits where 0 would fail at once. Deadlines are checked 4 times a
 * second.
 */
export const SOME_SECONDS: OptionType = {
  kind: "number",
  min: 0.1,
  max: MAX_SECONDS,
  unit: "seconds",
};
/** A flag with a `--no-` form. */
export const PAIR: OptionType = { kind: "boolean", isNegatable: true };
