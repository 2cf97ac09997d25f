/** Parses the arguments of the command, by the table of options. */
import { ConfigError } from "../errors.ts";
import {
  OPTIONS,
  type Options,
  type OptionsInput,
  TEXT_OPTION_NAMES,
} from "../config/options/mod.ts";
import { printable } from "../text/printable.ts";
import { quote } from "../config/options/value_types.ts";
import { insteadOf } from "../config/planned.ts";
import { readOption } from "../config/resolve.ts";
import { didYouMean } from "../text/suggest.ts";

/** First line of the help and of every usage error. */
export const USAGE = "Usage: tricorn [OPTIONS] APP";

/** Parsed arguments. */
export type Command =
  | { readonly action: "help" | "version" }
  | {
    readonly action: "completion";
    readonly shell: "bash" | "zsh" | "fish";
  }
  | RunCommand;

/** Commands for a server that runs: the first argument, exactly so. */
export const SUB_COMMANDS = ["status", "stop", "reload", "top"] as const;

/** One of {@linkcode SUB_COMMANDS}. */
export type SubCommand = typeof SUB_COMMANDS[number];

/** Whether `word` is a command for a server that runs, and not the name of a module. */
export function isSubCommand(word: string | undefined): word is SubCommand {
  return (SUB_COMMANDS as readonly (string | undefined)[]).includes(word);
}

/** The word that sends one request to an application instead of serving it. */
export const FETCH = "fetch";

/** A server that is to be run. */
export interface RunCommand {
  readonly action: "run";
  /** `undefined` if it was not given. */
  readonly app: string | undefined;
  /** Only those that were given. */
  readonly options: OptionsInput;
  /** Path of the configuration file; `""` for none. `undefined` if it was not given. */
  readonly config?: string | undefined;
  /** Whether it is only to be checked. Default: false. */
  readonly isCheck?: boolean;
}

/** A flag of the command alone; no option of a server. */
export interface CommandFlag {
  readonly flag: `--${string}`;
  readonly aliases: readonly string[];
  readonly action: "config" | "check" | "completion" | "version" | "help";
  /** What its value is called; `undefined` if it takes none. */
  readonly metavar?: string;
  /** What its value has to be one of. */
  readonly choices?: readonly string[];
  /** The variable that stands for it. */
  readonly variable?: string;
  /** One or two sentences. */
  readonly help: string;
}

/** All of them, in the order of the help text. */
export const COMMAND_FLAGS: readonly CommandFlag[] = [
  {
    flag: "--config",
    aliases: [],
    action: "config",
    metavar: "PATH",
    variable: "TRICORN_CONFIG",
    help:
      "Read options from this file: .ts, .mts, .js, .mjs, .json or .yaml, or the key tricorn of " +
      "deno.json or package.json. Without it, tricorn.config with one of these extensions is read " +
      "from the working directory.",
  },
  {
    flag: "--check",
    aliases: [],
    action: "check",
    help:
      "Load configuration and application, say what would run and where each setting comes from, " +
      "and exit.",
  },
  {
    flag: "--completion",
    aliases: [],
    action: "completion",
    metavar: "[bash|zsh|fish]",
    choices: ["bash", "zsh", "fish"],
    help: "Print a script that completes options in this shell, and exit.",
  },
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
];

/** Meaning of one spelling on the command line. */
type Flag =
  | { readonly action: "help" | "version" | "check" }
  | { readonly action: "config" | "completion"; readonly takesValue: true }
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
  const texts: { config?: string; completion?: string } = {};
  let isCheck = false;
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
    } else if ("action" in flag && !("takesValue" in flag)) {
      if (value === undefined) {
        if (flag.action !== "check") return { action: flag.action };
        isCheck = true;
      } else mistake ??= `Option '${spelling}' does not take a value.`;
    } else if ("sets" in flag && flag.sets !== undefined) {
      if (value !== undefined) {
        mistake ??= `Option '${spelling}' does not take a value.`;
      }
      switched.set(flag.name, flag.sets);
    } else {
      // "-1" is a value. The name of another option is not: the value is missing.
      const text = value ?? (isFlag(args[at + 1]) ? undefined : args[++at]);
      if (text === undefined) {
        mistake ??= `Option '${spelling}' requires an argument.`;
      } else if ("action" in flag) texts[flag.action] = text;
      else given.set(flag.name, [...given.get(flag.name) ?? [], text]);
    }
  }
  if (mistake !== undefined) throw new ConfigError(mistake);
  if (texts.completion !== undefined) return completionOf(texts.completion);
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
  const command = {
    action: "run",
    app,
    options: options as OptionsInput,
  } as const;
  return {
    ...command,
    ...texts.config === undefined ? {} : { config: texts.config },
    ...isCheck ? { isCheck } : {},
  };
}

function completionOf(shell: string): Command {
  if (shell === "bash" || shell === "zsh" || shell === "fish") {
    return { action: "completion", shell };
  }
  throw new ConfigError(
    `Invalid value for '--completion': ${
      quote(shell)
    } is not one of 'bash', 'zsh', 'fish'.`,
  );
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
  for (const { flag, aliases, action } of COMMAND_FLAGS) {
    const meaning: Flag = action === "config" || action === "completion"
      ? { action, takesValue: true }
      : { action };
    for (const spelling of [flag, ...aliases]) flags.set(spelling, meaning);
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

/** Whether the argument behind this one is its value. */
export function takesNext(argument: string): boolean {
  const { spelling, value } = takeApart(argument);
  const flag = FLAGS.get(spelling);
  if (flag === undefined || value !== undefined) return false;
  return "takesValue" in flag || ("name" in flag && flag.sets === undefined);
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
