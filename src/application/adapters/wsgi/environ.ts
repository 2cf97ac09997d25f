/** The environment of a WSGI application: CGI variables and `wsgi.` keys (PEP 3333). */
import type { HeaderList, HttpScope } from "../../../asgi.ts";
import type { WsgiEnviron } from "../../application.ts";
import type { WsgiErrors } from "./wsgi_errors.ts";
import type { WsgiInput } from "./wsgi_input.ts";

/** Fields that have a variable of their own, without `HTTP_`. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
]);

/** Builds the environment of one request. Text holds octets, one in each unit (PEP 3333). */
export function environOf(
  scope: HttpScope,
  input: WsgiInput,
  errors: WsgiErrors,
): WsgiEnviron {
  const { server, client, root_path: root, path } = scope;
  const environ: WsgiEnviron = {
    REQUEST_METHOD: scope.method,
    SCRIPT_NAME: octetsOf(root),
    PATH_INFO: octetsOf(path.startsWith(root) ? path.slice(root.length) : path),
    QUERY_STRING: scope.query_string,
    SERVER_NAME: server?.[0] ?? "localhost",
    SERVER_PORT: String(server?.[1] ?? (scope.scheme === "https" ? 443 : 80)),
    SERVER_PROTOCOL: `HTTP/${scope.http_version}`,
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": scope.scheme,
    "wsgi.input": input,
    "wsgi.errors": errors,
    // Calls of one process take turns; there may be other processes.
    "wsgi.multithread": false,
    "wsgi.multiprocess": true,
    "wsgi.run_once": false,
    "asgi.scope": scope,
  };
  if (client !== null) {
    environ["REMOTE_ADDR"] = client[0];
    environ["REMOTE_PORT"] = String(client[1]);
  }
  addHeaders(environ, scope.headers);
  return environ;
}

function addHeaders(environ: WsgiEnviron, headers: HeaderList): void {
  for (const [name, value] of headers) {
    // "x_forwarded_for" would become the variable of "x-forwarded-for".
    if (name.includes("_")) continue;
    const word = name.toUpperCase().replaceAll("-", "_");
    const key = OWN_VARIABLES.has(name) ? word : `HTTP_${word}`;
    const before = environ[key];
    if (before === undefined) environ[key] = value;
    else environ[key] = `${before}${name === "cookie" ? "; " : ","}${value}`;
  }
}

/** UTF-8 of `text` as a string of octets. */
function octetsOf(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  let octets = "";
  for (const octet of new TextEncoder().encode(text)) {
    octets += String.fromCharCode(octet);
  }
  return octets;
}
