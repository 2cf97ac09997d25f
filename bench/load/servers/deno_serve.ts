/** Deno's own HTTP server with the four routes. Argument: the port. */
declare const Deno: {
  readonly args: readonly string[];
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown;
};

const HELLO = new TextEncoder().encode("Hello, world!");
const DOWNLOAD = new TextEncoder().encode("0123456789abcdef".repeat(62_500));
const HEADERS = { "content-type": "text/plain" };
const port = Number(Deno.args[0]);
const origin = `http://127.0.0.1:${port}`.length;

Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, (request) => {
  switch (request.url.slice(origin)) {
    case "/":
      return new Response(HELLO, { headers: HEADERS });
    case "/download":
      return new Response(DOWNLOAD, { headers: HEADERS });
    case "/echo":
      return echo(request);
    case "/discard":
      return discard(request);
    default:
      return new Response(null, { status: 404 });
  }
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
