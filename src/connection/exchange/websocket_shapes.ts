/**
 * The shape of the fields of WebSocket messages. Each check returns what is wrong, as the error says
 * it, or `undefined`.
 */
import { isSendable } from "../../websocket/close_codes.ts";
import { shown } from "./event_errors.ts";

/** What is wrong with the data of a message; `null` for a field that is not given. */
export function dataProblem(text: unknown, bytes: unknown): string | undefined {
  if ((text === null) === (bytes === null)) {
    return 'expected exactly one of "text" and "bytes"';
  }
  if (text !== null && typeof text !== "string") {
    return `"text" is ${shown(text)}, expected a string`;
  }
  if (bytes !== null && !(bytes instanceof Uint8Array)) {
    return `"bytes" is ${shown(bytes)}, expected a Uint8Array`;
  }
  return undefined;
}

/** What is wrong with the choice of one of those `offered`. */
export function subprotocolProblem(
  chosen: unknown,
  offered: readonly string[],
): string | undefined {
  if (chosen === undefined) return undefined;
  if (typeof chosen !== "string") {
    return `"subprotocol" is ${shown(chosen)}, expected a string`;
  }
  return offered.includes(chosen)
    ? undefined
    : `"subprotocol" is ${shown(chosen)}, which was not offered`;
}

/** What is wrong with a close frame's content (RFC 6455 §7.4). */
export function closeProblem(
  code: number,
  reason: unknown,
): string | undefined {
  if (!isSendable(code)) {
    return `"code" is ${shown(code)}, which must not be sent`;
  }
  return typeof reason === "string"
    ? undefined
    : `"reason" is ${shown(reason)}, expected a string`;
}
