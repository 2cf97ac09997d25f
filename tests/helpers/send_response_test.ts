import assert from "node:assert/strict";
import { test } from "node:test";
import { sendResponse } from "../../src/helpers/send_response.ts";
import type { AsgiApp } from "../../mod.ts";
import { withApp } from "./_serve.ts";

/** Answers every request with what `make` returns. */
function answering(make: () => Response): AsgiApp {
  return async (scope, _receive, send) => {
    if (scope.type === "http") await sendResponse(scope, send, make());
  };
}

test("sendResponse() sends status, fields and body", async () => {
  const make = () =>
    new Response("made", {
      status: 201,
      headers: [["x-a", "1"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    });
  await withApp(answering(make), async (url) => {
    const response = await fetch(url);
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-a"), "1");
    assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.match(response.headers.get("content-type")!, /^text\/plain/);
    assert.equal(await response.text(), "made");
  });
});

test("sendResponse() cancels a stream when the client leaves", async () => {
  const canceled = Promise.withResolvers<void>();
  const make = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65536)),
        cancel: () => canceled.resolve(),
      }),
    );
  await withApp(answering(make), async (url) => {
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    await response.body!.getReader().read();
    controller.abort();
    await canceled.promise;
  });
});

test("sendResponse() refuses Response.error() and a body that was used", async () => {
  const problems: string[] = [];
  const used = new Response("used");
  await used.text();
  for (const response of [Response.error(), used]) {
    const app: AsgiApp = async (scope, _receive, send) => {
      if (scope.type !== "http") return;
      await sendResponse(scope, send, response).catch((error) =>
        problems.push(error.message)
      );
      await sendResponse(scope, send, new Response("instead"));
    };
    await withApp(app, async (url) => {
      assert.equal(await (await fetch(url)).text(), "instead");
    });
  }
  assert.deepEqual(problems, [
    "Cannot send Response.error(): expected a Response that has a status",
    "Cannot send the Response: expected a body that was not used before",
  ]);
});
