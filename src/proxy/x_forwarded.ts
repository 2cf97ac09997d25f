/**
 * What proxies say of a request beyond its client: X-Forwarded-Proto, -Host, -Port and -Prefix, and
 * the parameters `proto` and `host` of Forwarded. Each is one value. A list is refused, because
 * it does not say which of its parts a trusted proxy has written. Pure.
 */
import { isHost } from "../http/host.ts";
import { decodePath } from "../http/percent.ts";

/** One of {@linkcode FORWARDED_HEADERS}. */
export type ForwardedHeader =
  | "x-forwarded-for"
  | "x-forwarded-proto"
  | "x-forwarded-host"
  | "x-forwarded-port"
  | "x-forwarded-prefix"
  | "forwarded";

/** The fields that can be read, by their names in lower case. */
export const FORWARDED_HEADERS: readonly ForwardedHeader[] = [
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "forwarded",
];

/** The longest path that a proxy may mount an application at, in characters. */
export const MAX_PREFIX = 1024;

/**
 * The scheme of a client's URL: `http` or `https`, for a WebSocket too; `undefined` for any other.
 *
 * @param text In lower case, as proxies write it.
 */
export function schemeOf(text: string): "http" | "https" | undefined {
  switch (text) {
    case "http":
    case "ws":
      return "http";
    case "https":
    case "wss":
      return "https";
  }
  return undefined;
}

/** From 1 to 65535; `undefined` for anything else. */
export function portOf(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** A host with a port or without; `undefined` for anything else. */
export function hostOf(text: string): string | undefined {
  return isHost(text) ? text : undefined;
}

/**
 * The path that the proxy took away, decoded, without trailing slash: `""` for `/`. `undefined` for
 * anything that is more than a path: applications put it in front of the links they write, where
 * `//evil.example` is another host.
 */
export function prefixOf(text: string): string | undefined {
  if (text.length > MAX_PREFIX) return undefined;
  const path = decodePath(text).replace(/\/$/, "");
  if (path === "") return text === "" ? undefined : "";
  // deno-lint-ignore no-control-regex
  return /^(\/(?!\.{1,2}(\/|$))[^\x00-\x1f\x7f/\\?#,\ufffd]+)+$/.test(path)
    ? path
    : undefined;
}

/**
 * `host` with `port` in place of its own; without one where `scheme` means that port anyway.
 *
 * @param host One that {@linkcode hostOf} has let pass.
 */
export function withPort(host: string, port: number, scheme: string): string {
  const bare = host.replace(/:[0-9]*$/, "");
  return port === (scheme === "https" ? 443 : 80) ? bare : `${bare}:${port}`;
}
