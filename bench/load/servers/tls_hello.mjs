// The runtime's own HTTPS server with "/" alone, whichever runtime that is.
// Arguments: the port, the certificate, the key.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import process from "node:process";

const [port, certFile, keyFile] = process.argv.slice(2);
const cert = readFileSync(certFile, "utf8");
const key = readFileSync(keyFile, "utf8");
const HELLO = new TextEncoder().encode("Hello, world!");
const HEADERS = { "content-type": "text/plain", "content-length": "13" };
const where = { hostname: "127.0.0.1", port: Number(port) };
const answer = () => new Response(HELLO, { headers: HEADERS });

if (globalThis.Bun !== undefined) {
  globalThis.Bun.serve({ ...where, tls: { cert, key }, fetch: answer });
} else if (globalThis.Deno !== undefined) {
  globalThis.Deno.serve({ ...where, cert, key, onListen() {} }, answer);
} else {
  const server = createServer({ cert, key }, (_request, response) => {
    response.writeHead(200, HEADERS);
    response.end(HELLO);
  });
  server.listen(where.port, where.hostname);
}
