/**
 * The same Hono application on the servers that its users have today. Arguments: which one, and the
 * port. `node-server` puts classes of its own in the place of the global `Request` and `Response`,
 * as it does unless told otherwise; `node-server-plain` leaves them alone.
 */
import process from "node:process";
import { app } from "./hono_app.ts";

type Fetch = typeof app.fetch;
interface Runtimes {
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(): void },
      fetch: Fetch,
    ): void;
  };
  readonly Bun?: {
    serve(options: { port: number; hostname: string; fetch: Fetch }): void;
  };
}

const [server, portText] = process.argv.slice(2);
const port = Number(portText);
const hostname = "127.0.0.1";
const { fetch } = app;

switch (server) {
  case "native": {
    const { Deno, Bun } = globalThis as Runtimes;
    if (Deno !== undefined) {
      Deno.serve({ port, hostname, onListen() {} }, fetch);
    } else Bun!.serve({ port, hostname, fetch });
    break;
  }
  case "node-server":
  case "node-server-plain": {
    const { serve } = await import("@hono/node-server");
    const overrideGlobalObjects = server === "node-server";
    serve({ fetch, port, hostname, overrideGlobalObjects });
    break;
  }
  case "srvx": {
    const { serve } = await import("srvx");
    serve({
      fetch: (request) => fetch(request),
      port,
      hostname,
      silent: true,
      gracefulShutdown: false,
    });
    break;
  }
  default:
    throw new Error(`Unknown server "${server}"`);
}
