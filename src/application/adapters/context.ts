/** What an adapter is given, and what it gives: types only. */
import type { AsgiApp, LifespanScope, Receive, Send } from "../../asgi.ts";
import type { Logger } from "../../logging/logger.ts";
import type { Address } from "../../runtime/types.ts";
import type { ApplicationShape } from "../verdict.ts";

/** Called once the server listens. */
export type OnListening = (addresses: readonly Address[]) => void;

/** What an adapter knows of the server around it. One for each application. */
export interface AdapterContext {
  /** What the application looks like. */
  readonly shape: ApplicationShape;
  /**
   * Whether an import string names the application, so that this process is there to serve it. One
   * that a program hands over shares its process with that program.
   */
  readonly isImported: boolean;
  /** The life of the server: `tricorn`. */
  readonly logger: Logger;
  /** Receives warnings for the operator: whole sentences. */
  onWarning(message: string): void;
  /**
   * Answers the lifespan scope: runs what {@linkcode onStart} and {@linkcode onStop} were given. An
   * adapter hands its lifespan scopes over:
   * `if (scope.type === "lifespan") return context.lifespan(scope, receive, send);`
   */
  lifespan(scope: LifespanScope, receive: Receive, send: Send): Promise<void>;
  /**
   * Runs `hook` at startup, in the order of registration; one that throws fails the start. None
   * runs with `--lifespan off`.
   */
  onStart(hook: (scope: LifespanScope) => unknown): void;
  /**
   * Runs `hook` at shutdown, when no request is left, the last that was registered first. All run,
   * even if one throws.
   */
  onStop(hook: () => unknown): void;
  /** Calls `callback` each time a server of this application listens; what it throws is logged. */
  onListening(callback: OnListening): void;
  /**
   * Lets shutdown wait for work that belongs to no request; a rejection is logged. Work of a
   * request is better awaited in its call: the drain waits for calls, and says so.
   */
  waitUntil(promise: PromiseLike<unknown>): void;
}

/**
 * Turns an application of another interface into an ASGI application.
 *
 * @throws AppLoadError in one line if it cannot.
 */
export type Adapt = (
  value: unknown,
  context: AdapterContext,
) => AsgiApp | Promise<AsgiApp>;
