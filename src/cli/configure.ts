/** From the arguments of the command, the environment and files to a configuration. */
import { Config } from "../config/config.ts";
import {
  strangeVariables,
  withoutServiceLinks,
} from "../config/environment.ts";
import { flagLayer, mergeLayers, type OptionLayer } from "../config/layers.ts";
import { type OptionsInput, variablesOf } from "../config/options/mod.ts";
import type { ReadConfigFile } from "../config/config_file.ts";
import { findConfigFile } from "../config/find_config_file.ts";
import { quote } from "../config/options/value_types.ts";
import { environmentLayer } from "../config/resolve.ts";
import { ConfigError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import type { RunCommand } from "./parse_flags.ts";
import { socketActivation } from "./socket_activation.ts";

/** Options with an address to listen on. */
const PLACES = ["host", "port", "uds", "fd", "bind"] as const;

/** What the command reads besides its arguments. */
export interface CommandHost {
  /** An environment variable; `undefined` if it is unset, or may not be read. */
  env(name: string): string | undefined;
  /** Sets an environment variable; returns false without permission to. */
  setEnv(name: string, value: string): boolean;
  /** The names of all environment variables that may be read. */
  envNames(): readonly string[];
  /** Tells the operator something, in a whole sentence. */
  onWarning(message: string): void;
}

/** The process. */
export const PROCESS: CommandHost = {
  env: runtime.env,
  setEnv: runtime.setEnv,
  envNames: runtime.envNames,
  onWarning: (message) => runtime.stderr.write(`WARNING:  ${message}\n`),
};

/** What is to be run, and why so. */
export interface Configured {
  readonly config: Config;
  /** What names the application, as in messages. */
  readonly appSource: string;
  /** What was given, by whichever source; names the source of an option. */
  readonly given: OptionLayer;
  /** Files of `--env-file` that were read, in their order. */
  readonly envFiles: readonly string[];
  /** The configuration file that was read; `undefined` without one. */
  readonly configFile: string | undefined;
}

/** What all sources say, before it is checked as a whole. */
interface Gathered {
  /** By whichever source. */
  readonly given: OptionLayer;
  readonly envFiles: readonly string[];
  readonly file: ReadConfigFile | undefined;
  /** Reads a variable, without those that a cluster sets for its services. */
  readonly env: (name: string) => string | undefined;
  /** Of each variable that a file has set: where, to follow its name. */
  readonly places: ReadonlyMap<string, string>;
}

/**
 * The options that `command`, the environment and files give, without an application. The files of
 * `--env-file` are read, and set variables.
 *
 * @throws ConfigError for wrong usage.
 */
export async function givenOptions(
  command: RunCommand,
  host: CommandHost = PROCESS,
): Promise<OptionsInput> {
  const { given } = await gather(command, host);
  return given.values;
}

/**
 * Makes the configuration: flags win over variables, variables over the configuration file, that
 * over defaults. The files of `--env-file` are read first, so that they may hold the variables of
 * options too.
 *
 * @throws ConfigError for wrong usage.
 */
export async function configure(
  command: RunCommand,
  host: CommandHost = PROCESS,
): Promise<Configured> {
  const { given, envFiles, file, env, places } = await gather(command, host);
  const variable = env("TRICORN_APP") || undefined;
  const app = command.app ?? variable ?? file?.app;
  if (app === undefined) throw new ConfigError("Missing argument 'APP'.");
  const appSource = command.app !== undefined
    ? "the argument 'APP'"
    : variable !== undefined
    ? `TRICORN_APP${places.get("TRICORN_APP") ?? ""}`
    : `"app" in ${quote(file!.path)}`;
  // They are in the environment now, for this process and those that it starts.
  const config = new Config(app, { ...given.values, envFile: undefined });
  return {
    config,
    appSource,
    given,
    envFiles: [...envFiles],
    configFile: file?.path,
  };
}

async function gather(
  command: RunCommand,
  host: CommandHost,
): Promise<Gathered> {
  const env = withoutServiceLinks(host.env, host.onWarning);
  const first = command.options.envFile === undefined
    ? environmentLayer(env, (name) => name !== "envFile")
    : flagLayer(command.options);
  let envFiles = first.values.envFile ?? [];
  let places = await loadEnv(envFiles, first.nameOf("envFile"), host);
  const file = await fileFor(command, env);
  const { envFile } = file?.layer.values ?? {};
  if (first.values.envFile === undefined && envFile !== undefined) {
    envFiles = envFile;
    places = await loadEnv(envFiles, file!.layer.nameOf("envFile"), host);
  }
  const names = host.envNames();
  for (const warning of strangeVariables(names, host.env)) {
    host.onWarning(warning);
  }
  const below = file?.layer.values ?? {};
  const flags = command.options;
  const environment = environmentLayer(
    env,
    (name) => flags[name] !== undefined || name === "envFile",
    below,
    (variable) => places.get(variable) ?? "",
    names,
  );
  const layers = [flagLayer(flags), environment];
  if (file !== undefined) layers.push(file.layer);
  const passed = await passedAddress(flags, below, env, host.onWarning);
  // Above the variables: PORT, a part of an address, yields to a whole one.
  if (passed !== undefined) layers.splice(1, 0, passed);
  return {
    given: mergeLayers(layers),
    envFiles: typeof envFiles === "string" ? [envFiles] : envFiles,
    file,
    env,
    places,
  };
}

async function loadEnv(
  paths: readonly string[] | string,
  source: string,
  host: CommandHost,
): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const { loadEnvFiles } = await import("../config/env_files.ts");
  return await loadEnvFiles([...paths], source, host);
}

/** The configuration file that is named or found; `--config ""` names none. */
async function fileFor(
  command: RunCommand,
  env: (name: string) => string | undefined,
): Promise<ReadConfigFile | undefined> {
  const named = command.config ?? (env("TRICORN_CONFIG") || undefined);
  const path = named ?? findConfigFile();
  if (path === undefined || path === "") return undefined;
  const { readConfigFile } = await import("../config/config_file.ts");
  return await readConfigFile(path);
}

/**
 * Where the parent process or the platform says to listen, unless an address is configured:
 * inherited sockets (`LISTEN_FDS`), or on Deno `DENO_SERVE_ADDRESS`.
 */
async function passedAddress(
  flags: OptionsInput,
  below: OptionsInput,
  env: (name: string) => string | undefined,
  onWarning: (message: string) => void,
): Promise<OptionLayer | undefined> {
  const isPlaced = PLACES.some((name) =>
    flags[name] !== undefined || below[name] !== undefined ||
    variablesOf(name).some((variable) => (env(variable) ?? "") !== "")
  );
  if (isPlaced) return undefined;
  const { addresses, warning } = socketActivation(env, runtime.pid);
  if (warning !== undefined) onWarning(warning);
  if (addresses.length > 0) return bindLayer(addresses, "LISTEN_FDS");
  if (runtime.name !== "deno") return undefined;
  const address = env("DENO_SERVE_ADDRESS");
  if (address === undefined || address === "") return undefined;
  const { serveAddress } = await import("./serve_address.ts");
  return bindLayer([serveAddress(address)], "DENO_SERVE_ADDRESS");
}

/** A layer that says where to listen, and is called after a variable. */
function bindLayer(bind: readonly string[], variable: string): OptionLayer {
  return { values: { bind }, nameOf: () => variable };
}
