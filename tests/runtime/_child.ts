/** Starts the program of the process tests on the runtime under test. */
import {
  type ChildProcess,
  spawn,
  type StdioOptions,
} from "node:child_process";
import process from "node:process";
import { commandLine, RUNTIME } from "../_support/this_runtime.ts";
import { PATIENCE_MS, until } from "./_wire.ts";

export interface Child {
  readonly process: ChildProcess;
  /** Sends a signal; like `ChildProcess.kill`, which on Deno 2.9 works only once. */
  kill(signal: NodeJS.Signals): void;
  readonly stdout: string;
  readonly stderr: string;
  /** How it ended, once it has. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Resolves when stdout holds `part`. */
  says(part: string): Promise<void>;
}

/** Deno 2.9 starts a child Deno that is given no permission at all with every permission. */
const SOME_PERMISSION = "--allow-sys=hostname";

export interface ChildOptions {
  /** In place of Deno's `-A`. */
  readonly denoFlags?: readonly string[];
  readonly env?: Record<string, string>;
  readonly stdio?: StdioOptions;
}

/** Runs `tests/runtime/_program.ts` with `args`; it is killed when it takes longer than a minute. */
export function startProgram(
  args: readonly string[],
  options: ChildOptions = {},
): Child {
  const { program, args: command } = commandLine(
    "tests/runtime/_program.ts",
    args,
  );
  const all = command.flatMap((arg) =>
    RUNTIME === "deno" && arg === "-A" && options.denoFlags !== undefined
      ? ["--no-prompt", SOME_PERMISSION, ...options.denoFlags]
      : [arg]
  );
  const child = spawn(program, all, {
    stdio: options.stdio ?? ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) process.kill(child.pid, signal);
  };
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on(
    "data",
    (text: string) => output.stdout += text,
  );
  child.stderr?.setEncoding("utf8").on(
    "data",
    (text: string) => output.stderr += text,
  );
  const killer = setTimeout(() => kill("SIGKILL"), PATIENCE_MS);
  const exited = new Promise<{ code: number | null; signal: string | null }>(
    (resolve) => {
      child.on("close", (code, signal) => {
        clearTimeout(killer);
        resolve({ code, signal });
      });
    },
  );
  return {
    process: child,
    kill,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    exited,
    says: (part) =>
      until(() => output.stdout.includes(part), `the program says "${part}"`),
  };
}
