import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, fetchHarness, until } from "../../../_support/fetch_harness.ts";
import { RUNTIME } from "../../../_support/this_runtime.ts";

/** What a handler finds out about the request that it gets for `text`. */
async function seen(
  text: string,
  look: (request: Request) => unknown,
): Promise<unknown> {
  let found: unknown;
  await ask(async (request: Request) => {
    found = await look(request);
    return new Response();
  }, text);
  return found;
}

const get = (target: string, fields = "") =>
  `GET ${target} HTTP/1.1\r\nhost: example.org:81\r\n${fields}\r\n`;
const post = (body: string, method = "POST") =>
  `${method} / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe("the request", () => {
  test("is a real one: copies and clones keep everything", async () => {
    const found = await seen(post("body"), async (request) => {
      const copy = new Request(request, { headers: { "x-new": "1" } });
      return [
        request instanceof Request,
        copy.url,
        copy.method,
        copy.headers.get("x-new"),
        await copy.text(),
      ];
    });
    assert.deepEqual(found, [true, "http://x/", "POST", "1", "body"]);
    assert.deepEqual(
      await seen(post("body"), async (request) => {
        const clone = request.clone();
        return [await clone.text(), await request.text(), clone.method];
      }),
      ["body", "body", "POST"],
    );
  });

  for (
    const [target, url] of [
      ["/", "http://example.org:81/"],
      ["/a%20b/%C3%A9?x=%41&&y", "http://example.org:81/a%20b/%C3%A9?x=%41&&y"],
      ["//evil.example/x", "http://example.org:81//evil.example/x"],
      ["/a?b?c", "http://example.org:81/a?b?c"],
      ["/a/../b", "http://example.org:81/b"],
      ["http://other.example/x?y", "http://other.example/x?y"],
    ] as const
  ) {
    test(`for ${target} has the URL ${url}`, async () => {
      assert.equal(await seen(get(target), (request) => request.url), url);
    });
  }

  test("for the server itself, and without a host, has a URL too", async () => {
    assert.equal(
      await seen(
        "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
        (request) => request.url,
      ),
      "http://x/*",
    );
    const url = await seen("GET /a HTTP/1.0\r\n\r\n", (request) => request.url);
    assert.match(String(url), /^http:\/\/[^/]+\/a$/);
  });

  test("has fields in Latin-1, and repeated ones joined", async () => {
    const found = await seen(
      get("/", "x-a: caf\u00e9\r\nx-b: 1\r\nx-b: 2\r\n"),
      ({ headers }) => [headers.get("x-a"), headers.get("x-b")],
    );
    assert.deepEqual(found, ["caf\u00e9", "1, 2"]);
  });

  for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]) {
    test(`may be ${method}`, async () => {
      assert.deepEqual(
        await seen(
          post("x", method),
          async (request) => [request.method, await request.text()],
        ),
        [method, "x"],
      );
    });
  }
});

describe("the body", () => {
  test("is null where there is none, and where the standard allows none", async () => {
    assert.equal(await seen(get("/"), ({ body }) => body), null);
    assert.equal(await seen(post("", "POST"), ({ body }) => body), null);
    assert.equal(await seen(post("dropped", "GET"), ({ body }) => body), null);
  });

  test("is read by every method of the standard", async () => {
    assert.deepEqual(
      await seen(post('{"a":1}'), (request) => request.json()),
      { a: 1 },
    );
    assert.equal(
      await seen(
        post("abc"),
        async (request) => (await request.arrayBuffer()).byteLength,
      ),
      3,
    );
    const form = "POST / HTTP/1.1\r\nhost: x\r\n" +
      "content-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\na=1";
    assert.equal(
      await seen(
        form,
        async (request) => (await request.formData()).get("a"),
      ),
      "1",
    );
  });

  test("arrives piece by piece, and is asked for only when it is read", async () => {
    const pieces: string[] = [];
    const go = Promise.withResolvers<void>();
    const harness = fetchHarness(async (request: Request) => {
      await go.promise;
      for await (const piece of request.body!) {
        pieces.push(new TextDecoder().decode(piece));
      }
      return new Response("done");
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 6\r\n\r\n",
    );
    await harness.turn();
    assert.equal(socket.text, "");
    go.resolve();
    await until(harness, () => socket.text.includes("100 Continue"));
    socket.receive("one");
    await until(harness, () => pieces.length === 1);
    socket.receive("two");
    await until(harness, () => socket.text.includes("done"));
    assert.deepEqual(pieces, ["one", "two"]);
  });

  test("fails with the abort reason when the client leaves", async () => {
    const failed = Promise.withResolvers<[unknown, AbortSignal]>();
    const harness = fetchHarness(async (request: Request) => {
      try {
        await request.text();
      } catch (error) {
        failed.resolve([error, request.signal]);
        throw error;
      }
      return new Response();
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc",
    );
    await harness.turn();
    socket.close();
    await harness.turn();
    const [error, signal] = await failed.promise;
    assert.equal((error as Error).name, "ClientDisconnected");
    assert.equal(signal.aborted, true);
    await until(harness, () => harness.tracker.runningCalls === 0);
    assert.deepEqual(harness.logger.at("error"), []);
  });
});

describe("the signal", () => {
  test("is raised when the client leaves, also that of a clone, and of a copy where requests are light", async () => {
    let signals: AbortSignal[] = [];
    const harness = fetchHarness((request: Request) => {
      signals = [request.signal, request.clone().signal];
      if (RUNTIME !== "node") signals.push(new Request(request).signal);
      return new Promise(() => {});
    });
    const socket = harness.connect();
    socket.receive(get("/"));
    await harness.turn();
    assert.deepEqual(signals.filter(({ aborted }) => aborted), []);
    socket.close();
    await until(harness, () => signals.every(({ aborted }) => aborted));
  });
});
