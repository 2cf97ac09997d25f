/**
 * Lets an application on Node or Bun have light objects too: puts classes of ours in the place of
 * the globals, which is the only way to make the runtime take them for its own.
 */
import { LightRequest } from "./light_request.ts";
import { responseClass } from "./light_response.ts";
import { replaceGlobal, standingIn } from "./stand_in.ts";

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
 * Without it Tricorn leaves every global alone. What it changes for everything in the process: the
 * runtime's functions that take a `Response`, other than those of the standard, do not take what
 * `new Response()` makes any more.
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
  const nativeFetch = globalThis.fetch;
  const fetch = (input: RequestInfo | URL, init?: RequestInit) =>
    nativeFetch(realOf(input), init);
  replaceGlobal("Request", requestClass(globalThis.Request));
  replaceGlobal("Response", responseClass());
  replaceGlobal("fetch", fetch);
}

/** The class of the runtime, with a constructor that takes light requests as well. */
function requestClass(Native: typeof Request): typeof Request {
  function construct(input: RequestInfo | URL, init?: RequestInit): unknown {
    const target = new.target as unknown as typeof Native;
    const args = arguments.length === 0 ? [] : [realOf(input), init];
    return Reflect.construct(Native, args, target);
  }
  return standingIn(construct, Native);
}

function realOf(input: RequestInfo | URL): RequestInfo | URL {
  return LightRequest.is(input) ? LightRequest.realOf(input) : input;
}
