/** Parses the arguments of the command, by the table of options. */
import { ConfigError } from "../errors.ts";
import {
  OPTIONS,
  type Options,
  type OptionsInput,
  TEXT_OPTION_NAMES,
} from "../config/options/mod.ts";
import { printable } from "../config/options/value_types.ts";
import { insteadOf } from "../config/planned.ts";
import { readOption } from "../config/resolve.ts";
import { didYouMean } from "../text/suggest.ts";

/** Parsed arguments. */
export type Command =
  | { readonly action: "help" | "version" }
  | {
    readonly action: "run";
    /** `undefined` if it was not given. */
    readonly app: string | undefined;
    /** Only those that were given. */
    readonly options: OptionsInput;
  };

/** Flags that print a text and exit; not options. */
export const ACTIONS = [
  {
    flag: "--version",
    aliases: [],
    action: "version",
    help: "Show the version and exit.",
  },
  {
    flag: "--help",
    aliases: ["-h"],
    action: "help",
    help: "Show this text and exit.",
  },
] as const;

/** Meaning of one spelling on the command line. */
type Flag =
  | { readonly action: "help" | "version" }
  | { readonly name: keyof Options; readonly sets?: boolean };

const FLAGS: ReadonlyMap<string, Flag> = allFlags();

/**
 * Parses arguments in any order. `--version` and `--help` take precedence, even over errors.
 *
 * @throws ConfigError for the first error, worded as Click's, which Uvicorn uses.
 */
export function parseFlags(args: readonly string[]): Command {
  const given = new Map<keyof Options, string[]>();
  const switched = new Map<keyof Options, boolean>();
  const positionals: string[] = [];
  let mistake: string | undefined;

  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    if (argument === "--") {
      positionals.push(...args.slice(at + 1));
      break;
    }
    if (!argument.startsWith("-") || argument === "-") {
      positionals.push(argument);
      continue;
    }
    const { spelling, value } = takeApart(argument);
    const flag = FLAGS.get(spelling);
    if (flag === undefined) {
      mistake ??= unknown(spelling);
    } else if ("action" in flag) {
      if (value === undefined) return { action: flag.action };
      mistake ??= `Option '${spelling}' does not take a value.`;
    } else if (flag.sets !== undefined) {
      if (value !== undefined) {
        mistake ??= `Option '${spelling}' does not take a value.`;
      }
      switched.set(flag.name, flag.sets);
    } else {
      // "-1" is a value. The name of another option is not: the value is missing.
      const text = value ?? (isFlag(args[at + 1]) ? undefined : args[++at]);
      if (text === undefined) {
        mistake ??= `Option '${spelling}' requires an argument.`;
      } else given.set(flag.name, [...given.get(flag.name) ?? [], text]);
    }
  }
  if (mistake !== undefined) throw new ConfigError(mistake);
  const [app, ...extra] = positionals;
  if (extra.length > 0) {
    const plural = extra.length === 1 ? "" : "s";
    throw new ConfigError(
      `Got unexpected extra argument${plural} (${printable(extra.join(" "))})`,
    );
  }
  const options: { -readonly [K in keyof Options]?: unknown } = Object
    .fromEntries(
      switched,
    );
  for (const [name, texts] of given) options[name] = readOption(name, texts);
  return { action: "run", app, options: options as OptionsInput };
}

/** Returns `--no-x` for `--x`. */
export function negated(flag: string): string {
  return `--no-${flag.slice(2)}`;
}

function allFlags(): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const name of TEXT_OPTION_NAMES) {
    const { flag, aliases = [], type } = OPTIONS[name];
    for (const spelling of [flag, ...aliases]) {
      flags.set(
        spelling,
        type.kind === "boolean" ? { name, sets: true } : { name },
      );
    }
    if (type.kind === "boolean" && type.isNegatable) {
      flags.set(negated(flag), { name, sets: false });
    }
  }
  for (const { flag, aliases, action } of ACTIONS) {
    for (const spelling of [flag, ...aliases]) flags.set(spelling, { action });
  }
  return flags;
}

/** Splits `--port=80`, `-p80` and `--port` into spelling and value. */
function takeApart(
  argument: string,
): { spelling: string; value: string | undefined } {
  if (!argument.startsWith("--")) {
    // A short flag with its value attached; unchanged if there is no such flag.
    const short = argument.slice(0, 2);
    const value = argument.length > 2 && FLAGS.has(short)
      ? argument.slice(2)
      : undefined;
    return { spelling: value === undefined ? argument : short, value };
  }
  const equals = argument.indexOf("=");
  if (equals < 0) return { spelling: argument, value: undefined };
  return {
    spelling: argument.slice(0, equals),
    value: argument.slice(equals + 1),
  };
}

function isFlag(argument: string | undefined): boolean {
  return argument === "--" ||
    (argument !== undefined && FLAGS.has(takeApart(argument).spelling));
}

function unknown(spelling: string): string {
  const instead = insteadOf(spelling);
  if (instead !== undefined) {
    return `No such option '${spelling}' yet: until then, ${instead}.`;
  }
  const text = `No such option '${printable(spelling)}'.`;
  // Compared without the dashes: a common prefix makes all names look similar.
  const words = [...FLAGS.keys()].filter((flag) => flag.startsWith("--"))
    .map((flag) => flag.slice(2));
  const word = spelling.replace(/^-+/, "");
  let close = didYouMean(word, words);
  if (close.length === 0) close = didYouMean(word.replace(/^no-/, ""), words);
  if (close.length === 0) return text;
  const names = close.map((word) => `'--${word}'`).join(", ");
  return close.length === 1
    ? `${text} (Did you mean ${names}?)`
    : `${text} (Did you mean one of: ${names}?)`;
}
