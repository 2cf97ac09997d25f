/** What a request's `upgrade` field asks for: a WebSocket, or something that is not spoken here. */
import { listItems } from "../../http/lists.ts";
import type { Http1RequestHead } from "../../http1/request_head.ts";
import { readHandshake } from "../../websocket/handshake.ts";
import type { ServerContext } from "../context.ts";

/** Whether an `upgrade` field offers a WebSocket among others (RFC 6455 §4.2.1, RFC 9110 §7.8). */
function includesWebSocket(upgrade: string): boolean {
  return upgrade === "websocket" || listItems(upgrade).includes("websocket");
}

/**
 * Whether an application that takes connections over is offered this one. A request with a body is
 * an ordinary one: where the other protocol begins would be its business.
 */
export function offersTakeOver(
  upgrade: string,
  head: Http1RequestHead,
  { settings, newRawUpgrade }: ServerContext,
): boolean {
  return newRawUpgrade !== undefined && !head.hasBody &&
    (settings.websocket !== undefined || !includesWebSocket(upgrade));
}

/**
 * Reads the WebSocket handshake that `upgrade` asks for; `undefined` if the request is served as an
 * ordinary one, which is logged.
 */
export function offeredHandshake(
  upgrade: string,
  head: Http1RequestHead,
  { settings, logger }: ServerContext,
): ReturnType<typeof readHandshake> | undefined {
  const asksForWebSocket = includesWebSocket(upgrade);
  if (asksForWebSocket && settings.websocket) return readHandshake(head);
  logger.warning("Unsupported upgrade request.");
  if (asksForWebSocket) {
    logger.warning('WebSockets are disabled by the option "ws".');
  }
  return undefined;
}

/**
 * An upgrade over HTTP/1.0 must be ignored (RFC 9110 §7.8). It nearly always comes from a proxy
 * that was not told to speak HTTP/1.1 to this server.
 */
export function warnOfOldUpgrade(
  head: Http1RequestHead,
  { warnOnce }: ServerContext,
): void {
  const asks = head.headers.some(([name, value]) =>
    name === "upgrade" && includesWebSocket(value)
  );
  if (!asks) return;
  warnOnce(
    "old upgrade",
    "WebSocket handshake over HTTP/1.0 served as an ordinary request: the proxy in front must " +
      'speak HTTP/1.1, which nginx does with "proxy_http_version 1.1;".',
  );
}
