/** The command: reads arguments and environment, then runs a server. */
import { userStack } from "../application/load.ts";
import { isSupervised } from "../config/options/processes.ts";
import { quote } from "../config/options/value_types.ts";
import { AppLoadError, ConfigError } from "../errors.ts";
import { runConfig, type RunParts } from "../run.ts";
import { runtime } from "../runtime/mod.ts";
import { VERSION } from "../version.ts";
import type { Takeover } from "../supervisor/takeover.ts";
import { configure, type Configured, PROCESS } from "./configure.ts";
import { LayeredEnvironment } from "./layered_environment.ts";
import {
  type Command,
  FETCH,
  isSubCommand,
  parseFlags,
  type RunCommand,
  USAGE,
} from "./parse_flags.ts";

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
    const link = await runtime.parentLink();
    let takeover: Takeover | undefined;
    if (link !== undefined) {
      const { runWorker } = await import("../supervisor/worker/worker.ts");
      const ending = await runWorker(link);
      if ("exitCode" in ending) return runtime.exit(ending.exitCode);
      const { Takeover } = await import("../supervisor/takeover.ts");
      takeover = new Takeover(link, ending);
    }
    const [word] = args;
    if (word === FETCH) {
      const { fetchCommand } = await import("./fetch/fetch_command.ts");
      return runtime.exit(await fetchCommand(args.slice(1)));
    }
    if (isSubCommand(word)) {
      const { runSubCommand } = await import("./sub_command.ts");
      return runtime.exit(await runSubCommand(word, args.slice(1)));
    }
    const command = parseFlags(args);
    if (command.action !== "run") {
      runtime.stdout.write(await textOf(command));
      return runtime.exit(0);
    }
    checkPlace(command.app);
    const environment = new LayeredEnvironment(PROCESS);
    const configured = await configure(command, environment);
    if (command.isCheck) {
      const { checkText } = await import("./check.ts");
      runtime.stdout.write(await checkText(configured));
      return runtime.exit(0);
    }
    const { exitCode, signal } = await runConfig(
      configured.config,
      { ...partsOf(command, configured, environment), args, takeover },
    );
    if (signal !== undefined) return runtime.dieBySignal(signal);
    return runtime.exit(exitCode);
  } catch (error) {
    const { text, exitCode } = failureText(error);
    runtime.stderr.write(text);
    return runtime.exit(exitCode);
  }
}

/** A module must not be served by mistake where a running server was to be asked. */
function checkPlace(app: string | undefined): void {
  if (!isSubCommand(app) && app !== FETCH) return;
  const aim = app === FETCH ? "send a request" : "ask a running server";
  throw new ConfigError(
    `Cannot serve '${app}': write it before all options to ${aim}, or ` +
      `'${app}:app' to serve the module of that name.`,
  );
}

/** What a command prints that runs nothing. */
async function textOf(
  command: Exclude<Command, { action: "run" }>,
): Promise<string> {
  if (command.action === "completion") {
    const { completionScript } = await import("./completion.ts");
    return completionScript(command.shell);
  }
  if (command.action === "version") return versionText();
  const { helpText } = await import("./help.ts");
  return helpText();
}

/** What is run besides the configuration; for workers, how it is read again. */
function partsOf(
  command: RunCommand,
  configured: Configured,
  environment: LayeredEnvironment,
): RunParts {
  const notes = notesOf(configured);
  const { options } = configured.config;
  if (!options.reload && !isSupervised(options)) return { notes };
  // What the files said is for the workers: other workers may be told something else later.
  const env = environment.added;
  for (const name of Object.keys(env)) runtime.setEnv(name, undefined);
  return {
    notes,
    env,
    async reread() {
      const environment = new LayeredEnvironment(PROCESS, false);
      const { config } = await configure(command, environment);
      return { config, env: environment.added };
    },
  };
}

/** Which files the configuration was read from, for the log. */
function notesOf({ configFile, envFiles }: Configured): string[] {
  const notes = envFiles.map((path) =>
    `Loading environment from ${quote(path)}`
  );
  if (configFile !== undefined) {
    notes.push(`Using configuration file ${quote(configFile)}`);
  }
  return notes;
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
