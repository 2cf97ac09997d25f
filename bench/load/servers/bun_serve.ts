/** Bun's own HTTP server with the four routes. Argument: the port. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    idleTimeout: number;
    maxRequestBodySize: number;
    fetch(request: Request): Response | Promise<Response>;
  }): unknown;
};

const HELLO = new TextEncoder().encode("Hello, world!");
const DOWNLOAD = new TextEncoder().encode("0123456789abcdef".repeat(62_500));
const HEADERS = { "content-type": "text/plain" };
const port = Number(process.argv[2]);
const origin = `http://127.0.0.1:${port}`.length;

Bun.serve({
  hostname: "127.0.0.1",
  port,
  idleTimeout: 120, // seconds: the idle connections must outlive their count
  maxRequestBodySize: 2 ** 31, // the default of 128 MB refuses the gigabyte
  fetch(request) {
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
