/** Requests outside of the stores of `AsyncLocalStorage` (options:O-006). */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { withEmptyContext } from "../../src/application/reset_context.ts";
import type { AsgiApp, Scope } from "../../src/asgi.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { serve } from "../../src/serve.ts";
import { RawClient, request } from "../_support/raw_client.ts";

const storage = new AsyncLocalStorage<string>();

test("outsideOfContext() leaves every store, across turns too", async () => {
  await storage.run("outer", async () => {
    const run = await runtime.outsideOfContext();
    assert.equal(storage.getStore(), "outer");
    const seen = await run(
      async (first: number, second: number) => {
        const stores = [storage.getStore()];
        await new Promise((resolve) => setTimeout(resolve, 1));
        stores.push(storage.getStore());
        return { stores, sum: first + second };
      },
      1,
      2,
    );
    assert.deepEqual(seen, { stores: [undefined, undefined], sum: 3 });
    assert.equal(storage.getStore(), "outer");
  });
});

for (
  const [type, store] of [
    ["http", undefined],
    ["websocket", "outer"],
    ["lifespan", "outer"],
  ] as const
) {
  test(`a scope of type ${type} ${store ? "keeps" : "leaves"} the store`, async () => {
    let seen: string | undefined = "none";
    const app: AsgiApp = async () => {
      seen = storage.getStore();
    };
    const run = await runtime.outsideOfContext();
    await storage.run("outer", () =>
      withEmptyContext(app, run)(
        { type } as Scope,
        () => Promise.reject(new Error("unused")),
        () => Promise.resolve(),
      ));
    assert.equal(seen, store);
  });
}

test("each request of a server has a context of its own, whatever is around it", async () => {
  const app: AsgiApp = async (scope, _receive, send) => {
    if (scope.type !== "http") return;
    const before = storage.getStore();
    // What one request enters, the next one of the connection must not see.
    storage.enterWith("inner");
    await send({ type: "http.response.start", status: 200 });
    await send({
      type: "http.response.body",
      body: `${before}, ${storage.getStore()}`,
    });
  };
  const options = {
    port: 0,
    accessLog: false,
    logLevel: "critical",
    resetContextvars: true,
  } as const;
  const server = storage.run("outer", () => serve(app, options));
  try {
    await server.listening;
    const port = Number(new URL(server.url!).port);
    const client = await RawClient.connect({ host: "127.0.0.1", port });
    for (let i = 0; i < 2; i++) {
      const { body } = await client.request(request("GET /"));
      assert.equal(body, "undefined, inner");
    }
    client.close();
  } finally {
    await server.stop();
  }
});
