import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AsgiApp, HttpScope, Scope } from "../../../src/asgi.ts";
import {
  ClientDisconnected,
  UnexpectedEventError,
} from "../../../src/errors.ts";
import { toFetch } from "../../../src/application/adapters/fetch/mod.ts";

type Http = Parameters<AsgiApp>;

/** An application for HTTP only. */
function http(
  work: (scope: HttpScope, ...rest: [Http[1], Http[2]]) => Promise<void>,
): AsgiApp {
  return async (scope, receive, send) => {
    if (scope.type !== "http") throw new Error("HTTP only");
    await work(scope, receive, send);
  };
}

/** The application as a handler, and what it was told of errors. */
function handler(app: AsgiApp) {
  const errors: unknown[] = [];
  const { fetch, close } = toFetch(app, {
    onError: (error) => void errors.push(error),
  });
  return { fetch, close, errors };
}

describe("the scope", () => {
  test("is made from the request", async () => {
    let seen: HttpScope | undefined;
    const { fetch } = handler(http(async (scope, _receive, send) => {
      seen = scope;
      await send({ type: "http.response.start", status: 204 });
      await send({ type: "http.response.body" });
    }));
    const response = await fetch(
      new Request("https://example.org:8443/a%20b/%C3%A9?x=%41&y", {
        method: "DELETE",
        headers: { "X-One": "1" },
      }),
    );
    assert.equal(response.status, 204);
    assert.equal(response.body, null);
    const { method, scheme, path, raw_path, query_string, server } = seen!;
    assert.deepEqual(
      { method, scheme, path, raw_path, query_string, server },
      {
        method: "DELETE",
        scheme: "https",
        path: "/a b/é",
        raw_path: "/a%20b/%C3%A9",
        query_string: "x=%41&y",
        server: ["example.org", 8443],
      },
    );
    assert.deepEqual(seen!.headers, [["host", "example.org:8443"], [
      "x-one",
      "1",
    ]]);
    assert.equal(seen!.client, null);
  });

  for (
    const [platform, env] of [
      ["the draft", { remoteAddress: { address: "::1", port: 7 } }],
      ["Deno", { remoteAddr: { hostname: "::1", port: 7 } }],
      ["Bun", { requestIP: () => ({ address: "::1", port: 7 }) }],
      ["Node", {
        incoming: { socket: { remoteAddress: "::1", remotePort: 7 } },
      }],
    ] as const
  ) {
    test(`has the client as ${platform} tells it`, async () => {
      let client: unknown;
      const { fetch } = handler(http(async (scope, _receive, send) => {
        client = scope.client;
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body" });
      }));
      await fetch(new Request("http://x/"), env);
      assert.deepEqual(client, ["::1", 7]);
    });
  }
});

describe("the response", () => {
  test("is whole if the application sends it in one piece, cookies apart", async () => {
    const { fetch } = handler(http(async (_scope, _receive, send) => {
      await send({
        type: "http.response.start",
        status: 201,
        headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      });
      await send({ type: "http.response.body", body: "hé" });
    }));
    const response = await fetch(new Request("http://x/"));
    assert.equal(response.status, 201);
    assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(await response.text(), "hé");
  });

  test("streams, and send() waits for the reader", async () => {
    let sent = 0;
    const { fetch } = handler(http(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      for (; sent < 5; sent++) {
        await send({
          type: "http.response.body",
          body: `${sent};`,
          more_body: true,
        });
      }
      await send({ type: "http.response.body" });
    }));
    const response = await fetch(new Request("http://x/"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(sent < 3, `${sent} pieces without a reader`);
    assert.equal(await response.text(), "0;1;2;3;4;");
  });

  test("begins before a body that takes its time", async () => {
    const body = Promise.withResolvers<void>();
    const { fetch } = handler(http(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await body.promise;
      await send({ type: "http.response.body", body: "late" });
    }));
    const response = await fetch(new Request("http://x/"));
    body.resolve();
    assert.equal(await response.text(), "late");
  });

  test("to HEAD has no body", async () => {
    const { fetch } = handler(http(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "left away" });
    }));
    const request = new Request("http://x/", { method: "HEAD" });
    assert.equal((await fetch(request)).body, null);
  });

  test("is 500 if the application throws or returns before the head", async () => {
    for (
      const work of [
        () => Promise.reject(new Error("boom")),
        () => Promise.resolve(),
      ]
    ) {
      const { fetch, errors } = handler(http(work));
      const response = await fetch(new Request("http://x/"));
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "Internal Server Error");
      assert.equal(errors.length, 1);
    }
  });

  test("breaks off if the application throws behind the head", async () => {
    const { fetch, errors } = handler(http(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      throw new Error("boom");
    }));
    const response = await fetch(new Request("http://x/"));
    await assert.rejects(response.text());
    assert.equal(errors.length, 1);
  });

  test("refuses messages out of order", async () => {
    const { fetch } = handler(http(async (_scope, _receive, send) => {
      await assert.rejects(
        send({ type: "http.response.body" }),
        UnexpectedEventError,
      );
      await send({ type: "http.response.start", status: 200 });
      await assert.rejects(
        send({ type: "http.response.start", status: 200 }),
        UnexpectedEventError,
      );
      await send({ type: "http.response.body", body: "ok" });
    }));
    assert.equal(await (await fetch(new Request("http://x/"))).text(), "ok");
  });
});

describe("the request", () => {
  test("streams into the application", async () => {
    const { fetch } = handler(http(async (_scope, receive, send) => {
      let text = "";
      for (;;) {
        const event = await receive();
        if (event.type !== "http.request") break;
        text += new TextDecoder().decode(event.body);
        if (!event.more_body) break;
      }
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: text });
      assert.deepEqual(await receive(), { type: "http.disconnect" });
    }));
    const body = new ReadableStream({
      start(controller) {
        for (const piece of ["one ", "two"]) {
          controller.enqueue(new TextEncoder().encode(piece));
        }
        controller.close();
      },
    });
    const request = new Request("http://x/", {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    assert.equal(await (await fetch(request)).text(), "one two");
  });

  test("that is aborted reaches the application: signal, receive(), send()", async () => {
    const seen: unknown[] = [];
    const done = Promise.withResolvers<void>();
    const client = new AbortController();
    const { fetch, errors } = handler(http(async (scope, receive, send) => {
      await receive();
      client.abort();
      seen.push((await receive()).type);
      seen.push(scope.extensions.abort_signal!.signal.aborted);
      try {
        await send({ type: "http.response.start", status: 200 });
      } catch (error) {
        seen.push(error instanceof ClientDisconnected);
        done.resolve();
        throw error;
      }
    }));
    const request = new Request("http://x/", { signal: client.signal });
    await assert.rejects(fetch(request), { name: "AbortError" });
    await done.promise;
    assert.deepEqual(seen, ["http.disconnect", true, true]);
    assert.deepEqual(errors, []);
  });

  test("whose response is not read to the end reaches the application", async () => {
    const done = Promise.withResolvers<unknown>();
    const { fetch } = handler(http(async (_scope, receive, send) => {
      await receive();
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      done.resolve((await receive()).type);
    }));
    const response = await fetch(new Request("http://x/"));
    await response.body!.cancel();
    assert.equal(await done.promise, "http.disconnect");
  });
});

describe("lifespan", () => {
  /** An application that notes what happens to it. */
  function noting(events: string[]): AsgiApp {
    return async (scope: Scope, receive, send) => {
      if (scope.type === "lifespan") {
        await receive();
        events.push("startup");
        (scope.state as { name?: string }).name = "state";
        await send({ type: "lifespan.startup.complete" });
        await receive();
        events.push("shutdown");
        await send({ type: "lifespan.shutdown.complete" });
        return;
      }
      if (scope.type !== "http") return;
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: `${scope.state.name}` });
    };
  }

  test("starts with the first request, once, and ends with close()", async () => {
    const events: string[] = [];
    const app = toFetch(noting(events));
    const [one, two] = await Promise.all([
      app.fetch(new Request("http://x/")),
      app.fetch(new Request("http://x/")),
    ]);
    assert.equal(await one.text(), "state");
    assert.equal(await two.text(), "state");
    assert.deepEqual(events, ["startup"]);
    await app.close();
    await app.close();
    assert.deepEqual(events, ["startup", "shutdown"]);
  });

  test("that fails rejects the request", async () => {
    const app = toFetch(async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.failed", message: "no database" });
    });
    await assert.rejects(app.fetch(new Request("http://x/")), {
      code: "ERR_TRICORN_STARTUP",
      message: "Application startup failed: no database",
    });
  });

  test("close() raises the drain signal and waits for calls; waitUntil() gets them", async () => {
    const held = Promise.withResolvers<void>();
    const events: string[] = [];
    const app = toFetch(http(async (scope, _receive, send) => {
      const { signal } = scope.extensions.drain_signal!;
      signal.addEventListener("abort", () => {
        events.push("draining");
        held.resolve();
      });
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "early" });
      await held.promise;
      events.push("returned");
    }));
    const waited: Promise<unknown>[] = [];
    const response = await app.fetch(new Request("http://x/"), {}, {
      waitUntil: (promise) => void waited.push(promise),
    });
    assert.equal(await response.text(), "early");
    assert.equal(waited.length, 1);
    await app.close();
    assert.deepEqual(events, ["draining", "returned"]);
    await waited[0];
  });
});
