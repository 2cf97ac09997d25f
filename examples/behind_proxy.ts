/**
 * Tells what is known of a client behind a proxy: its address and scheme are what a trusted proxy
 * says, and the proxy itself is the peer. Serve it with the path that the proxy passes on:
 *
 *     tricorn --app-dir examples behind_proxy:app --root-path /app \
 *       --forwarded-headers x-forwarded-for,x-forwarded-proto,x-forwarded-host
 *
 * In nginx:
 *
 *     location /app/ {
 *       proxy_pass http://127.0.0.1:8000/;
 *       proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
 *       proxy_set_header X-Forwarded-Proto $scheme;
 *       proxy_set_header X-Forwarded-Host $host;
 *     }
 */
import type { AsgiApp } from "../mod.ts";

export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  const { client, scheme, root_path, path, headers } = scope;
  const host = headers.find(([name]) => name === "host")?.[1] ?? "";
  const told = {
    client: client?.[0] ?? null,
    // What a link to this page has to be.
    url: `${scheme}://${host}${path}`,
    mount: root_path,
    proxy: scope.extensions.connection?.peer?.[0] ?? null,
  };
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "application/json"]],
  });
  await send({
    type: "http.response.body",
    body: `${JSON.stringify(told, undefined, 2)}\n`,
  });
};
