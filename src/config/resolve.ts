/** Flags over environment over defaults: checked, then frozen (options:E-008). */
import { ConfigError } from "../errors.ts";
import { hideFields } from "./hidden.ts";
import {
  checkValue,
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
import { tlsProblem } from "./options/tls.ts";
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
  const values: Values = {};
  checkOptions(input);
  for (const key of Object.keys(input)) {
    if (Object.hasOwn(OPTIONS, key)) continue;
    throw new ConfigError(`Unknown option "${printableKey(key)}"${hint(key)}`);
  }
  for (const name of OPTION_NAMES) {
    const spec = OPTIONS[name] as OptionDefinition;
    const given = input[name];
    if (given === undefined) {
      values[name] = spec.default;
      continue;
    }
    const verdict = normalForm(spec, checkValue(spec.type, given));
    if ("problem" in verdict) {
      const problem = verdict.problem.replace(/\.$/, "");
      throw new ConfigError(`Cannot use option "${name}": ${problem}`);
    }
    values[name] = verdict.value;
  }
  refuseConflicts(input, (name) => `"${name}"`);
  const problem = tlsProblem(values as OptionsInput, (name) => `"${name}"`);
  if (problem !== undefined) throw new ConfigError(problem);
  const secrets = OPTION_NAMES.filter((name) =>
    (OPTIONS[name] as OptionDefinition).isSecret
  );
  return Object.freeze(hideFields(values, secrets)) as unknown as Options;
}

/**
 * Reads `TRICORN_*` variables, and the few foreign ones of the table (options:E-001 to E-007).
 *
 * @param env Looks one variable up; `undefined` if it is unset. Only names of the table are asked
 * for, one by one: Deno may allow just those.
 * @param isSet Options given by flags, whose variables are not even read.
 * @throws ConfigError worded like that for the flag, and naming the variable.
 */
export function optionsFromEnvironment(
  env: (name: string) => string | undefined,
  isSet: (name: Name) => boolean = () => false,
): OptionsInput {
  const values: Values = {};
  for (const name of OPTION_NAMES) {
    if (!isSet(name)) readVariables(values, name, variablesOf(name), env);
  }
  for (const name of OPTION_NAMES) {
    const { fallbackVariables } = OPTIONS[name];
    if (
      fallbackVariables === undefined || isSet(name) ||
      values[name] !== undefined
    ) continue;
    // A platform sets PORT for everybody: somebody who chose a UNIX socket did not mean it.
    const isBeside = OPTION_NAMES.some((other) =>
      excludesOf(other).includes(name) &&
      (values[other] !== undefined || isSet(other))
    );
    if (!isBeside) readVariables(values, name, fallbackVariables, env);
  }
  return values as OptionsInput;
}

/**
 * Reads the text of a flag or variable, with Click's words for what is wrong (options:E-007).
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

/** Puts flags over the environment; a flag also beats variables that exclude it. */
export function mergeOptions(
  flags: OptionsInput,
  environment: OptionsInput,
): OptionsInput {
  refuseConflicts(flags, (name) => `'${OPTIONS[name].flag}'`);
  const kept: Values = { ...environment };
  for (const name of OPTION_NAMES) {
    for (const other of excludesOf(name)) {
      if (flags[name] !== undefined) delete kept[other];
      if (flags[other] !== undefined) delete kept[name];
    }
  }
  refuseConflicts(kept as OptionsInput, (name) => variablesOf(name)[0]!);
  const merged = { ...kept, ...flags } as OptionsInput;
  const problem = tlsProblem(
    merged,
    (name) =>
      kept[name] === undefined || flags[name] !== undefined
        ? `'${OPTIONS[name].flag}'`
        : variablesOf(name)[0]!,
  );
  if (problem !== undefined) throw new ConfigError(problem);
  return merged;
}

function readTexts(
  spec: OptionDefinition,
  texts: readonly string[],
): Verdict<unknown> {
  if (spec.type.kind !== "list") return readText(spec.type, texts.at(-1)!); // options:C-002
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
  if (spec.check === undefined) return verdict;
  return spec.check(verdict.value as NonNullable<unknown>);
}

function readVariables(
  values: Values,
  name: Name,
  variables: readonly string[],
  env: (name: string) => string | undefined,
): void {
  for (const variable of variables) {
    const text = env(variable);
    if (text === undefined || text === "") continue; // options:E-004
    const isList = OPTIONS[name].type.kind === "list";
    const texts = isList
      ? text.split(/\s+/).filter((item) => item !== "")
      : [text];
    try {
      values[name] = readOption(name, texts);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(
        `${error.message} (from the environment variable ${variable})`,
      );
    }
    return;
  }
}

function refuseConflicts(
  input: OptionsInput,
  show: (name: Name) => string,
): void {
  for (const name of OPTION_NAMES) {
    // A flag that is off stands in nobody's way.
    if (input[name] === undefined || input[name] === false) continue;
    const other = excludesOf(name).find((excluded) =>
      input[excluded] !== undefined && input[excluded] !== false
    );
    if (other === undefined) continue;
    const reason = (OPTIONS[name] as OptionDefinition).excludesBecause ??
      "they name different places to listen";
    throw new ConfigError( // options:O-014
      `Cannot use ${show(name)} together with ${show(other)}: ${reason}`,
    );
  }
}

function hint(key: string): string {
  // Who comes with the name of a flag, ours or Uvicorn's, is told the name here.
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
