import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type EventSource,
  sendEvents,
  type SendEventsOptions,
} from "../../src/helpers/send_events.ts";
import type { AsgiApp } from "../../mod.ts";
import { withApp } from "./_serve.ts";

function streaming(source: EventSource, options?: SendEventsOptions): AsgiApp {
  return async (scope, _receive, send) => {
    if (scope.type === "http") await sendEvents(scope, send, source, options);
  };
}

/** Yields one event, then waits without an end. */
function endless(onSignal: (signal: AbortSignal) => void): EventSource {
  return async function* (signal) {
    onSignal(signal);
    yield "first";
    await new Promise(() => {});
  };
}

describe("sendEvents()", () => {
  test("sends what the source yields, and ends with it", async () => {
    const source: EventSource = async function* () {
      yield "one";
      yield { id: "2", data: "two" };
    };
    const headers = [["x-stream", "1"]] as const;
    await withApp(streaming(source, { headers }), async (url) => {
      const response = await fetch(url);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("x-stream"), "1");
      assert.equal(
        await response.text(),
        ":\n\ndata: one\n\nid: 2\ndata: two\n\n",
      );
    });
  });

  test("takes an iterable that is no function", async () => {
    const source = (async function* () {
      yield "once";
    })();
    await withApp(streaming(source), async (url) => {
      assert.match(await (await fetch(url)).text(), /data: once/);
    });
  });

  test("ends with a last retry when the server begins to stop", async () => {
    const signals: AbortSignal[] = [];
    const app = streaming(endless((signal) => void signals.push(signal)), {
      reconnectMs: 1234,
    });
    await withApp(app, async (url, server) => {
      const response = await fetch(url);
      const reader = response.body!.pipeThrough(new TextDecoderStream())
        .getReader();
      let text = "";
      while (!text.includes("first")) text += (await reader.read()).value;
      const stopping = server.stop();
      let read = await reader.read();
      for (; !read.done; read = await reader.read()) text += read.value;
      assert.equal(text, ":\n\ndata: first\n\nretry: 1234\n\n");
      assert.ok(await stopping, "nobody was cut off");
    });
    assert.ok(signals[0]!.aborted);
  });

  test("spreads the return of clients over two seconds", async () => {
    await withApp(streaming(endless(() => {})), async (url, server) => {
      const response = await fetch(url);
      const stopping = server.stop();
      const retry = Number(/retry: (\d+)/.exec(await response.text())?.[1]);
      assert.ok(retry >= 1000 && retry <= 3000, String(retry));
      await stopping;
    });
  });

  test("tells the source when the client has left", async () => {
    const raised = Promise.withResolvers<void>();
    const app = streaming(endless((signal) => {
      signal.addEventListener("abort", () => raised.resolve());
    }));
    await withApp(app, async (url, server) => {
      const controller = new AbortController();
      const response = await fetch(url, { signal: controller.signal });
      await response.body!.getReader().read();
      controller.abort();
      await raised.promise;
      while (server.stats.requestsInProgress > 0) {
        await new Promise((done) => setTimeout(done, 5));
      }
    });
  });

  test("sends comments while nothing happens", async () => {
    const app = streaming(endless(() => {}), { heartbeatMs: 5 });
    await withApp(app, async (url) => {
      const controller = new AbortController();
      const response = await fetch(url, { signal: controller.signal });
      const reader = response.body!.pipeThrough(new TextDecoderStream())
        .getReader();
      let text = "";
      while (!text.includes("first\n\n:\n\n:\n\n")) {
        text += (await reader.read()).value;
      }
      controller.abort();
    });
  });

  test("cuts the response off where the source throws", async () => {
    const errors: unknown[] = [];
    const source: EventSource = async function* () {
      yield "one";
      throw new RangeError("no more");
    };
    const app: AsgiApp = async (scope, _receive, send) => {
      if (scope.type !== "http") return;
      await sendEvents(scope, send, source).catch((error) => {
        errors.push(error.message);
        throw error;
      });
    };
    await withApp(app, async (url) => {
      const response = await fetch(url);
      await assert.rejects(response.text());
    });
    assert.deepEqual(errors, ["no more"]);
  });
});
