/**
 * Variables with our prefix that are not options: misspelt names, and the service links that
 * Kubernetes sets for a service whose name begins with "tricorn".
 */
import { TEXT_OPTION_NAMES, variablesOf } from "./options/mod.ts";
import { printable } from "../text/printable.ts";
import { insteadOf } from "./planned.ts";
import { didYouMean } from "../text/suggest.ts";

/** Looks an environment variable up; `undefined` if it is unset. */
export type Lookup = (name: string) => string | undefined;

const PREFIX = "TRICORN_";
/** On Windows, names of variables are case-insensitive. */
const OWN = /^tricorn_/i;
/**
 * Variables that are not options: two are read by the command, one by runtime/node/internals/fence.ts,
 * and one tells an application which worker it runs in.
 */
const OTHERS: readonly string[] = [
  "TRICORN_APP",
  "TRICORN_CONFIG",
  "TRICORN_INTERNALS",
  "TRICORN_WORKER",
];

/**
 * Names of service links that are not names of options. The remaining one, `TRICORN_PORT` of a
 * service "tricorn", is recognised by its value.
 */
const LINK_NAME =
  /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const LINK_VALUE = /^(tcp|udp|sctp):\/\/\S+:\d+$/;

/**
 * Looks up only what is there. There are over a hundred variables of options, hardly any is set, and
 * on Deno each look asks for a permission.
 *
 * @param names Names of all variables; empty if they may not be listed, so that each is looked up.
 */
export function amongNames(names: readonly string[], env: Lookup): Lookup {
  if (names.length === 0) return env;
  // On Windows, names of variables are case-insensitive.
  const known = new Set(names.map((name) => name.toUpperCase()));
  return (name) => known.has(name.toUpperCase()) ? env(name) : undefined;
}

/** Whether one of `names` may be a variable of an option; true if they are not known. */
export function hasOwnPrefix(names: readonly string[]): boolean {
  return names.length === 0 || names.some((name) => OWN.test(name));
}

/**
 * Hides service links from `env`. Each one that is looked up, and would have been read as an
 * option, is reported once.
 */
export function withoutServiceLinks(
  env: Lookup,
  onWarning: (message: string) => void,
): Lookup {
  const told = new Set<string>();
  return (name) => {
    const value = env(name);
    if (value === undefined || !isLink(name, value)) return value;
    if (!told.has(name)) {
      told.add(name);
      onWarning(
        `Ignoring ${name}: '${
          printable(value.slice(0, 200))
        }' is a service link, which ` +
          "Kubernetes sets for a service of that name. Rename the service, or set " +
          "enableServiceLinks: false for the pod.",
      );
    }
    return undefined;
  };
}

function isLink(name: string, value: string): boolean {
  return name.startsWith(PREFIX) && name.endsWith("_PORT") &&
    LINK_VALUE.test(value);
}

/**
 * Warnings about variables with our prefix that nothing reads. Their values are not shown.
 *
 * @param names Names of all variables that the process may read.
 */
export function strangeVariables(
  names: readonly string[],
  env: Lookup,
): string[] {
  const strange = names.filter((name) => OWN.test(name));
  if (strange.length === 0) return [];
  const known = [...OTHERS, ...TEXT_OPTION_NAMES.flatMap(variablesOf)];
  const warnings: string[] = [];
  for (const name of strange) {
    // On Windows, names of variables are case-insensitive.
    const isKnown = known.includes(name) ||
      (known.includes(name.toUpperCase()) &&
        env(name.toUpperCase()) !== undefined);
    const value = env(name) ?? "";
    if (
      isKnown || value === "" || LINK_NAME.test(name) || isLink(name, value)
    ) {
      continue;
    }
    warnings.push(
      `Ignoring ${printable(name.slice(0, 100))}: ${reason(name, known)}`,
    );
  }
  return warnings;
}

function reason(name: string, known: readonly string[]): string {
  const word = name.slice(PREFIX.length);
  const instead = insteadOf(`--${word.toLowerCase().replaceAll("_", "-")}`);
  if (instead !== undefined) {
    return `there is no such option yet. Until then, ${instead}.`;
  }
  const positive = `${PREFIX}${word.toUpperCase().replace(/^NO_/, "")}`;
  if (positive !== name && known.includes(positive)) {
    return word.toUpperCase().startsWith("NO_")
      ? `set ${positive} to false.`
      : `did you mean ${positive}?`;
  }
  // Compared without the prefix: a common prefix makes all names look similar.
  const close = didYouMean(word, known.map((one) => one.slice(PREFIX.length)));
  return close.length === 0
    ? "there is no such option."
    : `did you mean ${close.map((one) => PREFIX + one).join(" or ")}?`;
}
