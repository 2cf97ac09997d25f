/** The end of a response, with trailer fields if there are any (ASGI Extensions: HTTP Trailers). */
import type { BodyInput, HttpResponseStartEvent, Send } from "../../../asgi.ts";
import type { ServerInfo } from "./server_info.ts";
import type { HeadersInput } from "../../../runtime/web_types.ts";

/**
 * Sends the last piece of the body, and sends the trailer fields that `start` has promised. Not
 * `async`: hardly any response has trailers.
 */
export function endResponse(
  send: Send,
  info: ServerInfo,
  start: HttpResponseStartEvent,
  body: BodyInput = "",
): Promise<void> {
  const sending = send({ type: "http.response.body", body });
  return start.trailers === true
    ? endWithTrailers(sending, send, info)
    : sending;
}

async function endWithTrailers(
  sending: Promise<void>,
  send: Send,
  info: ServerInfo,
): Promise<void> {
  await sending;
  const given = info.responseTrailers;
  const fields = new Headers(
    await (typeof given === "function" ? given() : given) as HeadersInput,
  );
  await send({ type: "http.response.trailers", headers: fields });
}
