/** A fetch application: its handler, however it is shaped, and what belongs to all of its calls. */
import type { HttpScope, WebSocketScope } from "../../../asgi.ts";
import { printable } from "../../../text/printable.ts";
import type { Logger } from "../../../logging/logger.ts";
import type { ServerInfo } from "./server_info.ts";
import type { MakeRequest } from "./server_request.ts";

/** What every request of one application needs. */
export interface FetchApp {
  /** Calls the handler. @returns A response, a promise of one, or anything else. */
  fetch(request: Request, info: ServerInfo): unknown;
  /** Makes a response of what the handler threw; `undefined` if the application does not. */
  readonly onError: ((info: ServerInfo, error: unknown) => unknown) | undefined;
  /** The member `websocket` of the application, for `server.upgrade()`. */
  readonly websocketHandlers: unknown;
  readonly logger: Logger;
  /** Makes what the handler is given. */
  readonly newRequest: MakeRequest;
}

/** The key by which an object asks to be called as the Fetch Server API draft has it. */
const PROTOCOL = Symbol.for("wintertc.server.protocol");

type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** What is read of an application. */
interface FetchObject {
  readonly fetch?: unknown;
  readonly error?: unknown;
  readonly onError?: unknown;
  readonly [PROTOCOL]?: unknown;
}

/**
 * Finds how to call `value`: a function, or an object with a function `fetch`.
 *
 * @throws TypeError if it is neither.
 */
export function handlerOf(
  value: unknown,
): Pick<FetchApp, "fetch" | "onError"> {
  const { fetch, error, [PROTOCOL]: protocol } = Object(value) as FetchObject;
  if (typeof fetch !== "function") {
    if (typeof value !== "function") {
      throw new TypeError(
        'Cannot adapt the application: expected a function, or an object with a function "fetch"',
      );
    }
    const handler = value as Handler;
    return {
      fetch: (request, info) => handler(request, info, info),
      onError: undefined,
    };
  }
  const handler = fetch as Handler;
  const onError = typeof error === "function" ? error as Handler : undefined;
  if (typeof protocol === "number") {
    return {
      fetch: (_request, info) => handler.call(value, info),
      onError: onError && ((info, thrown) => onError.call(value, info, thrown)),
    };
  }
  return {
    fetch: (request, info) => handler.call(value, request, info, info),
    // Bun's: it takes the error alone.
    onError: onError && ((_info, thrown) => onError.call(value, thrown)),
  };
}

/** Names the request whose handler returned something else. */
export function wrongResponse(
  scope: HttpScope | WebSocketScope,
  got: string,
): TypeError {
  const method = scope.type === "http" ? scope.method : "GET";
  return new TypeError(
    `Cannot answer ${printable(method)} ${
      printable(scope.path)
    }: expected a Response, got ${got}`,
  );
}
