/** Reads and checks options, from text or from a program, and fills in defaults. */
import { delimiter } from "node:path";
import { ConfigError } from "../errors.ts";
import { amongNames, hasOwnPrefix } from "./environment.ts";
import { hideFields } from "./hidden.ts";
import { mergeLayers, type OptionLayer, programLayer } from "./layers.ts";
import {
  checkValue,
  type OptionType,
  quote,
  readText,
  type Verdict,
} from "./options/value_types.ts";
import type { OptionDefinition } from "./options/definition.ts";
import {
  excludesOf,
  OPTION_NAMES,
  OPTIONS,
  type Options,
  type OptionsInput,
  variablesOf,
} from "./options/mod.ts";
import { insteadOf } from "./planned.ts";
import { didYouMean } from "../text/suggest.ts";

type Name = keyof Options;
type Values = { -readonly [K in Name]?: unknown };

/**
 * Checks that `input` can hold options at all.
 *
 * @throws ConfigError if it cannot.
 */
export function checkOptions(input: unknown): void {
  if (typeof input === "object" && input !== null && !Array.isArray(input)) {
    return;
  }
  throw new ConfigError(
    `Cannot use options: expected an object, got ${quote(input)}`,
  );
}

/**
 * Checks what a program gave and fills in defaults.
 *
 * @returns Frozen; a new object.
 * @throws ConfigError naming the first option that is unknown, wrong, or at odds with another.
 */
export function resolveOptions(input: OptionsInput): Options {
  const { values } = mergeLayers([programLayer(checkInput(input))]);
  const options: Values = {};
  for (const name of OPTION_NAMES) {
    const value = values[name];
    options[name] = value === undefined ? OPTIONS[name].default : value;
  }
  const secrets = OPTION_NAMES.filter((name) =>
    (OPTIONS[name] as OptionDefinition).isSecret
  );
  return Object.freeze(hideFields(options, secrets)) as unknown as Options;
}

/** How to check a set of options. */
export interface InputRules {
  /** Where they are, to follow a name, such as ` in 'tricorn.config.json'`. Default: `""`. */
  readonly place?: string;
  /**
   * Whether a text stands for what it says on the command line too: `"on"`, `"0660"`, a header as
   * one line. For data files, which have no octal numbers and, in YAML, several booleans. Default:
   * false.
   */
  readonly readsText?: boolean;
}

/**
 * Checks options one by one, without filling in defaults.
 *
 * @returns Only those that are given, in their normal form.
 * @throws ConfigError naming the first one that is unknown or wrong.
 */
export function checkInput(
  input: OptionsInput,
  { place = "", readsText = false }: InputRules = {},
): OptionsInput {
  checkOptions(input);
  for (const key of Object.keys(input)) {
    if (Object.hasOwn(OPTIONS, key)) continue;
    throw new ConfigError(
      `Unknown option "${printableKey(key)}"${place}${hint(key)}`,
    );
  }
  const given: Values = {};
  for (const name of OPTION_NAMES) {
    const spec = OPTIONS[name] as OptionDefinition;
    const value = input[name];
    if (value === undefined) continue;
    const read = readsText ? readData(spec.type, value) : { value };
    const verdict = normalForm(
      spec,
      "problem" in read ? read : checkValue(spec.type, read.value),
    );
    if ("problem" in verdict) {
      const problem = verdict.problem.replace(/\.$/, "");
      throw new ConfigError(`Cannot use option "${name}"${place}: ${problem}`);
    }
    given[name] = verdict.value;
  }
  return given as OptionsInput;
}

/** Reads the texts in a value of a data file. */
function readData(type: OptionType, value: unknown): Verdict<unknown> {
  if (type.kind === "list") {
    if (typeof value === "string" && type.takesOne) return { value: [value] };
    if (!Array.isArray(value)) return { value };
    const items: unknown[] = [];
    for (const item of value) {
      const read = typeof item === "string"
        ? type.readItem(item)
        : { value: item };
      if ("problem" in read) return read;
      items.push(read.value);
    }
    return { value: items };
  }
  const isText = type.kind === "text" || type.kind === "choice" ||
    type.kind === "program";
  return typeof value === "string" && !isText
    ? readText(type, value)
    : { value };
}

/**
 * Reads the variables of options: `TRICORN_*`, and the few of other tools in the table.
 *
 * @param env Looks one variable up; `undefined` if it is unset. Asked only for names of the table,
 * one by one: Deno may allow just those.
 * @param isSet Options of a higher layer, whose variables are not read.
 * @param below Options of the next lower layer: where they name another place to listen, PORT is not
 * read.
 * @param placeOf Where a variable was set, such as ` in '.env', line 2`; by default `""`.
 * @param names Names of all variables. Hardly any start has one of ours: it then asks for none, which
 * was a tenth of its CPU on Bun. By default, and if it is empty, they are not known.
 * @returns A layer that names options by the variables they were read from.
 * @throws ConfigError worded as for the flag, and naming the variable.
 */
export function environmentLayer(
  env: (name: string) => string | undefined,
  isSet: (name: Name) => boolean = () => false,
  below: OptionsInput = {},
  placeOf: (variable: string) => string = () => "",
  names: readonly string[] = [],
): OptionLayer {
  const values: Values = {};
  const variables = new Map<Name, string>();
  const lookUp = amongNames(names, env);
  const read = (name: Name, candidates: readonly string[]): void => {
    const variable = candidates.find((each) => (lookUp(each) ?? "") !== "");
    if (variable === undefined) return;
    values[name] = readVariable(name, variable, lookUp(variable)!, placeOf);
    variables.set(name, variable + placeOf(variable));
  };
  if (hasOwnPrefix(names)) {
    for (const name of OPTION_NAMES) {
      if (!isSet(name)) read(name, variablesOf(name));
    }
  }
  for (const name of OPTION_NAMES) {
    const { fallbackVariables } = OPTIONS[name];
    if (
      fallbackVariables === undefined || isSet(name) ||
      values[name] !== undefined
    ) continue;
    // A platform sets PORT for every process: it does not override the choice of a UNIX socket.
    const isBeside = OPTION_NAMES.some((other) =>
      excludesOf(other).includes(name) &&
      (values[other] !== undefined || below[other] !== undefined ||
        isSet(other))
    );
    if (!isBeside) read(name, fallbackVariables);
  }
  return {
    values: values as OptionsInput,
    nameOf: (name) =>
      variables.get(name) ?? variablesOf(name)[0] ?? `"${name}"`,
  };
}

/**
 * Reads the text of a flag or variable; messages are worded as Click's, which Uvicorn uses.
 *
 * @param texts One text; of a list, every item.
 * @throws ConfigError `Invalid value for '--port': …`.
 */
export function readOption(name: Name, texts: readonly string[]): unknown {
  const spec = OPTIONS[name] as OptionDefinition;
  const verdict = normalForm(spec, readTexts(spec, texts));
  if ("value" in verdict) return verdict.value;
  throw new ConfigError(`Invalid value for '${spec.flag}': ${verdict.problem}`);
}

function readTexts(
  spec: OptionDefinition,
  texts: readonly string[],
): Verdict<unknown> {
  // As in Click, the last of several flags counts.
  if (spec.type.kind !== "list") return readText(spec.type, texts.at(-1)!);
  const items: unknown[] = [];
  for (const text of texts) {
    const verdict = readText(spec.type, text);
    if ("problem" in verdict) return verdict;
    items.push(verdict.value);
  }
  return { value: items };
}

function normalForm(
  spec: OptionDefinition,
  verdict: Verdict<unknown>,
): Verdict<unknown> {
  if ("problem" in verdict) {
    return spec.isSecret === true
      ? { problem: "expected a string without null characters." }
      : verdict;
  }
  const { value } = verdict;
  if (spec.check === undefined || value === null) return verdict;
  return spec.check(value as NonNullable<unknown>);
}

function readVariable(
  name: Name,
  variable: string,
  text: string,
  placeOf: (variable: string) => string,
): unknown {
  const { type } = OPTIONS[name];
  const texts = type.kind === "list"
    ? text.split(type.isPaths ? delimiter : /\s+/).filter((item) => item !== "")
    : [text];
  try {
    return readOption(name, texts);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      `${error.message} (from the environment variable ${variable}${
        placeOf(variable)
      })`,
    );
  }
}

function hint(key: string): string {
  // The name of a flag, ours or Uvicorn's: suggest the option.
  const flag = `--${
    key.replace(/[A-Z]/g, "-$&").replaceAll("_", "-").toLowerCase()
  }`;
  const instead = insteadOf(flag);
  if (instead !== undefined) {
    return `: it is not there yet, until then ${instead}`;
  }
  const named = OPTION_NAMES.find((name) =>
    OPTIONS[name].flag === flag || OPTIONS[name].aliases?.includes(flag)
  );
  const names = named === undefined ? didYouMean(key, OPTION_NAMES) : [named];
  if (names.length === 0) return "";
  return `: did you mean ${names.map((name) => `"${name}"`).join(" or ")}?`;
}

function printableKey(key: string): string {
  return quote(key).slice(1, -1);
}
