/** Bun's own server with the same routes. Argument: the port. */
interface BunWebSocket {
  readonly data: string;
  send(message: string | Uint8Array, compress: boolean): number;
  subscribe(topic: string): void;
}

interface BunServer {
  upgrade(request: Request, options: { data: string }): boolean;
  publish(topic: string, message: string | Uint8Array): number;
}

declare const Bun: {
  readonly env: { readonly BENCH_FILES?: string };
  file(path: string): Blob;
  serve(options: {
    hostname: string;
    port: number;
    idleTimeout: number;
    maxRequestBodySize: number;
    fetch(
      request: Request,
      server: BunServer,
    ): Response | undefined | Promise<Response>;
    websocket: {
      idleTimeout: number;
      perMessageDeflate: boolean;
      open(socket: BunWebSocket): void;
      message(socket: BunWebSocket, message: string | Uint8Array): void;
    };
  }): BunServer;
};

const HELLO = new TextEncoder().encode("Hello, world!");
const DOWNLOAD = new TextEncoder().encode("0123456789abcdef".repeat(62_500));
const FILES = Bun.env.BENCH_FILES;
const HEADERS = { "content-type": "text/plain" };
const port = Number(process.argv[2]);
const origin = `http://127.0.0.1:${port}`.length;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port,
  idleTimeout: 120, // seconds: the idle connections must outlive their count
  maxRequestBodySize: 2 ** 31, // the default of 128 MB refuses the gigabyte
  fetch(request, server) {
    const path = request.url.slice(origin);
    switch (path) {
      case "/":
        return new Response(HELLO, { headers: HEADERS });
      case "/download":
        return new Response(DOWNLOAD, { headers: HEADERS });
      case "/files/page":
        return new Response(Bun.file(`${FILES}/page`), { headers: HEADERS });
      case "/files/download":
        return new Response(Bun.file(`${FILES}/download`), {
          headers: HEADERS,
        });
      case "/echo":
        return echo(request);
      case "/discard":
        return discard(request);
      case "/ws":
      case "/broadcast":
        server.upgrade(request, { data: path });
        return undefined;
      default:
        return new Response(null, { status: 404 });
    }
  },
  websocket: {
    idleTimeout: 960, // seconds, the most: no pings among what is counted
    perMessageDeflate: true,
    open(socket) {
      if (socket.data === "/broadcast") socket.subscribe("all");
    },
    message(socket, message) {
      if (socket.data === "/broadcast") server.publish("all", message);
      else socket.send(message, true); // compressed where it was agreed on
    },
  },
});

async function echo(request: Request): Promise<Response> {
  return new Response(await request.arrayBuffer(), { headers: HEADERS });
}

async function discard(request: Request): Promise<Response> {
  let size = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
  }
  return new Response(String(size), { headers: HEADERS });
}
