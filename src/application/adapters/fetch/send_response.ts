/** Sends what a fetch handler has returned. */
import type { BodyInput, HttpResponseStartEvent, Send } from "../../../asgi.ts";
import { heldBody } from "../../../runtime/node/internals/fetch_state.ts";
import { untypedBody } from "../../../runtime/untyped_body.ts";
import { LACKS_TEXT_TYPE, LightResponse, TEXT_TYPE } from "./light_response.ts";
import { BYTES, SENT, takeRememberedBody } from "./remembered_body.ts";
import { sendBody } from "./response_body.ts";
import { type ResponseStart, startOf } from "./response_head.ts";
import { endResponse } from "./response_trailers.ts";
import type { ServerInfo } from "./server_info.ts";

/**
 * Sends `response`.
 *
 * @throws TypeError at once if its body was used before. Rejects with whatever its body throws, and
 * with what `send()` rejects with.
 */
export function sendResponse(
  response: Response,
  method: string,
  send: Send,
  info: ServerInfo,
): Promise<void> {
  const trailers = info.responseTrailers !== undefined;
  const light = LightResponse.take(response);
  if (light !== undefined) {
    const { status, fields: headers, body } = light;
    const type = "http.response.start";
    return sendWhole({ type, status, headers, trailers }, body, send, info);
  }
  const start = startOf(response, trailers);
  if (response.bodyUsed) throw usedBody();
  const hasNone = isBodyless(response.status);
  // Of a response to HEAD the server sends the length of the body alone.
  const whole = hasNone ? undefined : wholeBody(response, start);
  if (whole !== undefined) return sendWhole(start, whole, send, info);
  const { body } = response;
  if (body === null || method === "HEAD" || hasNone) {
    // Frameworks give these a body too: its producer must not wait for a reader.
    body?.cancel().catch(() => {});
    return sendWhole(start, "", send, info);
  }
  if (body.locked) throw usedBody();
  return sendBody(body, start, send, info);
}

async function sendWhole(
  start: HttpResponseStartEvent,
  body: Promise<BodyInput> | BodyInput,
  send: Send,
  info: ServerInfo,
): Promise<void> {
  const whole = body instanceof Promise ? await body : body;
  await send(start);
  await endResponse(send, info, start, whole);
}

/**
 * The body of `response`, if it is known to be whole; its type goes to `start` where the runtime
 * keeps that for its own server.
 */
function wholeBody(
  response: Response,
  start: ResponseStart,
): string | Promise<string | Uint8Array> | undefined {
  const body = takeRememberedBody(response);
  if (typeof body === "string") {
    if (
      LACKS_TEXT_TYPE &&
      !start.headers.some(([name]) => name === "content-type")
    ) {
      start.headers.push(["content-type", TEXT_TYPE]);
    }
    return body;
  }
  if (body === SENT) throw usedBody();
  if (body === BYTES) return response.bytes();
  const typed = untypedBody(response);
  if (typed !== undefined) {
    return typed.then(({ type, bytes }) => {
      if (type !== "") start.headers.push(["content-type", type]);
      return bytes;
    });
  }
  const held = heldBody(response);
  return held === undefined
    ? undefined
    : held === "text"
    ? response.text()
    : response.bytes();
}

/** Statuses whose responses end with the head (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
function isBodyless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

function usedBody(): TypeError {
  return new TypeError(
    "Cannot send the Response: expected a body that was not used before",
  );
}
