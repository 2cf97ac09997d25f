/** An ASGI application as a fetch handler: for platforms without sockets, and for tests. */
import type { AsgiApp, State } from "../../asgi.ts";
import { StartupError } from "../../errors.ts";
import { SILENT } from "../../logging/logger.ts";
import { Lifespan, type LifespanMode } from "../lifespan.ts";
import { FetchExchange } from "./fetch_exchange.ts";
import { clientOf, requestScope } from "./request_scope.ts";

/** How to make a fetch handler of an application. */
export interface ToFetchOptions {
  /** Lifespan: `"auto"` detects it, `"on"` requires it, `"off"` leaves it out. Default: `"auto"`. */
  readonly lifespan?: LifespanMode;
  /** Seconds that startup, and shutdown, may take. Default: 60. */
  readonly timeoutLifespan?: number;
  /** Where the application is mounted: the start of `path`. Default: `""`. */
  readonly rootPath?: string;
  /** Receives what the application throws. Default: `console.error`. */
  readonly onError?: (error: unknown) => void;
}

/** What platforms give a fetch handler as its third argument. */
export interface FetchContext {
  /** Keeps the platform from ending the process or isolate before `promise` settles. */
  waitUntil?(promise: Promise<unknown>): void;
}

/** An application as a fetch handler. It can be the default export of a module. */
export interface AsgiFetch extends AsyncDisposable {
  /**
   * Answers a request; the first one starts the application.
   *
   * @param env The second argument of the platform: the client's address is looked for in it.
   * @param context The third: its `waitUntil()` keeps the platform waiting for the application.
   */
  fetch(
    request: Request,
    env?: unknown,
    context?: FetchContext,
  ): Promise<Response>;
  /** Starts the application, unless it has been. Rejects with `StartupError` if that fails. */
  start(): Promise<void>;
  /** Raises the drain signal, waits for calls in progress, and stops the application. Idempotent. */
  close(): Promise<void>;
}

/** Calls back after `ms` milliseconds. */
function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/**
 * Makes a fetch handler of an ASGI application, so that it also runs where no sockets are to be had.
 * Requests and responses stream both ways; WebSockets, trailers, early hints and files by path need
 * the server.
 *
 * @example
 * ```ts
 * import { toFetch } from "jsr:@tricorn/serve/adapters/fetch";
 *
 * export default toFetch(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   await send({ type: "http.response.start", status: 200 });
 *   await send({ type: "http.response.body", body: "Hello, world!" });
 * });
 * ```
 */
export function toFetch(app: AsgiApp, options: ToFetchOptions = {}): AsgiFetch {
  const onError = options.onError ?? ((error) => console.error(error));
  const lifespan = new Lifespan(app, {
    mode: options.lifespan ?? "auto",
    limitMs: (options.timeoutLifespan ?? 60) * 1000,
    startTimer,
  }, SILENT);
  const draining = new AbortController();
  const calls = new Set<Promise<void>>();
  let starting: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function startUp(): Promise<void> {
    if (await lifespan.startup()) return;
    const { message, cause } = lifespan.failure ?? {};
    throw new StartupError(
      `Application startup failed${message ? `: ${message}` : ""}`,
      { cause },
    );
  }

  async function shutDown(): Promise<void> {
    draining.abort(
      new DOMException("The application is shutting down", "AbortError"),
    );
    await Promise.all(calls);
    if (starting !== undefined) await lifespan.shutdown();
  }

  const start = () => starting ??= startUp();
  const close = () => closing ??= shutDown();
  return {
    start,
    close,
    [Symbol.asyncDispose]: close,
    async fetch(request, env, context) {
      await start();
      const { response, call } = callWith(app, request, {
        env,
        rootPath: options.rootPath ?? "",
        prefixesRootPath: true,
        state: lifespan.state,
        drainSignal: draining.signal,
        onError,
      });
      calls.add(call);
      void call.then(() => calls.delete(call));
      context?.waitUntil?.(call);
      return await response;
    },
  };
}

/** What one call needs. */
export interface CallParts {
  readonly env: unknown;
  readonly rootPath: string;
  readonly prefixesRootPath: boolean;
  readonly state: State;
  readonly drainSignal: AbortSignal;
  onError(error: unknown): void;
}

/**
 * Calls a started application with `request`.
 *
 * @returns The response, and the call, which may last longer and never rejects.
 */
export function callWith(
  app: AsgiApp,
  request: Request,
  { env, rootPath, prefixesRootPath, state, drainSignal, onError }: CallParts,
): { response: Promise<Response>; call: Promise<void> } {
  const exchange = new FetchExchange(request);
  const client = clientOf(request, env);
  const scope = requestScope(request, {
    client,
    rootPath: rootPath.replace(/\/+$/, ""),
    prefixesRootPath,
    state,
    drainSignal,
    abort: () => exchange.abort(),
  });
  const run = async () => {
    try {
      await app(
        scope,
        () => exchange.receive(),
        (event) => exchange.send(event),
      );
      if (!exchange.onReturn()) {
        onError(
          new Error("ASGI callable returned without completing response"),
        );
      }
    } catch (error) {
      if (exchange.onThrow(error)) onError(error);
    }
  };
  return { response: exchange.response, call: run() };
}
