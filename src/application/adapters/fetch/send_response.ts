/** Sends what a fetch handler has returned. */
import type { Send } from "../../../asgi.ts";
import { heldBody } from "../../../runtime/node/internals/fetch_state.ts";
import { untypedBody } from "../../../runtime/untyped_body.ts";
import { LightResponse } from "./light_response.ts";
import { sendBody } from "./response_body.ts";
import { startOf } from "./response_head.ts";
import { endResponse } from "./response_trailers.ts";
import type { ServerInfo } from "./server_info.ts";

/**
 * Sends `response`.
 *
 * @throws TypeError if its body was used before; also whatever its body throws, and what `send()`
 * rejects with.
 */
export async function sendResponse(
  response: Response,
  method: string,
  send: Send,
  info: ServerInfo,
): Promise<void> {
  const trailers = info.responseTrailers !== undefined;
  const light = LightResponse.take(response);
  if (light !== undefined) {
    const { status, fields: headers, body } = light;
    const start = {
      type: "http.response.start",
      status,
      headers,
      trailers,
    } as const;
    await send(start);
    return await endResponse(send, info, start, body);
  }
  const start = startOf(response, trailers);
  if (response.bodyUsed) throw usedBody();
  const typed = untypedBody(response);
  if (typed !== undefined && method !== "HEAD") {
    const { type, bytes } = await typed;
    if (type !== "") start.headers.push(["content-type", type]);
    await send(start);
    return await endResponse(send, info, start, bytes);
  }
  const held = heldBody(response);
  if (held !== undefined && method !== "HEAD" && !isBodyless(response.status)) {
    const body = await (held === "text" ? response.text() : response.bytes());
    await send(start);
    return await endResponse(send, info, start, body);
  }
  const { body } = response;
  if (body === null || method === "HEAD" || isBodyless(response.status)) {
    // Frameworks give these a body too: its producer must not wait for a reader.
    body?.cancel().catch(() => {});
    await send(start);
    return await endResponse(send, info, start);
  }
  if (body.locked) throw usedBody();
  await sendBody(body, start, send, info);
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
