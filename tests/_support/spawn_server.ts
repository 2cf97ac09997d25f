/**
 * The server as its users start it: the command, in a process of its own, on the runtime under
 * test. Whatever a test does, the process is gone afterwards.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { after, before } from "node:test";
import process from "node:process";
import { Mailbox } from "./mailbox.ts";
import type { ClientTarget } from "./raw_client.ts";
import { type CommandLine, commandLine, ROOT } from "./this_runtime.ts";

/** Time for a line to appear or a process to end, in milliseconds. */
const PATIENCE_MS = 60_000;

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The command under test: that of the sources, unless the version matrix names an installed one. */
export const COMMAND: string = process.env.TEST_COMMAND ?? "cli.ts";

/** What to start. */
export interface ServerStart {
  /** Import string, below `tests/wire/apps`; none starts the command without an application. */
  readonly app?: string;
  /** File that is the command, as for `commandLine()`; default: {@linkcode COMMAND}. */
  readonly command?: string;
  /** Starts this, such as `npx tricorn`, in the place of {@linkcode command}. */
  readonly program?: CommandLine;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
  /** Variables set for it; `undefined` unsets one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory; default: the repository. */
  readonly cwd?: string;
  /** A program and its arguments that start the command, which is added to them. */
  readonly via?: readonly string[];
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One server process. */
export class ServerProcess {
  /** Lines of the server's log, in order. */
  readonly stderr: string[] = [];
  /** Lines of the access log and of the application. */
  readonly stdout: string[] = [];
  /** Resolves when the process is gone and both streams have been read to their end. */
  readonly exited: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #hasExited = false;
  readonly #mailbox = new Mailbox();

  /** Starts the process and returns at once; see `ready`. */
  constructor(start: ServerStart) {
    const app = start.app === undefined
      ? []
      : ["--app-dir", `${ROOT}/tests/wire/apps`, start.app];
    const server = start.program ?? commandLine(start.command ?? COMMAND);
    const [program, ...args] = [
      ...start.via ?? [],
      server.program,
      ...server.args,
      ...app,
      ...start.args ?? [],
    ];
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(process.env)) {
      // What the surroundings configure must not reach the server under test.
      if (
        value === undefined ||
        /^(TRICORN_|LISTEN_|FORCE_COLOR$|PORT$|WEB_CONCURRENCY$)/.test(name)
      ) {
        continue;
      }
      env[name] = value;
    }
    env.NO_COLOR = "1";
    for (const [name, value] of Object.entries(start.env ?? {})) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
    const child = this.#child = spawn(program!, args, {
      cwd: start.cwd ?? ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    this.#collect(child.stdout!, this.stdout);
    this.#collect(child.stderr!, this.stderr);
    this.exited = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        running.delete(child);
        this.#hasExited = true;
        this.#mailbox.notify();
        resolve({ code, signal });
      });
    });
    this.exited.catch(() => {});
  }

  #collect(stream: NodeJS.ReadableStream, lines: string[]): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
      this.#mailbox.notify();
    });
    stream.on("end", () => {
      if (rest !== "") lines.push(rest);
      this.#mailbox.notify();
    });
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when it accepts connections; rejects, with what it said, if it ends before. */
  async ready(): Promise<this> {
    await this.line("stderr", /Tricorn running on /);
    return this;
  }

  /** What follows `Tricorn running on`, up to the parenthesis. */
  get runningOn(): string {
    return this.allRunningOn[0]!;
  }

  /** `runningOn` for every address. */
  get allRunningOn(): readonly string[] {
    const found: string[] = [];
    for (const colored of this.stderr) {
      const line = colored.replace(/\x1b\[\d+m/g, "");
      const match =
        /Tricorn running on (?:(?:unix )?socket )?(.*) \(Press CTRL\+C to quit\)/
          .exec(line);
      if (match !== null) found.push(match[1]!);
    }
    if (found.length > 0) return found;
    throw new Error(`Server has not said where it runs:\n${this.output}`);
  }

  /** The port it listens on. */
  get port(): number {
    return Number(new URL(this.runningOn).port);
  }

  /** Where a client finds it. */
  get target(): ClientTarget {
    return targetFor(this.runningOn);
  }

  /** Everything it wrote, for messages. */
  get output(): string {
    return [...this.stderr, ...this.stdout.map((line) => `| ${line}`)].join(
      "\n",
    );
  }

  /**
   * Resolves to the first line that matches, from the line `from` on, waiting for it.
   *
   * @param from Index of the first line looked at.
   */
  async line(
    stream: "stdout" | "stderr",
    pattern: RegExp,
    from: number = 0,
  ): Promise<string> {
    const lines = this[stream];
    const found = await this.#mailbox.until(
      () => {
        const line = lines.slice(from).find((line) => pattern.test(line));
        if (line !== undefined || !this.#hasExited) return line;
        throw new Error(
          `Server ended before it wrote ${pattern} to ${stream}:\n${this.output}`,
        );
      },
      PATIENCE_MS,
    );
    if (found !== undefined) return found;
    throw new Error(
      `Server has not written ${pattern} to ${stream}:\n${this.output}`,
    );
  }

  /** Sends a signal to the process. */
  signal(name: NodeJS.Signals): void {
    // Deno 2.9 takes a signal sent by ChildProcess.kill() for the reason of the end, whatever the
    // child makes of it.
    if (!this.#hasExited) process.kill(this.pid, name);
  }

  /** Resolves with how it ended; kills it and rejects if it does not end by itself. */
  async end(): Promise<ProcessEnd> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        try {
          this.signal("SIGKILL");
        } catch {
          // It is gone, and whoever it has started holds its streams.
        }
        reject(new Error(`Server has not ended:\n${this.output}`));
      }, PATIENCE_MS);
    });
    try {
      return await Promise.race([this.exited, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it at once, if it still runs, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited.catch(() => {});
  }
}

/** Where a client finds what a server says it runs on. */
export function targetFor(where: string): ClientTarget {
  if (!where.startsWith("http")) return { path: where };
  const url = new URL(where);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port),
  };
}

/** Starts a server on a free port and waits until it accepts connections. The caller kills it. */
export async function spawnServer(start: ServerStart): Promise<ServerProcess> {
  const hasAddress =
    start.args?.some((arg) => /^--(port|uds|fd|bind)\b/.test(arg)) ?? false;
  const args = hasAddress
    ? start.args ?? []
    : ["--port", "0", ...start.args ?? []];
  const server = new ServerProcess({ ...start, args });
  try {
    return await server.ready();
  } catch (error) {
    await server.kill();
    throw error;
  }
}

/**
 * Runs `use` with a server and kills it afterwards.
 *
 * @param start See {@linkcode spawnServer}.
 */
export async function withServer(
  start: ServerStart,
  use: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  const server = await spawnServer(start);
  try {
    await use(server);
  } catch (error) {
    if (error instanceof Error) {
      error.message += `\n--- server ---\n${server.output}`;
    }
    throw error;
  } finally {
    await server.kill();
  }
}

/** One server for all tests of a file, started before the first and killed after the last. */
export function sharedServer(
  start: ServerStart,
): { readonly server: ServerProcess } {
  let server: ServerProcess | undefined;
  let problem = new Error("Server was asked for outside of a test");
  before(async () => {
    try {
      server = await spawnServer(start);
    } catch (error) {
      // Where tests run on after a failed hook, each of them says why it fails.
      problem = error as Error;
    }
  });
  after(async () => {
    await server?.kill();
  });
  return {
    get server(): ServerProcess {
      if (server === undefined) throw problem;
      return server;
    },
  };
}
