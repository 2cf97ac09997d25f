/**
 * Where a request comes from: its client, the scheme that the client used, and the path that the
 * application is mounted at. Scopes, the access log and the log lines of a request read nothing
 * else of it.
 */
import type { RequestHead } from "../../http/request_head.ts";

/** One request's, or that of all requests of a connection. */
export interface RequestOrigin {
  /** `undefined` if it has no address, as behind a UNIX socket. */
  readonly client: { readonly host: string; readonly port: number } | undefined;
  /** Of the client's URL: `http` or `https`, for WebSockets as well. */
  readonly scheme: string;
  /** Decoded, without trailing slash; `""` for none. */
  readonly rootPath: string;
  /** `host:port` of the client, made for the first log line; `undefined` before. */
  clientText: string | undefined;
}

/** Finds the origin of a request that another server has passed on; `own` is the connection's. */
export type OriginRule = (
  head: RequestHead,
  own: RequestOrigin,
) => RequestOrigin;

/** The origin of one request: that of its connection, unless there is a rule. */
export function originOf(
  head: RequestHead,
  own: RequestOrigin,
  rule: OriginRule | undefined,
): RequestOrigin {
  return rule === undefined ? own : rule(head, own);
}

/** `host:port` of the client for log lines, `""` if it has none. */
export function clientText(origin: RequestOrigin): string {
  return origin.clientText ??= textOf(origin);
}

function textOf({ client }: RequestOrigin): string {
  if (client === undefined) return "";
  const { host, port } = client;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A log line: `text` behind the client, if that has an address. */
export function ofClient(origin: RequestOrigin, text: string): string {
  const client = clientText(origin);
  return client === "" ? text : `${client} - ${text}`;
}
