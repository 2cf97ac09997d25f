/** Hosts and ports as they are written in URLs, logs and options (RFC 3986 §3.2.2). */

/** `host`, an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** `127.0.0.1:8000`, or `[::1]:8000`. */
export function hostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

/** The host of what {@linkcode hostPort} has made. */
export function hostOfPair(pair: string): string {
  const colon = pair.lastIndexOf(":");
  const host = colon < 0 ? pair : pair.slice(0, colon);
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
