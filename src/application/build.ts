/**
 * Makes the application that the server calls: loads it, awaits it if it is a promise, calls it if
 * it is a factory, detects its interface, adapts it to ASGI, and wraps it.
 */
import type { AsgiApp } from "../asgi.ts";
import type { AppLoadError } from "../errors.ts";
import { type Logger, SILENT } from "../logging/logger.ts";
import { runtime } from "../runtime/mod.ts";
import type { CaughtServer } from "../runtime/types.ts";
import type { OnListening } from "./adapters/context.ts";
import {
  takeLightRequests,
  takeLightRequestsIfLoaded,
  takeLightRequestsIfUnseen,
} from "./adapters/fetch/request_globals.ts";
import { callFactory } from "./factory.ts";
import { detectInterface, verdictFor } from "./interface.ts";
import { loadExport, loadFailure } from "./load.ts";
import type { InterfaceName, Verdict } from "./verdict.ts";

/** How to build an application. */
export interface BuildOptions {
  /** Whether it is a factory: a function that returns the application. */
  readonly factory: boolean;
  /** Its interface. Default: `"auto"`, detect it. */
  readonly interface?: "auto" | InterfaceName;
  /** Whether servers that its module starts are taken over. Default: false. */
  readonly adopt?: boolean;
  /** Directory of import strings, relative to `cwd`. Default: `cwd`. */
  readonly appDir?: string | undefined;
  /** Absolute path. Default: the working directory. */
  readonly cwd?: string;
  /** Is told of calls and messages, if its trace level is on. */
  readonly trace?: Logger | undefined;
  /** Logs what an adapter has to say. Default: nowhere. */
  readonly logger?: Logger | undefined;
  /** Receives warnings for the operator: whole sentences. */
  onWarning(message: string): void;
  /** Is told which interface the application has. */
  onDetected?(interfaceName: InterfaceName, reason: string): void;
  /** Registers what is called each time a server of the application listens. */
  onListening?(callback: OnListening): void;
}

const WANTED =
  "expected an application: async (scope, receive, send) => { … }, an object with fetch(), or one " +
  "of Express, Koa or Fastify.";

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
  const built = await load(app, options);
  const { trace } = options;
  if (!trace?.isEnabled("trace")) return built;
  const { withMessageTrace } = await import("./message_trace.ts");
  return withMessageTrace(built, trace);
}

async function load(app: unknown, options: BuildOptions): Promise<AsgiApp> {
  if (typeof app !== "string") {
    const given = { label: "The application", isImported: false };
    return await fromValue(app, given, options);
  }
  const { appDir, cwd = workingDirectory(), adopt = false } = options;
  // First: its modules may keep what they find.
  if (runtime.hidesRequestState) {
    if (options.interface === "fetch") takeLightRequests();
    else takeLightRequestsIfLoaded();
  }
  const { value, adopted } = await loadExport(app, { cwd, appDir, adopt });
  const found = { label: `"${app}"`, isImported: true, adopted };
  return await fromValue(value, found, options);
}

/** Where an application comes from. */
interface Origin {
  /** What messages call it. */
  readonly label: string;
  /** Whether an import string names it, and no program has handed it over. */
  readonly isImported: boolean;
  readonly adopted?: CaughtServer | undefined;
}

async function fromValue(
  value: unknown,
  origin: Origin,
  options: BuildOptions,
): Promise<AsgiApp> {
  const { label } = origin;
  const subject = origin.isImported
    ? `The promise ${label}`
    : `${label} is a promise that`;
  const settled = await settle(value, `${subject} was rejected.`);
  const { app, verdict, isGuessed } = await open(settled, label, options);
  const { interface: name, reason } = verdict;
  if (name === undefined) {
    throw refusal(app === settled, label, verdict, options);
  }
  options.onDetected?.(name, reason);
  if (name === "fetch" && origin.isImported && runtime.hidesRequestState) {
    takeLightRequestsIfUnseen();
  }
  const adapted = name === "asgi3"
    ? app as AsgiApp
    : await adaptTo(name, app, verdict, options, origin);
  if (isGuessed) {
    options.onWarning(
      "ASGI app factory detected. Using it, but please consider setting the --factory flag " +
        "explicitly.",
    );
  }
  return adapted;
}

/** An application, possibly made by a factory. */
interface Opened {
  readonly app: unknown;
  readonly verdict: Verdict;
  /** Whether it was found out that the value is a factory. */
  readonly isGuessed: boolean;
}

/** Tells the interface of `value`, or of what it makes if it is a factory. */
async function open(
  value: unknown,
  label: string,
  options: BuildOptions,
): Promise<Opened> {
  const { factory, interface: chosen = "auto" } = options;
  const tell = (app: unknown) =>
    chosen === "auto" ? detectInterface(app) : verdictFor(chosen, app);
  if (factory) {
    const app = await callFactory(value, label);
    return { app, verdict: tell(app), isGuessed: false };
  }
  const verdict = tell(value);
  if (!verdict.isParameterless || chosen === "fetch") {
    return { app: value, verdict, isGuessed: false };
  }
  // A factory, or a fetch handler that does not look at the request: what it returns decides.
  const app = await callFactory(value, label);
  return isResponse(app) && chosen === "auto"
    ? { app: value, verdict, isGuessed: false }
    : { app, verdict: tell(app), isGuessed: true };
}

/** Also of a class that a library has put in the place of the runtime's own. */
function isResponse(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Response]";
}

async function adaptTo(
  name: Exclude<InterfaceName, "asgi3">,
  app: unknown,
  verdict: Verdict,
  options: BuildOptions,
  { adopted, isImported }: Origin,
): Promise<AsgiApp> {
  const { adapt } = await import("./adapters/adapt.ts");
  const { logger = SILENT, onWarning } = options;
  return await adapt(app, name, verdict, {
    logger,
    adopted,
    isImported,
    onWarning: (message) => onWarning(message),
    onListening: (callback) => options.onListening?.(callback),
  });
}

function refusal(
  isGiven: boolean,
  label: string,
  { description, advice }: Verdict,
  { interface: chosen = "auto" }: BuildOptions,
): AppLoadError {
  const what = `${
    isGiven ? label : `What ${label} returned`
  } is ${description}`;
  return loadFailure(
    chosen === "auto"
      ? `${what}; ${WANTED}${advice}`
      : `${what}, which cannot be served with --interface ${chosen}.`,
  );
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
