/** Everything in this process has light objects: requests, responses, and what is made of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LightRequest } from "../../../../src/application/adapters/fetch/light_request.ts";
import { LightResponse } from "../../../../src/application/adapters/fetch/light_response.ts";
import { useLightFetch } from "../../../../src/application/adapters/fetch/light_globals.ts";
import { ask } from "../../../_support/fetch_harness.ts";

const natives = { Response };
useLightFetch();
useLightFetch(); // once more changes nothing

const GET = "GET /a?b HTTP/1.1\r\nhost: h\r\nx-a: b\r\n\r\n";

describe("the globals", () => {
  test("make and know their own objects and those of the runtime", () => {
    assert.ok(LightResponse.take(new Response("a")) !== undefined);
    assert.ok(new Response("a") instanceof natives.Response);
    assert.ok(new natives.Response("a") instanceof Response);
    assert.ok(Response.json({}) instanceof Response);
    assert.ok(!({} instanceof Response));
  });

  test("can be extended", async () => {
    class Page extends Response {
      constructor(text: string) {
        super(text, { headers: { "content-type": "text/html" } });
      }
    }
    const page = new Page("a");
    assert.ok(page instanceof Page && page instanceof Response);
    assert.ok(!(new Response("a") instanceof Page));
    assert.equal(await page.text(), "a");
  });
});

describe("a handler", () => {
  test("gets a light request, and answers with a light response", async () => {
    const answer = await ask((request: Request) => {
      assert.ok(LightRequest.is(request));
      return new Response(request.url, { headers: { "x-b": "c" } });
    }, GET);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\ncontent-type: text\/plain;charset=utf-8\r\n/i);
    assert.match(answer, /\r\nx-b: c\r\n/);
    assert.match(answer, /\r\ncontent-length: 12\r\n/);
    assert.match(answer, /\r\n\r\nhttp:\/\/h\/a\?b$/);
  });

  test("cannot send a response twice, unless it has no body", async () => {
    const once = new Response("a");
    await ask(() => once, GET);
    assert.match(await ask(() => once, GET), /^HTTP\/1\.1 500 /);
    const empty = new Response(null, { status: 204 });
    await ask(() => empty, GET);
    assert.match(await ask(() => empty, GET), /^HTTP\/1\.1 204 /);
  });

  for (
    const [what, make, wanted] of [
      ["bytes", () => new Response(new Uint8Array([97])), /\r\n\r\na$/],
      ["JSON", () => Response.json([1]), /application\/json[^]*\r\n\r\n\[1\]$/],
      ["no body", () => new Response(), /content-length: 0\r\n\r\n$/],
      [
        "a stream",
        () => new Response(new Blob(["ab"]).stream()),
        /ab(\r\n0\r\n\r\n)?$/,
      ],
      [
        "a response that was looked into",
        () => {
          const response = new Response("a");
          void response.body;
          return response;
        },
        /\r\n\r\na$/,
      ],
    ] as const
  ) {
    test(`can answer with ${what}`, async () => {
      assert.match(await ask(make, GET), wanted);
    });
  }
});
