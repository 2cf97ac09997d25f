/**
 * Lets an application on Node or Bun have light objects too: puts classes of ours in the place of
 * the globals, which is the only way to make the runtime take them for its own.
 */
import { responseClass } from "./light_response.ts";
import { takeLightRequests } from "./request_globals.ts";
import { replaceGlobal } from "./stand_in.ts";

let isReplaced = false;

/** Whether {@linkcode useLightFetch} was called. */
export function areGlobalsLight(): boolean {
  return isReplaced;
}

/**
 * Replaces `Request`, `Response` and `fetch` of this process by ones that make the runtime's objects
 * only when they are needed, and pass everything else on to them. Called at the top of an
 * application, it makes small requests cheaper on Node and Bun; how much is in bench/README.md.
 *
 * Without it `new Response()` and `new Request()` make the runtime's own objects. What it changes for
 * everything in the process: the runtime's functions that take a `Response`, other than those of the
 * standard, do not take what `new Response()` makes any more.
 *
 * @example
 * ```ts
 * import { useLightFetch } from "tricorn/adapters/fetch";
 *
 * useLightFetch();
 * export default { fetch: () => new Response("Hello, world!") };
 * ```
 */
export function useLightFetch(): void {
  if (isReplaced) return;
  isReplaced = true;
  takeLightRequests();
  replaceGlobal("Response", responseClass());
}
