/** Types of option values: reading them from text, checking those that a program gives. */
import { printable } from "../../text/printable.ts";

/** A value in its normal form, or the problem: a sentence with its period. */
export type Verdict<T> = { readonly value: T } | { readonly problem: string };

/** The kinds of options. */
export type OptionType =
  /** On the command line a flag without a value; with `isNegatable` also `--no-…`. */
  | { readonly kind: "boolean"; readonly isNegatable?: boolean }
  /** Takes a word such as `true` on the command line too, as Uvicorn's flag does. */
  | { readonly kind: "switch" }
  | {
    readonly kind: "integer" | "number";
    /** Smallest and largest value allowed. */
    readonly min: number;
    readonly max: number;
    readonly unit?: string;
    /** A word that stands for a number found at the start, such as `auto`. */
    readonly orWord?: string;
  }
  /** Octal digits as text; a number in a program. */
  | { readonly kind: "octal"; readonly max: number }
  | {
    readonly kind: "choice";
    readonly choices: readonly string[];
    readonly ignoresCase?: boolean;
    /** Other spellings; those of digits may be numbers in a program. */
    readonly aliases?: Readonly<Record<string, string>>;
  }
  | {
    readonly kind: "text";
    readonly metavar: string;
    /** What a program may give besides a string. */
    readonly orProgram?: {
      /** All that it may give, each with its article. */
      readonly noun: string;
      readonly accepts: (value: unknown) => boolean;
    };
  }
  | {
    /**
     * Repeatable; a variable holds items separated by white space, or, of `isPaths`, as in the
     * system's PATH: by colons, on Windows by semicolons.
     */
    readonly kind: "list";
    readonly isPaths?: boolean;
    /** Whether a program may give a single string. */
    readonly takesOne?: boolean;
    readonly metavar: string;
    readonly readItem: (text: string) => Verdict<unknown>;
  }
  | {
    /** Programs only: no flag and no variable. */
    readonly kind: "program";
    /** What is expected, with its article. */
    readonly noun: string;
    readonly accepts: (value: unknown) => boolean;
  };

const TRUE_WORDS: ReadonlySet<string> = new Set([
  "1",
  "true",
  "t",
  "yes",
  "y",
  "on",
]);
const FALSE_WORDS: ReadonlySet<string> = new Set([
  "0",
  "false",
  "f",
  "no",
  "n",
  "off",
]);

/** Reads one value from a flag or a variable. Of a list: one item. */
export function readText(type: OptionType, text: string): Verdict<unknown> {
  switch (type.kind) {
    case "switch":
    case "boolean": { // the words of Click's boolean type
      const word = text.trim().toLowerCase();
      if (TRUE_WORDS.has(word)) return { value: true };
      if (FALSE_WORDS.has(word)) return { value: false };
      const words = [...TRUE_WORDS, ...FALSE_WORDS].sort().join(", ");
      return {
        problem: `${
          quote(text)
        } is not a valid boolean. Recognized values: ${words}`,
      };
    }
    case "integer":
      if (type.orWord !== undefined && text.trim() === type.orWord) {
        return { value: type.orWord };
      }
      // Not Number() alone: it reads "" as 0, "0x50" as 80 and "1e3" as 1000.
      if (!/^\s*[+-]?\d+\s*$/.test(text)) {
        return { problem: `${quote(text)} is not a valid ${nounOf(type)}.` };
      }
      return checkValue(type, Number(text));
    case "number":
      if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) {
        return { problem: `${quote(text)} is not a valid float.` };
      }
      return checkValue(type, Number(text));
    case "octal":
      if (!/^\s*(0o)?[0-7]+\s*$/i.test(text)) {
        return { problem: `${quote(text)} is not an octal number.` };
      }
      return checkValue(type, parseInt(text.trim().replace(/^0o/i, ""), 8));
    case "choice":
    case "text":
      return checkValue(type, text);
    case "list":
      return type.readItem(text);
    case "program":
      return { problem: `${quote(text)} is not ${type.noun}.` };
  }
}

/** Checks a value that a program gave. */
export function checkValue(type: OptionType, value: unknown): Verdict<unknown> {
  switch (type.kind) {
    case "switch":
    case "boolean":
      if (typeof value === "boolean") return { value };
      return { problem: `${quote(value)} is not a valid boolean.` };
    case "integer":
    case "number": {
      if (type.orWord !== undefined && value === type.orWord) return { value };
      if (typeof value !== "number" || Number.isNaN(value)) {
        return { problem: `${quote(value)} is not a valid ${nounOf(type)}.` };
      }
      if (
        type.kind === "integer" && Number.isFinite(value) &&
        !Number.isInteger(value)
      ) {
        return { problem: `${value} is not a valid integer.` };
      }
      if (value < type.min || value > type.max) {
        return {
          problem: `${value} is not in the range ${type.min}<=x<=${type.max}.`,
        };
      }
      return { value: value + 0 }; // -0 becomes 0
    }
    case "octal":
      if (
        typeof value !== "number" || !Number.isInteger(value) || value < 0 ||
        value > type.max
      ) {
        const shown = typeof value === "number" && Number.isInteger(value)
          ? value.toString(8)
          : quote(value);
        return {
          problem: `${shown} is not in the range 0<=x<=${
            type.max.toString(8)
          }, in octal.`,
        };
      }
      return { value };
    case "choice": {
      const spelling = type.ignoresCase && typeof value === "string"
        ? value.toLowerCase()
        : value;
      const word = wordFor(type.aliases, spelling);
      if (typeof word === "string" && type.choices.includes(word)) {
        return { value: word };
      }
      const choices = type.choices.map((choice) => `'${choice}'`).join(", ");
      return { problem: `${quote(value)} is not one of ${choices}.` };
    }
    case "text":
      if (typeof value !== "string") {
        const { orProgram } = type;
        if (orProgram?.accepts(value)) return { value };
        return {
          problem: `${quote(value)} is not ${orProgram?.noun ?? "a string"}.`,
        };
      }
      // Not valid in a path, host or name; system calls treat it as the end of the text.
      if (value.includes("\0")) {
        return { problem: `${quote(value)} holds a null character.` };
      }
      return { value };
    case "list":
      if (type.takesOne && typeof value === "string") {
        return { value: [value] };
      }
      if (!Array.isArray(value)) {
        return { problem: `${quote(value)} is not an array.` };
      }
      return { value };
    case "program":
      if (type.accepts(value)) return { value };
      return { problem: `${quote(value)} is not ${type.noun}.` };
  }
}

function nounOf(
  { kind, orWord }: OptionType & { kind: "integer" | "number" },
): string {
  const noun = kind === "integer" ? "integer" : "float";
  return orWord === undefined ? noun : `${noun} or '${orWord}'`;
}

function wordFor(
  aliases: Readonly<Record<string, string>> = {},
  value: unknown,
): unknown {
  if (typeof value !== "string" && typeof value !== "number") return value;
  return Object.hasOwn(aliases, value) ? aliases[value] : value;
}

/**
 * Formats a value as one printable line: text in quotes, control characters escaped, cut at 200.
 */
export function quote(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") {
    return String(value);
  }
  if (typeof value === "boolean" || value === null || value === undefined) {
    return String(value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "string") {
    return Array.isArray(value) ? "an array" : "an object";
  }
  const cut = value.length > 200 ? `${value.slice(0, 200)}…` : value;
  return `'${printable(cut)}'`;
}
