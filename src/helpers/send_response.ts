/** Sends a `Response` as the answer to a request. */
import { sendResponse as sendFetchResponse } from "../application/adapters/fetch/send_response.ts";
import { responseProblem } from "../application/adapters/fetch/response_head.ts";
import { ServerInfo } from "../application/adapters/fetch/server_info.ts";
import type { HttpScope, Send } from "../asgi.ts";
import { SILENT } from "../logging/logger.ts";

/**
 * Sends `response`: its status, its fields, each cookie on a line of its own, and its body at the
 * client's pace. A client that leaves cancels the body's stream.
 *
 * @throws TypeError if it is `Response.error()`, or its body was used; also what its body throws,
 * and what `send()` rejects with.
 *
 * @example
 * ```ts
 * const app = defineApp(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   await sendResponse(scope, send, Response.json({ path: scope.path }));
 * });
 * ```
 */
export async function sendResponse(
  scope: HttpScope,
  send: Send,
  response: Response,
): Promise<void> {
  const problem = responseProblem(response);
  if (problem !== undefined) {
    throw new TypeError(
      `Cannot send ${problem}: expected a Response that has a status`,
    );
  }
  const info = new ServerInfo(scope, send, SILENT);
  await sendFetchResponse(response, scope.method, send, info);
}
