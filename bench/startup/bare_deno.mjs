/** Deno's own server in a script of its own. Argument: the port. */
const port = Number(Deno.args[0]);
Deno.serve(
  { hostname: "127.0.0.1", port, onListen() {} },
  () => new Response("Hello, world!"),
);
