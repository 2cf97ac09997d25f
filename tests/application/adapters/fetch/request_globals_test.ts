/** `Request` and `fetch` of this process take a request of ours; nobody can tell otherwise. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { takeLightRequests } from "../../../../src/application/adapters/fetch/request_globals.ts";
import { ask } from "../../../_support/fetch_harness.ts";

const placeOf = (name: string) =>
  Object.getOwnPropertyDescriptor(globalThis, name)!;
const enumerable = {
  Request: placeOf("Request").enumerable,
  fetch: placeOf("fetch").enumerable,
};
const nativeFetch = fetch;
takeLightRequests();
takeLightRequests(); // once more changes nothing
const untouched = placeOf("Request");
// What the runtime has is in these: the prototype is that of its class.
const Native = Object.getPrototypeOf(Request) as typeof Request;

const POST = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc";

describe("the globals", () => {
  test("are made when they are first asked for", () => {
    assert.equal(typeof untouched.get, "function");
    assert.equal(placeOf("Request").value, Request);
    assert.equal(placeOf("Request").enumerable, enumerable.Request);
    assert.equal(typeof fetch, "function");
    assert.equal(placeOf("fetch").value, fetch);
    assert.equal(placeOf("fetch").enumerable, enumerable.fetch);
  });

  test("have the shape of the runtime's", () => {
    assert.notEqual(Request, Native);
    assert.equal(Request.name, "Request");
    assert.equal(Request.length, Native.length);
    assert.equal(Request.prototype, Native.prototype);
    assert.equal(fetch.name, "fetch");
    // `preconnect` on Bun.
    for (const key of Reflect.ownKeys(nativeFetch)) assert.ok(key in fetch);
    assert.throws(
      () => (Request as unknown as (url: string) => void)("http://h/"),
      TypeError,
    );
  });

  test("make and know the runtime's objects", () => {
    const made = new Request("http://h/x", { method: "PUT" });
    assert.equal(Object.getPrototypeOf(made), Native.prototype);
    assert.equal(made.method, "PUT");
    assert.ok(made instanceof Native);
    assert.ok(new Native("http://h/") instanceof Request);
    assert.equal(new Request(made).url, "http://h/x");
    assert.equal(new Native(made).url, "http://h/x");
    assert.ok(!({} instanceof Request));
  });

  test("refuse what the runtime refuses, as it does", () => {
    const wrong: readonly unknown[][] = [
      [],
      [null],
      ["/x"],
      [{}],
      ["http://h/", { method: "T(" }],
    ];
    let refused = 0;
    for (const args of wrong) {
      const [ours, theirs] = [Request, Native].map((Class) => {
        try {
          new (Class as new (...args: unknown[]) => Request)(...args);
          return undefined;
        } catch (error) {
          return String(error);
        }
      });
      assert.equal(ours, theirs);
      if (theirs !== undefined) refused++;
    }
    assert.ok(refused > 0);
  });

  test("can be extended", () => {
    class Asked extends Request {}
    const asked = new Asked("http://h/x");
    assert.ok(asked instanceof Asked && asked.url === "http://h/x");
    assert.ok(!(new Request("http://h/") instanceof Asked));
  });

  test("can be replaced by others", () => {
    const ours = Request;
    class Other extends Request {}
    globalThis.Request = Other;
    try {
      assert.equal(Request, Other);
    } finally {
      globalThis.Request = ours;
    }
  });
});

describe("a request of ours", () => {
  test("is copied, also by a class that extends Request", async () => {
    class Asked extends Request {}
    for (const Class of [Request, Asked]) {
      const answer = await ask(async (request: Request) => {
        const copy = new Class(request, { headers: { "x-c": "d" } });
        return new Response(
          `${copy.method} ${copy.headers.get("x-c")} ${await copy.text()}`,
        );
      }, POST);
      assert.match(answer, /\r\n\r\nPOST d abc$/);
    }
  });

  test("is passed on by fetch()", async () => {
    const server = createServer((request, response) => {
      request.on("data", (piece) => response.write(piece));
      request.on("end", () => response.end(`|${request.method}`));
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve)
    );
    try {
      const { port } = server.address() as AddressInfo;
      const answer = await ask(
        async (request: Request) => {
          const response = await fetch(request);
          return new Response(await response.text());
        },
        POST.replace("host: h", `host: 127.0.0.1:${port}`),
      );
      assert.match(answer, /\r\n\r\nabc\|POST$/);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

// All that handlers see of requests, here of light ones on every runtime.
await import("./server_request_test.ts");
