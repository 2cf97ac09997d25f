/** Deno's own server with the same routes. Argument: the port. */
declare const Deno: {
  readonly args: readonly string[];
  readonly env: { get(name: string): string | undefined };
  open(path: string): Promise<{
    readonly readable: ReadableStream<Uint8Array>;
    stat(): Promise<{ readonly size: number }>;
  }>;
  upgradeWebSocket(
    request: Request,
    options: { idleTimeout: number },
  ): { socket: WebSocket; response: Response };
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown;
};

const HELLO = new TextEncoder().encode("Hello, world!");
const DOWNLOAD = new TextEncoder().encode("0123456789abcdef".repeat(62_500));
const FILES = Deno.env.get("BENCH_FILES");
const HEADERS = { "content-type": "text/plain" };
const port = Number(Deno.args[0]);
const origin = `http://127.0.0.1:${port}`.length;

/** Who hears a broadcast. */
const members = new Set<WebSocket>();

Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, (request) => {
  switch (request.url.slice(origin)) {
    case "/":
      return new Response(HELLO, { headers: HEADERS });
    case "/download":
      return new Response(DOWNLOAD, { headers: HEADERS });
    case "/files/page":
      return file(`${FILES}/page`);
    case "/files/download":
      return file(`${FILES}/download`);
    case "/echo":
      return echo(request);
    case "/discard":
      return discard(request);
    case "/ws":
      return echoMessages(request);
    case "/broadcast":
      return broadcast(request);
    default:
      return new Response(null, { status: 404 });
  }
});

/** Seconds: no pings among what is counted. */
const QUIET = { idleTimeout: 3_600 };

function echoMessages(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request, QUIET);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

function broadcast(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request, QUIET);
  socket.onopen = () => members.add(socket);
  socket.onclose = () => members.delete(socket);
  socket.onmessage = ({ data }) => {
    for (const member of members) {
      if (member.readyState === WebSocket.OPEN) member.send(data);
    }
  };
  return response;
}

/** As Deno's own file server does. */
async function file(path: string): Promise<Response> {
  const opened = await Deno.open(path);
  const { size } = await opened.stat();
  return new Response(opened.readable, {
    headers: { ...HEADERS, "content-length": String(size) },
  });
}

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
