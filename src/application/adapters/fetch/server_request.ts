/** The `Request` that a fetch handler is given: a light one where the runtime takes it for a real one. */
import type { HttpScope, Receive, WebSocketScope } from "../../../asgi.ts";
import { LightRequest } from "./light_request.ts";
import { RealRequest } from "./real_request.ts";
import type { ServerInfo } from "./server_info.ts";

/**
 * Makes one.
 *
 * @throws TypeError if the host that was asked for cannot stand in a URL.
 */
export type MakeRequest = (
  scope: HttpScope | WebSocketScope,
  receive: Receive,
  info: ServerInfo,
) => Request;

/** How requests are made in this process, as it is now. */
export function requestMaker(): MakeRequest {
  return canCopyLight() ? makeLight : makeReal;
}

const makeLight: MakeRequest = (scope, receive, info) =>
  new LightRequest(scope, receive, info) as unknown as Request;

const makeReal: MakeRequest = (scope, receive, info) =>
  new RealRequest(scope, receive, info);

/**
 * Whether a request of ours is as good as one of the runtime's for functions of the runtime. Node
 * 24 keeps the state of a `Request` in private fields, which no other object can have; Bun 1.4
 * reads the members, but no method in `new Request(request, init)`. An application may have replaced
 * the class by one that takes ours, and this server does so for import strings: see request_globals.ts.
 */
function canCopyLight(): boolean {
  const scope = {
    type: "http",
    method: "PUT",
    scheme: "http",
    raw_path: "/p",
    query_string: "q",
    headers: [["host", "h"], ["x-a", "b"], ["content-length", "1"]],
  };
  const info = { signal: new AbortController().signal };
  try {
    const light = new LightRequest(
      scope as unknown as HttpScope,
      () => new Promise(() => {}),
      info as ServerInfo,
    ) as unknown as Request;
    const copy = new Request(light, { cache: "no-store" });
    return copy.url === "http://h/p?q" && copy.method === "PUT" &&
      copy.headers.get("x-a") === "b" && copy.body !== null;
  } catch {
    return false;
  }
}
