/** A fetch application that gives its requests to functions of Bun alone. */
interface BunWriter {
  write(path: string, data: Request): Promise<number>;
  file(path: string): { text(): Promise<string> };
}

const { Bun } = globalThis as unknown as { Bun: BunWriter };

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const path = searchParams.get("path")!;
    try {
      if (pathname === "/read-before") await request.text();
      const bytes = await Bun.write(path, request);
      if (pathname === "/read-behind") await request.text();
      const text = await Bun.file(path).text();
      return new Response(`${bytes} ${text.length} ${request.bodyUsed}`);
    } catch (error) {
      return new Response((error as Error).name, { status: 409 });
    }
  },
};
