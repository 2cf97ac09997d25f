/**
 * Where a request comes from: its client, the scheme and the host that the client used, and the path
 * that the application is mounted at. Scopes, the access log and the log lines of a request read
 * nothing else of it.
 */
import type { ServerAddress } from "../../asgi.ts";
import type { RequestHead } from "../../http/request_head.ts";
import type { Logger } from "../../logging/logger.ts";
import { hostPort } from "../../text/host_port.ts";

/** One request's, or that of all requests of a connection. */
export interface RequestOrigin {
  /** `undefined` if it has no address, as behind a UNIX socket. */
  readonly client: { readonly host: string; readonly port: number } | undefined;
  /** Of the client's URL: `http` or `https`, for WebSockets as well. */
  readonly scheme: string;
  /** Decoded, without trailing slash; `""` for none. */
  readonly rootPath: string;
  /** Takes the place of the field `host`; `undefined` leaves it as it is. */
  readonly host: string | undefined;
  /** `host:port` of the client, made for the first log line; `undefined` before. */
  clientText: string | undefined;
}

/** The origin of requests that nobody has passed on: the peer of their connection. */
export interface PeerOrigin extends RequestOrigin {
  /** Where the peer has connected to. */
  readonly server: ServerAddress | null;
  /** Whether what it says of its own clients is used: a note of the rule's, `undefined` before. */
  isTrusted: boolean | undefined;
}

/**
 * Finds the origin of a request that another server has passed on.
 *
 * @param own The connection's.
 * @param logger Hears at debug level what is not believed, and why.
 */
export type OriginRule = (
  head: RequestHead,
  own: PeerOrigin,
  logger: Logger,
) => RequestOrigin;

/** The origin of one request: that of its connection, unless there is a rule. */
export function originOf(
  head: RequestHead,
  own: PeerOrigin,
  rule: OriginRule | undefined,
  logger: Logger,
): RequestOrigin {
  return rule === undefined ? own : rule(head, own, logger);
}

/** `host:port` of the client for log lines, `""` if it has none. */
export function clientText(origin: RequestOrigin): string {
  return origin.clientText ??= textOf(origin);
}

function textOf({ client }: RequestOrigin): string {
  return client === undefined ? "" : hostPort(client.host, client.port);
}

/** A log line: `text` behind the client, if that has an address. */
export function ofClient(origin: RequestOrigin, text: string): string {
  const client = clientText(origin);
  return client === "" ? text : `${client} - ${text}`;
}
