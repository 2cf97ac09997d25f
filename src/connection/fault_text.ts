/** What the log says of a peer's fault: the reason, with the number and the option of a limit. */
import {
  HTTP_FAULTS,
  type HttpFaultCode,
  WEBSOCKET_FAULTS,
  type WebSocketFaultCode,
} from "../faults.ts";
import type { HttpSettings, WebSocketSettings } from "./context.ts";

/** The limit that is exceeded, in the unit of the fault's message; `undefined` for broken rules. */
function httpLimit(
  code: HttpFaultCode,
  settings: HttpSettings,
): number | undefined {
  const { limits } = settings;
  switch (code) {
    case "TARGET_TOO_LONG":
      return limits.maxTargetBytes;
    case "HEAD_TOO_LARGE":
    case "TARGET_LONGER_THAN_HEAD":
      return limits.maxHeadBytes;
    case "TOO_MANY_HEADERS":
      return limits.maxHeaders;
    case "CHUNK_LINE_TOO_LONG":
      return limits.maxChunkLineBytes;
    case "TRAILERS_TOO_LARGE":
      return limits.maxTrailerBytes;
    case "TOO_MANY_TRAILERS":
      return limits.maxTrailers;
    case "HEAD_TIMEOUT":
      return settings.headMs / 1000;
    case "BODY_TIMEOUT":
      return settings.bodyMs / 1000;
    case "BODY_TOO_SLOW":
      return settings.minBodyRate;
    case "BODY_TOO_LARGE":
      return settings.maxBodyBytes;
    default:
      return undefined;
  }
}

/** As {@linkcode httpLimit}. */
function webSocketLimit(
  code: WebSocketFaultCode,
  { limits, pingTimeoutMs }: WebSocketSettings,
): number | undefined {
  switch (code) {
    case "MESSAGE_TOO_BIG":
      return limits.maxMessageBytes;
    case "TOO_MANY_FRAGMENTS":
      return limits.maxFragments;
    case "INFLATE_BOMB":
      return limits.maxInflateRatio;
    case "PING_TIMEOUT":
      return pingTimeoutMs / 1000;
    default:
      return undefined;
  }
}

function fill(
  text: string,
  limit: number | undefined,
  option: string | undefined,
): string {
  const filled = limit === undefined ? text : text.replace("#", `${limit}`);
  return option === undefined ? filled : `${filled} (${option})`;
}

/**
 * The line for a request that is refused, such as
 * `431 for 10.0.0.7:5112: request head exceeds 65536 bytes (--limit-request-head)`.
 *
 * @param client `host:port`; `""` if it has no name.
 */
export function httpFaultText(
  code: HttpFaultCode,
  client: string,
  settings: HttpSettings,
): string {
  const { status, message, option } = HTTP_FAULTS[code];
  const reason = fill(message, httpLimit(code, settings), option);
  if (status !== 400) {
    return client === ""
      ? `${status}: ${reason}`
      : `${status} for ${client}: ${reason}`;
  }
  // The original's words, which people search their logs for.
  const text = `Invalid HTTP request received. ${reason}`;
  return client === "" ? text : `${text} (${client})`;
}

/** The line for a WebSocket that is closed because of its peer; see {@linkcode httpFaultText}. */
export function webSocketFaultText(
  code: WebSocketFaultCode,
  client: string,
  settings: WebSocketSettings,
): string {
  const { closeCode, reason, detail, option, source } = WEBSOCKET_FAULTS[code];
  const whose = client === "" ? "" : ` for ${client}`;
  const what = detail === undefined
    ? `${reason} (${source})`
    : fill(detail, webSocketLimit(code, settings), option);
  return `WebSocket closed with ${closeCode}${whose}: ${what}`;
}
