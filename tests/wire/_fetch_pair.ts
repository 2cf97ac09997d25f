/** A fetch application behind this server, and behind the server that its users have today. */
import { createAdaptorServer } from "@hono/node-server";
import { serve } from "../../mod.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

/** A handler. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** A server with the address it listens on. */
export interface Listening {
  readonly port: number;
  stop(): Promise<void>;
}

interface Globals {
  Deno: {
    serve(
      options: {
        port: number;
        hostname: string;
        onListen(): void;
        onError(): Response;
      },
      handler: Fetch,
    ): { addr: { port: number }; shutdown(): Promise<void> };
  };
  Bun: {
    serve(
      options: {
        port: number;
        hostname: string;
        fetch: Fetch;
        error(): Response;
      },
    ): { port: number; stop(isForced: boolean): Promise<void> };
  };
}

/** The server that the runtime's users have today. */
export async function native(app: { fetch: Fetch }): Promise<Listening> {
  const { Deno, Bun } = globalThis as unknown as Globals;
  const failed = () => new Response("Internal Server Error", { status: 500 });
  const hostname = "127.0.0.1";
  if (RUNTIME === "deno") {
    const options = { port: 0, hostname, onListen() {}, onError: failed };
    const server = Deno.serve(options, (request) => app.fetch(request));
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  if (RUNTIME === "bun") {
    const { fetch } = app;
    const server = Bun.serve({ port: 0, hostname, fetch, error: failed });
    return { port: server.port, stop: () => server.stop(true) };
  }
  const server = createAdaptorServer({
    fetch: (request) => app.fetch(request),
    overrideGlobalObjects: false,
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return {
    port: (server.address() as { port: number }).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export async function ours(app: { fetch: Fetch }): Promise<Listening> {
  const server = serve(app as never, {
    port: 0,
    accessLog: false,
    logLevel: "critical",
  });
  const [address] = await server.listening;
  return {
    port: (address as { port: number }).port,
    stop: async () => void await server.stop({ timeout: 1 }),
  };
}
