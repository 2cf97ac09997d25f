/** What an entry of the table of options is made of. */
import type { OptionType, Verdict } from "./value_types.ts";

/** Chapters of the help text, in their order. */
export const OPTION_GROUPS = [
  "Application",
  "Binding",
  "TLS",
  "HTTP",
  "WebSocket",
  "Timeouts",
  "Limits",
  "Logging",
] as const;

/** One of {@linkcode OPTION_GROUPS}. */
export type OptionGroup = typeof OPTION_GROUPS[number];

/** One option, wherever it is given. */
export interface OptionDefinition<T = unknown> {
  readonly group: OptionGroup;
  /**
   * The long flag. Its variable is `TRICORN_` and the option's name, or this, in capitals. Of what
   * only a program can give it is just a name, for who comes with Uvicorn's.
   */
  readonly flag: `--${string}`;
  /** Other spellings of the flag, short ones with one dash. */
  readonly aliases?: readonly string[];
  readonly type: OptionType;
  /** Used where nothing is given. Not checked: it must be right. */
  readonly default: T;
  /** How the help shows the default where its value says too little. */
  readonly defaultText?: string;
  /** Foreign variables read when ours are unset. */
  readonly fallbackVariables?: readonly string[];
  /** Options that make no sense beside this one. */
  readonly excludes?: readonly string[];
  /** Why not, to follow a colon. Default: they name different places to listen. */
  readonly excludesBecause?: string;
  /** Whether no log and no message may show it. */
  readonly isSecret?: boolean;
  /** Checks beyond the type, and brings the value into its normal form. */
  readonly check?: (value: NonNullable<T>) => Verdict<NonNullable<T>>;
  /** One or two sentences, without default and range: those are added. */
  readonly help: string;
}

/** An entry for every field of `T`. */
export type OptionTable<T> = {
  readonly [K in keyof T]: OptionDefinition<T[K]>;
};

/** Largest 32-bit integer: what `listen()` and timers take. */
export const MAX_INT: number = 2 ** 31 - 1;
/** Longest time, in seconds, that a timer of a JavaScript runtime can wait: 24 days. */
export const MAX_SECONDS: number = Math.floor(MAX_INT / 1000);

/** A time of any length, none included. */
export const SECONDS: OptionType = {
  kind: "number",
  min: 0,
  max: MAX_SECONDS,
  unit: "seconds",
};
/** Where 0 would end everything before it began. The clock ticks four times a second. */
export const SOME_SECONDS: OptionType = {
  kind: "number",
  min: 0.1,
  max: MAX_SECONDS,
  unit: "seconds",
};
/** A flag with a `--no-` twin. */
export const PAIR: OptionType = { kind: "boolean", isNegatable: true };
