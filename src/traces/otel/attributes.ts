/**
 * What spans and measurements say of requests, by the names of OpenTelemetry's stable semantic
 * conventions for HTTP (https://opentelemetry.io/docs/specs/semconv/http/).
 */
import type { HttpScope, WebSocketScope } from "../../asgi.ts";
import type { RequestRecord } from "../../logging/access/request_record.ts";
import type { Attributes } from "./api.ts";

/** What stands for methods that are not known, so that clients cannot make names up. */
const OTHER = "_OTHER";
/** Of RFC 9110 and RFC 5789, and QUERY. */
const KNOWN_METHODS: readonly string[] = [
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
];
/** Parameters whose values are credentials: the list of the conventions for `url.query`. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  "AWSAccessKeyId",
  "Signature",
  "X-Amz-Credential",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
  "X-Goog-Signature",
  "sig",
]);
const REDACTED = "REDACTED";

/** The methods that are told apart. */
export class Methods {
  readonly #known: ReadonlySet<string>;

  /**
   * @param override The variable `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`: names with commas
   * between them, in place of the usual ones.
   */
  constructor(override?: string) {
    const names = override?.split(",").map((name) => name.trim())
      .filter((name) => name !== "") ?? [];
    this.#known = new Set(names.length > 0 ? names : KNOWN_METHODS);
  }

  /** `method`, or `_OTHER`. */
  known(method: string): string {
    return this.#known.has(method) ? method : OTHER;
  }
}

/** The name of a span: method and route, neither of which a client can make up. */
export function spanName(method: string, route: string | undefined): string {
  const verb = method === OTHER ? "HTTP" : method;
  return route === undefined ? verb : `${verb} ${route}`;
}

/** What a span knows of its request from the start: samplers see it. */
export function requestAttributes(
  scope: HttpScope | WebSocketScope,
  methods: Methods,
): Attributes {
  const received = scope.type === "http" ? scope.method : "GET";
  const method = methods.known(received);
  const attributes: Attributes = {
    "http.request.method": method,
    "url.scheme": urlScheme(scope.scheme),
    "url.path": scope.raw_path ?? scope.path,
    "network.protocol.version": scope.http_version,
  };
  if (method === OTHER) attributes["http.request.method_original"] = received;
  if (scope.query_string !== "") {
    attributes["url.query"] = redacted(scope.query_string);
  }
  const { client } = scope;
  if (client !== null) attributes["client.address"] = client[0];
  const peer = scope.extensions.connection?.peer ?? null;
  if (peer !== null) {
    attributes["network.peer.address"] = peer[0];
    attributes["network.peer.port"] = peer[1];
  }
  addFields(attributes, scope);
  return attributes;
}

/** `ws` is spoken over `http`. */
function urlScheme(scheme: string): string {
  return scheme === "ws" ? "http" : scheme === "wss" ? "https" : scheme;
}

function addFields(
  attributes: Attributes,
  { headers, scheme }: HttpScope | WebSocketScope,
): void {
  for (const [name, value] of headers) {
    if (name === "user-agent") {
      attributes["user_agent.original"] = value;
    } else if (name === "host" && value !== "") {
      // Valid by now: `uri-host [":" port]` (RFC 9110 §7.2).
      const colon = value.lastIndexOf(":");
      const hasPort = colon > value.lastIndexOf("]");
      const host = hasPort ? value.slice(0, colon) : value;
      attributes["server.address"] = host.startsWith("[")
        ? host.slice(1, -1)
        : host;
      const port = hasPort ? value.slice(colon + 1) : "";
      attributes["server.port"] = port === ""
        ? urlScheme(scheme) === "https" ? 443 : 80
        : Number(port);
    }
  }
}

/** A query whose secret values are hidden; its other octets are as received. */
export function redacted(query: string): string {
  if (!query.includes("=")) return query;
  return query.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    return equals >= 0 && SECRET_PARAMETERS.has(pair.slice(0, equals))
      ? `${pair.slice(0, equals)}=${REDACTED}`
      : pair;
  }).join("&");
}

/** Whose fault the end of a request was. */
export interface Failure {
  /** The attribute `error.type`. */
  readonly type: string;
  /** Whether it is the server's, so that the span has failed. */
  readonly isOurs: boolean;
}

/** Why a request has failed; `undefined` if it has not. @param thrown By the application, if it threw. */
export function failureOf(
  { status, abortReason }: RequestRecord,
  thrown: { readonly error: unknown } | undefined,
): Failure | undefined {
  if (thrown !== undefined) {
    return { type: typeOfError(thrown.error), isOurs: true };
  }
  if (abortReason !== undefined) {
    return { type: abortReason, isOurs: !BLAMED_ON_CLIENT.has(abortReason) };
  }
  return status >= 500 ? { type: `${status}`, isOurs: true } : undefined;
}

const BLAMED_ON_CLIENT: ReadonlySet<string> = new Set([
  "client_disconnected",
  "client_stalled",
  "bad_request",
]);

/** The class of an error; `_OTHER` for what is no error, or has no name. */
export function typeOfError(error: unknown): string {
  if (!(error instanceof Error)) return OTHER;
  const { name, constructor } = error;
  // A class of one's own that does not set `name` inherits that of its parent.
  return (name === "Error" ? constructor?.name : name) || OTHER;
}

/** The status that was sent; `undefined` if the client has left before there was one. */
export function sentStatus(
  { status, abortReason }: RequestRecord,
): number | undefined {
  return status === 499 && abortReason !== undefined ? undefined : status;
}

/** What the measured duration of a request is grouped by. */
export function durationAttributes(
  record: RequestRecord,
  methods: Methods,
  failure: Failure | undefined,
  route: string | undefined,
): Attributes {
  const attributes: Attributes = {
    "http.request.method": methods.known(record.method),
    "url.scheme": record.scheme,
    "network.protocol.version": record.httpVersion,
  };
  const status = sentStatus(record);
  if (status !== undefined) attributes["http.response.status_code"] = status;
  if (failure !== undefined) attributes["error.type"] = failure.type;
  if (route !== undefined) attributes["http.route"] = route;
  return attributes;
}
