/** What Tricorn serves while its start is timed. */
const HELLO = new TextEncoder().encode("Hello, world!");
const HEADERS = [["content-type", "text/plain"], ["content-length", "13"]];

export async function app(scope, receive, send) {
  if (scope.type === "lifespan") {
    await receive();
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await send({ type: "lifespan.shutdown.complete" });
    return;
  }
  await send({ type: "http.response.start", status: 200, headers: HEADERS });
  await send({ type: "http.response.body", body: HELLO });
}
