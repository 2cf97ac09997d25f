/** What is served, and how it is loaded. */
import { type OptionTable, SOME_SECONDS } from "./definition.ts";

/** What is served, and how it is loaded: checked and complete. */
export interface ApplicationOptions {
  /** Whether the application is a function that makes the application (options:O-002). */
  readonly factory: boolean;
  /** Where import strings begin; `undefined` or `""` is the working directory (options:O-003). */
  readonly appDir: string | undefined;
  /** Whether the application is told of startup and shutdown (options:O-005). */
  readonly lifespan: "auto" | "on" | "off";
  /** Seconds for each of startup and shutdown of the application (asgi:A-166). */
  readonly timeoutLifespan: number;
  /**
   * What the command and `run()` do after an error that nobody caught, with its stack in the log:
   * go on, drain and end with code 1, or end with it at once. `auto` goes on after a rejection and
   * drains after an exception. `serve()` leaves such errors to the program around it.
   */
  readonly uncaughtErrors: "auto" | "continue" | "drain" | "exit";
}

/** See {@linkcode ApplicationOptions}. */
export const APPLICATION_OPTIONS: OptionTable<ApplicationOptions> = {
  factory: {
    group: "Application",
    flag: "--factory",
    type: { kind: "boolean" },
    default: false,
    help: "APP is a function without parameters that returns the application.",
  },
  appDir: {
    group: "Application",
    flag: "--app-dir",
    type: { kind: "text", metavar: "DIRECTORY" },
    default: undefined,
    defaultText: "the working directory",
    help: "Look for APP in this directory.",
  },
  lifespan: {
    group: "Application",
    flag: "--lifespan",
    type: { kind: "choice", choices: ["auto", "on", "off"] },
    default: "auto",
    help:
      "Tell the application of startup and shutdown: try it, insist on it, or never.",
  },
  timeoutLifespan: {
    group: "Application",
    flag: "--timeout-lifespan",
    type: SOME_SECONDS,
    default: 60,
    help: "Time for the application's startup, and again for its shutdown.",
  },
  uncaughtErrors: {
    group: "Application",
    flag: "--uncaught-errors",
    type: { kind: "choice", choices: ["auto", "continue", "drain", "exit"] },
    default: "auto",
    help:
      "After an error that the application leaves uncaught: go on, drain and end with code 1, or end at once. auto goes on after a rejected promise and drains after an exception.",
  },
};
