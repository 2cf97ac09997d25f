/** The command: reads arguments and environment, then runs a server. */
import { Config } from "../config/config.ts";
import {
  strangeVariables,
  withoutServiceLinks,
} from "../config/environment.ts";
import { type OptionsInput, variablesOf } from "../config/options/mod.ts";
import { userStack } from "../application/load.ts";
import { flagLayer, mergeLayers } from "../config/layers.ts";
import { environmentLayer } from "../config/resolve.ts";
import { AppLoadError, ConfigError } from "../errors.ts";
import { runConfig } from "../run.ts";
import { runtime } from "../runtime/mod.ts";
import { VERSION } from "../version.ts";
import { helpText, USAGE } from "./help.ts";
import { parseFlags } from "./parse_flags.ts";
import { socketActivation } from "./socket_activation.ts";

/** Options with an address to listen on. */
const PLACES = ["host", "port", "uds", "fd", "bind"] as const;

/**
 * Runs the command and ends the process: with the exit code of `run()`, with 2 for wrong usage, or
 * by the signal that stopped the server.
 *
 * @param args Arguments after the script. Default: those of this process.
 */
export async function main(
  args: readonly string[] = runtime.args,
): Promise<void> {
  try {
    const config = configFor(args);
    if (typeof config === "string") {
      runtime.stdout.write(config);
      return runtime.exit(0);
    }
    const { exitCode, signal } = await runConfig(config);
    if (signal !== undefined) return runtime.dieBySignal(signal);
    return runtime.exit(exitCode);
  } catch (error) {
    const { text, exitCode } = failureText(error);
    runtime.stderr.write(text);
    return runtime.exit(exitCode);
  }
}

/**
 * Makes the configuration; for `--help` and `--version`, returns the text to print.
 *
 * @param givenEnv Looks an environment variable up. Default: in the environment of the process.
 * @param onWarning Receives warnings for the operator. Default: writes them to standard error.
 * @param envNames Returns the names of all variables. Default: those of the process, if `givenEnv`
 * is not given.
 * @throws ConfigError for wrong usage.
 */
export function configFor(
  args: readonly string[],
  givenEnv: (name: string) => string | undefined = runtime.env,
  onWarning: (message: string) => void = warn,
  envNames: () => readonly string[] = givenEnv === runtime.env
    ? runtime.envNames
    : () => [],
): Config | string {
  const command = parseFlags(args);
  if (command.action !== "run") {
    return command.action === "help" ? helpText() : versionText();
  }
  for (const warning of strangeVariables(envNames(), givenEnv)) {
    onWarning(warning);
  }
  const env = withoutServiceLinks(givenEnv, onWarning);
  const options = withActivation(command.options, env, onWarning);
  const environment = environmentLayer(
    env,
    (name) => options[name] !== undefined,
  );
  const app = command.app ?? env("TRICORN_APP");
  if (app === undefined || app === "") {
    throw new ConfigError("Missing argument 'APP'.");
  }
  const { values } = mergeLayers([flagLayer(options), environment]);
  return new Config(app, values);
}

/** Adds inherited sockets (`LISTEN_FDS`) to `flags`, unless an address is configured. */
function withActivation(
  flags: OptionsInput,
  env: (name: string) => string | undefined,
  onWarning: (message: string) => void,
): OptionsInput {
  const isPlaced = PLACES.some((name) =>
    flags[name] !== undefined ||
    variablesOf(name).some((variable) => (env(variable) ?? "") !== "")
  );
  if (isPlaced) return flags;
  const { addresses, warning } = socketActivation(env, runtime.pid);
  if (warning !== undefined) onWarning(warning);
  return addresses.length === 0 ? flags : { ...flags, bind: addresses };
}

function warn(message: string): void {
  runtime.stderr.write(`WARNING:  ${message}\n`);
}

/** The text of `--version`. */
export function versionText(): string {
  const names = { deno: "Deno", bun: "Bun", node: "Node" };
  const systems: Readonly<Record<string, string>> = {
    linux: "Linux",
    darwin: "Darwin",
    win32: "Windows",
  };
  const { name, version, platform } = runtime;
  const system = systems[platform] ?? platform;
  return `Running tricorn ${VERSION} with ${
    names[name]
  } ${version} on ${system}\n`;
}

/** The text for the terminal, and the exit code, of an error that ended the command. */
export function failureText(
  error: unknown,
): { readonly text: string; readonly exitCode: number } {
  if (error instanceof ConfigError && error.exitCode === 2) {
    const hint = "Try 'tricorn --help' for help.";
    return {
      text: `${USAGE}\n${hint}\n\nError: ${error.message}\n`,
      exitCode: 2,
    };
  }
  if (error instanceof ConfigError || error instanceof AppLoadError) {
    const stack = error.cause === undefined
      ? ""
      : `${userStack(error.cause)}\n`;
    return {
      text: `ERROR:    ${error.message}\n${stack}`,
      exitCode: error.exitCode,
    };
  }
  // A bug of ours: print everything that a report needs.
  const stack = error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  return {
    text: `CRITICAL: Unexpected error in Tricorn ${VERSION}\n${stack}\n`,
    exitCode: 1,
  };
}
