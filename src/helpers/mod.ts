/**
 * What applications on raw ASGI keep writing: small functions over `scope`, `receive` and `send`,
 * each usable without the others. The server itself needs none of them.
 *
 * ```ts
 * import { defineApp, readText, sendResponse } from "jsr:@tricorn/serve/helpers";
 *
 * export default defineApp(async (scope, receive, send) => {
 *   if (scope.type !== "http") return;
 *   const text = await readText(receive, { limit: 1000 });
 *   await sendResponse(scope, send, new Response(text.toUpperCase()));
 * });
 * ```
 *
 * @module
 */
export type { InterfaceName } from "../application/verdict.ts";
export {
  type ApplicationsByInterface,
  defineApp,
  type DefineOptions,
} from "./define_app.ts";
export {
  BodyTooLargeError,
  readBody,
  type ReadBodyOptions,
  readJson,
  readText,
} from "./read_body.ts";
export { sendResponse } from "./send_response.ts";
export { sendFile, type SendFileOptions } from "./send_file.ts";
export {
  type EventSource,
  sendEvents,
  type SendEventsOptions,
  type ServerSentEvent,
} from "./send_events.ts";
