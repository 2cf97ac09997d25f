/** Options of the application: how it is loaded and started. */
import { checkPaths } from "./checks.ts";
import { type OptionTable, PAIR, SOME_SECONDS } from "./definition.ts";

/** How the application is loaded and started: checked and complete. */
export interface ApplicationOptions {
  /**
   * Whether the application is a factory: a function without parameters that returns the
   * application. Default: false.
   */
  readonly factory: boolean;
  /**
   * The interface of the application: `asgi3`, `async (scope, receive, send) => { … }`; `asgi2`,
   * `(scope) => async (receive, send) => { … }`; `wsgi`, `(environ, startResponse) => [ … ]`;
   * `fetch`, `(request) => Response` or an object with such a method; `node`,
   * `(req, res) => { … }`, Express, Koa or Fastify. `auto` detects it, but for `wsgi`. Default:
   * `"auto"`.
   */
  readonly interface: "auto" | "asgi3" | "asgi2" | "wsgi" | "fetch" | "node";
  /**
   * Whether a server that the application's module starts when it is imported is taken over: its
   * handler is served, and it does not listen. Needs an import string. Default: false.
   */
  readonly adopt: boolean;
  /**
   * Directory that import strings are relative to; itself relative to the working directory.
   * Default: `undefined`, the working directory.
   */
  readonly appDir: string | undefined;
  /**
   * Files of variables, `.env` files, read before the application is loaded. What is set already
   * wins, so the first file wins over the next. Default: `[]`.
   */
  readonly envFile: readonly string[];
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
  /**
   * Whether each HTTP request is handled in an empty asynchronous context: outside of the stores of
   * `AsyncLocalStorage` that were entered around the server or during lifespan. Default: false.
   */
  readonly resetContextvars: boolean;
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
  interface: {
    group: "Application",
    flag: "--interface",
    type: {
      kind: "choice",
      choices: ["auto", "asgi3", "asgi2", "wsgi", "fetch", "node"],
    },
    default: "auto",
    help:
      "The interface of APP: detect it (auto), (scope, receive, send) (asgi3), " +
      "(scope) => (receive, send) => … (asgi2), (environ, startResponse) (wsgi), " +
      "(request) => Response (fetch), (req, res), Express, Koa or Fastify (node).",
  },
  adopt: {
    group: "Application",
    flag: "--adopt",
    type: { kind: "boolean" },
    default: false,
    excludes: ["factory"],
    excludesBecause: "a factory starts no server",
    help:
      "APP is a program that starts its own server when it is imported, such as by listen(): " +
      "serve its handler in place of that.",
  },
  appDir: {
    group: "Application",
    flag: "--app-dir",
    type: { kind: "text", metavar: "DIRECTORY" },
    default: undefined,
    defaultText: "the working directory",
    help: "Look for APP in this directory.",
  },
  envFile: {
    group: "Application",
    flag: "--env-file",
    type: {
      kind: "list",
      metavar: "PATH",
      takesOne: true,
      isPaths: true,
      readItem: (text) => ({ value: text }),
    },
    default: Object.freeze([]),
    defaultText: "none",
    check: checkPaths,
    help:
      "Set environment variables from this file, unless they are set already. May be repeated.",
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
  resetContextvars: {
    group: "Application",
    flag: "--reset-contextvars",
    type: PAIR,
    default: false,
    help:
      "Handle each HTTP request outside of the AsyncLocalStorage stores that were entered around " +
      "the server or during lifespan.",
  },
};
