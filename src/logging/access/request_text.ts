/** A request in one line, escaped. */
import { quoteMethod, quotePath, quoteQuery } from "../escape.ts";
import type { RequestRecord } from "./request_record.ts";

/** What the line says. */
export type RequestText = Pick<
  RequestRecord,
  "method" | "path" | "query" | "httpVersion" | "isWebSocket"
>;

/** Path and query. */
export function targetText(
  { path, query }: Pick<RequestText, "path" | "query">,
): string {
  return query === ""
    ? quotePath(path)
    : `${quotePath(path)}?${quoteQuery(query)}`;
}

/** `GET /path?query HTTP/1.1`. */
export function requestLine(request: RequestText): string {
  const { method, httpVersion } = request;
  return `${quoteMethod(method)} ${targetText(request)} HTTP/${
    quoteQuery(httpVersion)
  }`;
}

/** The same; `WebSocket /path` for a handshake, as Uvicorn writes it. */
export function requestText(request: RequestText): string {
  return request.isWebSocket
    ? `WebSocket ${targetText(request)}`
    : requestLine(request);
}
