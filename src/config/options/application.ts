/** Options of the application: how it is loaded and started. */
import { type OptionTable, SOME_SECONDS } from "./definition.ts";

/** How the application is loaded and started: checked and complete. */
export interface ApplicationOptions {
  /**
   * Whether the application is a factory: a function without parameters that returns the
   * application. Default: false.
   */
  readonly factory: boolean;
  /**
   * Directory that import strings are relative to; itself relative to the working directory.
   * Default: `undefined`, the working directory.
   */
  readonly appDir: string | undefined;
  /**
   * Whether lifespan events are sent: `auto` goes on without them if the application does not
   * support them, `on` fails the start then, `off` sends none. Default: `"auto"`.
   */
  readonly lifespan: "auto" | "on" | "off";
  /**
   * Seconds for the application's startup, and again for its shutdown; at least 0.1. Default: 60.
   */
  readonly timeoutLifespan: number;
  /**
   * What the command and `run()` do after an uncaught error of the application, once its stack is
   * logged: go on, drain and end with code 1, or end with code 1 at once. `auto` goes on after a
   * rejection and drains after an exception. `serve()` leaves such errors to the program around it.
   * Default: `"auto"`.
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
    help: "Lifespan support: detect (auto), require (on), disable (off).",
  },
  timeoutLifespan: {
    group: "Application",
    flag: "--timeout-lifespan",
    type: SOME_SECONDS,
    default: 60,
    help: "Time limit of the application's startup, and again of its shutdown.",
  },
  uncaughtErrors: {
    group: "Application",
    flag: "--uncaught-errors",
    type: { kind: "choice", choices: ["auto", "continue", "drain", "exit"] },
    default: "auto",
    help:
      "After an uncaught error of the application: go on (continue), finish open requests and " +
      "exit with code 1 (drain), or exit with code 1 at once. auto continues after a rejected " +
      "promise and drains after an exception.",
  },
};
