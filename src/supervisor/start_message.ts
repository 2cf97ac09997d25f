/** From a configuration to what a worker is started with, and back. */
import { Config } from "../config/config.ts";
import {
  OPTION_NAMES,
  OPTIONS,
  type Options,
  type OptionsInput,
} from "../config/options/mod.ts";
import { ConfigError } from "../errors.ts";
import type { ListenTarget } from "../runtime/types.ts";
import type { StartMessage, WorkerSocket } from "./messages.ts";

/** What the parent does for all workers: they have no say in it. */
const OF_PARENT: ReadonlySet<keyof Options> = new Set([
  "host",
  "port",
  "uds",
  "udsMode",
  "fd",
  "bind",
  "sockets",
  "pidFile",
  "controlSocket",
  "upgradeProbe",
  "timeoutLiveness",
  "workers",
  "workerMaxAge",
  "workerMaxMemory",
  "reload",
  "reloadDirs",
  "reloadIncludes",
  "reloadExcludes",
  "reloadDelay",
  "reloadTimeout",
  "reloadPoll",
]);

/**
 * What a worker is told.
 *
 * @param sockets Where it accepts.
 * @param mode The option that asks for processes, for messages.
 * @throws ConfigError if the application or an option exists in this process alone.
 */
export function startMessage(
  { app, options }: Config,
  sockets: readonly WorkerSocket[],
  mode: "workers" | "reload",
): StartMessage {
  if (typeof app !== "string") {
    throw new ConfigError(
      "You must pass the application as an import string to enable 'reload' or 'workers'.",
      3,
    );
  }
  const values: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    const value = options[name];
    const isDefault = isSame(value, OPTIONS[name].default);
    if (OF_PARENT.has(name) || isDefault) continue;
    if (!isPlain(value)) {
      throw new ConfigError(
        `Cannot use the option "${name}" together with "${mode}": a function or an object of ` +
          "this program cannot be handed to other processes",
      );
    }
    values[name] = value;
  }
  // Where nothing can be inherited, they bind the same addresses side by side.
  if (sockets.some(({ fd }) => fd === null)) values["reusePort"] = true;
  return { kind: "start", app, options: values, sockets };
}

/** The configuration that a worker was told to serve. */
export function configOf({ app, options }: StartMessage): Config {
  return new Config(app, options as OptionsInput);
}

/** Where a worker was told to accept. */
export function targetsOf({ sockets }: StartMessage): readonly ListenTarget[] {
  return sockets.map(({ address, fd }) =>
    fd === null ? address : { kind: "fd", fd, shared: address }
  );
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other ||
    (isPlain(one) && JSON.stringify(one) === JSON.stringify(other));
}

/** Whether it is the same after it was written as JSON and read again. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object": {
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isPlain);
      const prototype = Object.getPrototypeOf(value);
      return (prototype === Object.prototype || prototype === null) &&
        Object.values(value).every((each) =>
          each === undefined || isPlain(each)
        );
    }
    default:
      return false;
  }
}
