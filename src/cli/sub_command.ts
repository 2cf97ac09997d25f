/** `tricorn status`, `stop`, `reload` and `top`: find a running server and ask it. */
import { controlSocketPath } from "../control/socket_path.ts";
import type { ServerStatus } from "../control/controlled.ts";
import { ConfigError } from "../errors.ts";
import { quote } from "../config/options/value_types.ts";
import { runtime } from "../runtime/mod.ts";
import { printable } from "../text/printable.ts";
import { type CommandHost, givenOptions, PROCESS } from "./configure.ts";
import { ask, ControlRefusal } from "./control_client.ts";
import { parseFlags, type RunCommand, type SubCommand } from "./parse_flags.ts";
import { statusLines } from "./status_text.ts";
import { top } from "./top.ts";

/** For a status: a server whose event loop is blocked for longer is not well. In milliseconds. */
const STATUS_LIMIT_MS = 10_000;
/** Options of a server that say where its control socket is. */
const PLACES: readonly string[] = ["pidFile", "controlSocket", "envFile"];

/** What a sub-command was asked for. */
export interface SubCommandRequest {
  readonly word: SubCommand;
  readonly isJson: boolean;
  readonly isForced: boolean;
  /** Seconds between two looks of `top`. */
  readonly intervalSeconds: number;
  readonly isHelp: boolean;
  /** The flags that are those of a server, and name its control socket. */
  readonly command: RunCommand;
}

/** Which flags each has besides those that find the server. */
const FLAGS: Readonly<Record<SubCommand, readonly string[]>> = {
  status: ["--json"],
  stop: ["--force"],
  reload: [],
  top: ["--interval"],
};

/**
 * Parses what follows the word.
 *
 * @throws ConfigError for wrong usage.
 */
export function parseSubCommand(
  word: SubCommand,
  args: readonly string[],
): SubCommandRequest {
  const rest: string[] = [];
  const own = new Set<string>();
  let interval = "2";
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    const [name, value] = argument.split(/=(.*)/s);
    if (!FLAGS[word].includes(name!)) {
      rest.push(argument);
    } else if (name === "--interval") {
      const text = value ?? args[++at];
      if (text === undefined) {
        throw new ConfigError(`Option '${name}' requires an argument.`);
      }
      interval = text;
    } else if (value !== undefined) {
      throw new ConfigError(`Option '${name}' does not take a value.`);
    } else own.add(name!);
  }
  const command = parseFlags(rest);
  const isHelp = command.action === "help";
  if (!isHelp) checkPlaces(word, command);
  return {
    word,
    isJson: own.has("--json"),
    isForced: own.has("--force"),
    intervalSeconds: readInterval(interval),
    isHelp,
    command: command.action === "run"
      ? command
      : { action: "run", app: undefined, options: {} },
  };
}

function checkPlaces(
  word: SubCommand,
  command: ReturnType<typeof parseFlags>,
): asserts command is RunCommand {
  if (command.action !== "run" || command.isCheck) {
    throw new ConfigError(
      `Cannot use --check, --completion or --version with 'tricorn ${word}'.`,
    );
  }
  if (command.app !== undefined) {
    throw new ConfigError(
      `Got unexpected extra argument (${printable(command.app)}). To serve a ` +
        `module of the name '${word}', write '${word}:app'.`,
    );
  }
  const other = Object.keys(command.options).find((name) =>
    !PLACES.includes(name)
  );
  if (other !== undefined) {
    throw new ConfigError(
      `Cannot use the option '${other}' with 'tricorn ${word}': it asks a server that runs.`,
    );
  }
}

function readInterval(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.1 && seconds <= 3600) {
    return seconds;
  }
  throw new ConfigError(
    `Invalid value for '--interval': ${
      quote(text)
    } is not a number of seconds from 0.1 to 3600.`,
  );
}

/**
 * Runs a sub-command.
 *
 * @returns The exit code: 0, or 1 if the server could not do what was asked.
 * @throws ConfigError: with exit code 2 for wrong usage, 3 if no server runs.
 */
export async function runSubCommand(
  word: SubCommand,
  args: readonly string[],
  host: CommandHost = PROCESS,
): Promise<number> {
  const request = parseSubCommand(word, args);
  if (request.isHelp) {
    runtime.stdout.write(helpText(word));
    return 0;
  }
  const path = controlSocketPath(await givenOptions(request.command, host));
  if (path === undefined) {
    throw new ConfigError(
      `Cannot find the server: expected --pid-file or --control-socket, as the server has them, ` +
        "in the arguments, the environment or the configuration file.",
    );
  }
  try {
    await run(path, request);
    return 0;
  } catch (error) {
    if (!(error instanceof ControlRefusal)) throw error;
    runtime.stderr.write(`ERROR:    ${printable(error.message)}\n`);
    return 1;
  }
}

async function run(
  path: string,
  { word, isJson, isForced, intervalSeconds }: SubCommandRequest,
): Promise<void> {
  const { stdout } = runtime;
  const status = () =>
    ask(path, { command: "status", isForced: false }, {
      limitMs: STATUS_LIMIT_MS,
    }) as Promise<ServerStatus>;
  switch (word) {
    case "status": {
      const found = await status();
      stdout.write(
        isJson
          ? `${JSON.stringify(found, undefined, 2)}\n`
          : textOf(statusLines(found, { columns: Infinity, rows: Infinity })),
      );
      return;
    }
    case "top":
      return await top(status, { intervalMs: intervalSeconds * 1000, stdout });
    case "reload": {
      const done = await ask(path, { command: word, isForced: false }, {
        limitMs: Infinity,
      });
      stdout.write(`${printable(String(done))}\n`);
      return;
    }
    case "stop":
      await ask(path, { command: word, isForced }, {
        limitMs: Infinity,
        untilEnd: true,
      });
      stdout.write("Stopped\n");
  }
}

function textOf(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

const SUMMARIES: Readonly<Record<SubCommand, string>> = {
  status:
    "Show processes, figures and requests in progress of a running server.",
  stop: "Stop a running server gracefully, and wait until it has ended.",
  reload: "Do what SIGHUP does, and wait until it is done.",
  top: "Show the status again and again, until CTRL+C.",
};

const OWN_HELP: Readonly<Record<string, string>> = {
  "--json": "  --json                    Print JSON.",
  "--force":
    "  --force                   Cut requests off instead of waiting for them.",
  "--interval":
    "  --interval SECONDS        Time between two looks. [default: 2 seconds]",
};

/** The text of `--help`, with the final line end. */
export function helpText(word: SubCommand): string {
  return [
    `Usage: tricorn ${word} [OPTIONS]`,
    "",
    SUMMARIES[word],
    "",
    ...FLAGS[word].map((flag) => OWN_HELP[flag]!),
    "  --pid-file PATH           The pid file that the server was started with.",
    "  --control-socket PATH     The control socket, if it is elsewhere.",
    "  --config PATH, --env-file PATH",
    "                            Where to look for these two. TRICORN_PID_FILE and",
    "                            TRICORN_CONTROL_SOCKET are read too.",
    "  -h, --help                Show this text and exit.",
    "",
    "Exit codes: 1 if the server could not do it, 2 for wrong usage, 3 if none runs.",
    "",
  ].join("\n");
}
