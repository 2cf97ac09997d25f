import assert from "node:assert/strict";
import { test } from "node:test";
import { detectInterface } from "../../src/application/interface.ts";
import { defineApp } from "../../src/helpers/define_app.ts";
import { withApp } from "./_serve.ts";

test("defineApp() types an ASGI application and marks it", async () => {
  interface State {
    visits: number;
  }
  const app = defineApp<State>(async (scope, receive, send) => {
    if (scope.type === "lifespan") {
      await receive();
      scope.state.visits = 3;
      await send({ type: "lifespan.startup.complete" });
      await receive();
      return await send({ type: "lifespan.shutdown.complete" });
    }
    if (scope.type !== "http") return;
    const visits: number = scope.state.visits;
    await send({ type: "http.response.start", status: 200 });
    await send({ type: "http.response.body", body: `${visits}` });
  });
  assert.equal(detectInterface(app).reason, "it is marked so");
  assert.deepEqual(Object.keys(app), [], "the mark is not enumerable");
  await withApp(app, async (url) => {
    assert.equal(await (await fetch(url)).text(), "3");
  });
});

test("defineApp() marks an application that cannot be detected", async () => {
  const app = defineApp((_environ, startResponse) => {
    startResponse("200 OK", []);
    return ["from WSGI"];
  }, { interface: "wsgi" });
  assert.equal(detectInterface(app).interface, "wsgi");
  await withApp(app, async (url) => {
    assert.equal(await (await fetch(url)).text(), "from WSGI");
  });
});

test("defineApp() refuses to mark twice, or what is frozen", () => {
  const app = defineApp(() => new Response(), { interface: "fetch" });
  assert.throws(
    () => defineApp(app as never, { interface: "node" }),
    TypeError,
  );
  assert.throws(() => defineApp(Object.freeze(async () => {})), TypeError);
});
