/**
 * Makes the application that the server calls: loads it, awaits it if it is a promise, calls it if
 * it is a factory, and detects its interface. Adapters of other interfaces, and wrappers, belong
 * here.
 */
import type { AsgiApp } from "../asgi.ts";
import { printable } from "../config/options/value_types.ts";
import { AppLoadError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import {
  adviceFor,
  detectInterface,
  isSurelyFactory,
  whyNoFactory,
} from "./interface.ts";
import { loadExport, loadFailure } from "./load.ts";

/** How to build an application. */
export interface BuildOptions {
  /** Whether it is a factory: a function that returns the application. */
  readonly factory: boolean;
  /** Directory of import strings, relative to `cwd`. Default: `cwd`. */
  readonly appDir?: string | undefined;
  /** Absolute path. Default: the working directory. */
  readonly cwd?: string;
  /** Receives warnings for the operator: whole sentences. */
  onWarning(message: string): void;
}

const WANTED =
  "only ASGI applications, async (scope, receive, send) => { … }, can be served.";

/**
 * Builds the application.
 *
 * @param app An import string, or what a program gave: an application, a factory, a promise of one.
 * @throws AppLoadError in one line, if it cannot be loaded or has another interface; if the
 * application's own code threw, that is its `cause`.
 */
export async function buildApplication(
  app: unknown,
  options: BuildOptions,
): Promise<AsgiApp> {
  if (typeof app !== "string") {
    return await fromValue(app, "The application", options);
  }
  const { appDir, cwd = workingDirectory() } = options;
  const { value } = await loadExport(app, { cwd, appDir });
  return await fromValue(value, `"${app}"`, options);
}

/** @param label What messages call the value. */
async function fromValue(
  value: unknown,
  label: string,
  options: BuildOptions,
): Promise<AsgiApp> {
  const settled = await settle(value, `The promise ${label} was rejected.`);
  const isGuessed = !options.factory && isSurelyFactory(settled);
  const app = options.factory || isGuessed
    ? await callFactory(settled, label)
    : settled;
  const { kind, description } = detectInterface(app);
  if (kind !== "asgi") {
    const what = app === settled
      ? `${label} is ${description}`
      : `What ${label} returned is ${description}`;
    throw loadFailure(`${what}; ${WANTED}${adviceFor(app)}`);
  }
  if (isGuessed) {
    options.onWarning(
      "ASGI app factory detected. Using it, but please consider setting the --factory flag " +
        "explicitly.",
    );
  }
  return app as AsgiApp;
}

/** An application may be the promise of an async function that was called without await. */
async function settle(value: unknown, message: string): Promise<unknown> {
  if (!(value instanceof Promise)) return value;
  try {
    return await value;
  } catch (error) {
    throw loadFailure(message, error);
  }
}

async function callFactory(factory: unknown, label: string): Promise<unknown> {
  const problem = whyNoFactory(factory);
  if (problem !== undefined) {
    throw factoryFailure(
      `${label} is ${problem}, not a function without parameters.`,
    );
  }
  try {
    return await (factory as () => unknown)();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw factoryFailure(detail, { cause: error });
  }
}

function factoryFailure(detail: string, options?: ErrorOptions): AppLoadError {
  return new AppLoadError(
    printable(`Error loading ASGI app factory: ${detail}`),
    options,
  );
}

function workingDirectory(): string {
  try {
    return runtime.cwd();
  } catch (cause) {
    if ((cause as Error).name !== "NotCapable") throw cause;
    throw loadFailure(
      "Deno is not allowed to read the working directory: run it with --allow-read, or with -A.",
    );
  }
}
