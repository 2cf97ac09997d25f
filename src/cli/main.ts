/** The command: arguments and environment into a run. */
import { Config } from "../config/config.ts";
import {
  strangeVariables,
  withoutServiceLinks,
} from "../config/environment.ts";
import { type OptionsInput, variablesOf } from "../config/options/mod.ts";
import { userStack } from "../application/load.ts";
import { mergeOptions, optionsFromEnvironment } from "../config/resolve.ts";
import { AppLoadError, ConfigError } from "../errors.ts";
import { runConfig } from "../run.ts";
import { runtime } from "../runtime/mod.ts";
import { VERSION } from "../version.ts";
import { helpText, USAGE } from "./help.ts";
import { parseFlags } from "./parse_flags.ts";
import { socketActivation } from "./socket_activation.ts";

/** The options that say where to listen. */
const PLACES = ["host", "port", "uds", "fd", "bind"] as const;

/**
 * Runs the command and ends the process: with 0, 2 for wrong usage, 3 for a failed start, or by
 * the signal that stopped the server (options section 5).
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
 * What to run; or, if only that was asked for, what to print.
 *
 * @param givenEnv Looks an environment variable up.
 * @param onWarning Takes what the operator should know. Default: standard error.
 * @param envNames Names of all variables. Default: those of the process, if `givenEnv` is its own.
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
  const environment = optionsFromEnvironment(
    env,
    (name) => options[name] !== undefined,
  );
  const app = command.app ?? env("TRICORN_APP");
  if (app === undefined || app === "") {
    throw new ConfigError("Missing argument 'APP'.");
  }
  return new Config(app, mergeOptions(options, environment));
}

/** `flags`, and the sockets that were handed over, if nothing says where to listen. */
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

/** What `--version` prints (options:O-008). */
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

/** What the terminal is told of an error that ended the command (options:C-007). */
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
  // Our own mistake: whoever reports it needs all of it.
  const stack = error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  return {
    text: `CRITICAL: Unexpected error in Tricorn ${VERSION}\n${stack}\n`,
    exitCode: 1,
  };
}
