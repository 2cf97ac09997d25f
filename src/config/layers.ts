/**
 * Sources of options, one over the other: flags over variables over the configuration file over
 * defaults. Each value keeps the name that it has in its source, for messages.
 */
import { ConfigError } from "../errors.ts";
import type { OptionDefinition } from "./options/definition.ts";
import {
  excludesOf,
  OPTION_NAMES,
  OPTIONS,
  type Options,
  type OptionsInput,
} from "./options/mod.ts";
import { adminProblem } from "./options/health.ts";
import { tlsProblem } from "./options/tls.ts";
import { quote } from "./options/value_types.ts";

/** One source of options. */
export interface OptionLayer {
  /** What it gives, checked option by option. */
  readonly values: OptionsInput;
  /** How this source calls an option, quoted as in messages, whether it gives it or not. */
  nameOf(name: keyof Options): string;
}

/** What a program gives: options under their own names. */
export function programLayer(values: OptionsInput): OptionLayer {
  return { values, nameOf: (name) => `"${name}"` };
}

/** What the command line gives: options under the names of their flags. */
export function flagLayer(values: OptionsInput): OptionLayer {
  return { values, nameOf: (name) => `'${OPTIONS[name].flag}'` };
}

/** What the configuration file at `path` gives. */
export function fileLayer(values: OptionsInput, path: string): OptionLayer {
  return { values, nameOf: (name) => `"${name}" in ${quote(path)}` };
}

/**
 * Merges layers. A value hides those of lower layers for the same option, and for options that
 * conflict with it: `--uds` hides `TRICORN_PORT`.
 *
 * @param layers The highest first; at least one.
 * @returns What they give together; `nameOf()` names an option as the layer does that gives it, and
 * one that no layer gives as the highest layer.
 * @throws ConfigError if two options of one layer conflict, or options of TLS or of the admin listener
 * do not fit together.
 */
export function mergeLayers(layers: readonly OptionLayer[]): OptionLayer {
  const values: { -readonly [K in keyof Options]?: unknown } = {};
  const sources = new Map<keyof Options, OptionLayer>();
  const merged: OptionLayer = {
    values: values as OptionsInput,
    nameOf: (name) => (sources.get(name) ?? layers[0]!).nameOf(name),
  };
  for (const layer of layers) {
    const kept = OPTION_NAMES.filter((name) =>
      layer.values[name] !== undefined && !isHidden(name, merged.values)
    );
    for (const name of kept) {
      values[name] = layer.values[name];
      sources.set(name, layer);
    }
    refuseConflicts(merged);
  }
  const problem = tlsProblem(merged.values, merged.nameOf) ??
    adminProblem(merged.values, merged.nameOf);
  if (problem !== undefined) throw new ConfigError(problem);
  return merged;
}

/** Whether `higher` gives the option, or one that conflicts with it. */
function isHidden(name: keyof Options, higher: OptionsInput): boolean {
  return OPTION_NAMES.some((other) =>
    higher[other] !== undefined &&
    (other === name || excludesOf(name).includes(other) ||
      excludesOf(other).includes(name))
  );
}

function refuseConflicts({ values, nameOf }: OptionLayer): void {
  // A flag that is off conflicts with nothing.
  const isOn = (name: keyof Options) =>
    values[name] !== undefined && values[name] !== false;
  for (const name of OPTION_NAMES) {
    const other = excludesOf(name).find(isOn);
    if (other === undefined || !isOn(name)) continue;
    const reason = (OPTIONS[name] as OptionDefinition).excludesBecause ??
      "they name different places to listen";
    throw new ConfigError(
      `Cannot use ${nameOf(name)} together with ${nameOf(other)}: ${reason}`,
    );
  }
}
