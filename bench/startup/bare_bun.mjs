/** Bun's own server in a script of its own. Argument: the port. */
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(Bun.argv[2]),
  fetch: () => new Response("Hello, world!"),
});
