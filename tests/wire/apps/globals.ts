/** A fetch application that keeps the globals as it finds them when it is loaded. */
const { fetch: kept, Request: Kept } = globalThis;

class Named extends Kept {
  readonly name: string = "named";
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/copied": {
        const copy = new Kept(request, { headers: { "x-a": "b" } });
        const { method, headers } = copy;
        return new Response(
          `${method} ${headers.get("x-a")} ${await copy.text()}`,
        );
      }
      case "/named": {
        const copy = new Named(request);
        return new Response(`${copy.name} ${copy.method} ${await copy.text()}`);
      }
      case "/passed":
        return await kept(new Kept(request.url.replace("passed", ""), request));
      default:
        return new Response(
          `${request instanceof Kept} ${request.method} ${await request
            .text()}`,
        );
    }
  },
};
