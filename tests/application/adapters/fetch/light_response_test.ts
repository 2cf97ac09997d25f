/** A light response against a real one: whatever is asked of both, the answers are equal. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  LightResponse,
  responseClass,
} from "../../../../src/application/adapters/fetch/light_response.ts";

type Make = (body?: BodyInit | null, init?: ResponseInit) => Response;
const real: Make = (body, init) => new Response(body, init);
const Light = responseClass();
const light: Make = (body, init) => new Light(body, init);

async function outcome(
  look: (make: Make) => unknown,
  make: Make,
): Promise<unknown> {
  try {
    return { value: await look(make) };
  } catch (error) {
    return { thrown: (error as Error).constructor.name };
  }
}

const HTML = { "content-type": "text/html", "x-a": "b" };

const CASES: readonly [what: string, look: (make: Make) => unknown][] = [
  ...[
    "bodyUsed",
    "ok",
    "redirected",
    "status",
    "statusText",
    "type",
    "url",
  ].map((name): (typeof CASES)[number] => [
    `${name}, and that it cannot be set`,
    (make) => {
      const response = make("a") as unknown as Record<string, unknown>;
      let isRefused = false;
      try {
        response[name] = "x";
      } catch {
        isRefused = true;
      }
      return [response[name], isRefused, name in response];
    },
  ]),
  ["its class", (make) => [make() instanceof Response, String(make("a"))]],
  [
    "own properties",
    (make) => [Object.keys(make("a")), JSON.stringify(make("a"))],
  ],
  ["its constructor", (make) => make("a").constructor === Response],
  ["a call without new", (make) => {
    const callee = make === real ? Response : Light;
    return Reflect.apply(callee as unknown as () => unknown, undefined, []);
  }],
  ["statuses", (make) =>
    [200, 201, 302, 404, 599].map((status) => {
      const response = make("a", { status });
      return [response.status, response.ok];
    })],
  ...[0, 101, 199, 600, 200.5, NaN, "201", null, undefined].map((
    status,
  ): (typeof CASES)[number] => [
    `a status of ${status}`,
    (make) => make("a", { status: status as number }).status,
  ]),
  ...[204, 205, 304].map((status): (typeof CASES)[number] => [
    `a ${status} with a body, and without`,
    async (make) => [
      make(null, { status }).status,
      await outcome(() => make("a", { status }).status, make),
    ],
  ]),
  ["a reason", (make) => make("a", { statusText: "Fine" }).statusText],
  ["a wrong reason", (make) => make("a", { statusText: "a\nb" })],
  ["fields of an object", (make) => [...make("a", { headers: HTML }).headers]],
  ["fields of pairs, cookies twice", (make) => [
    ...make("a", {
      headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-a", "b"], [
        "content-type",
        "a/b",
      ]],
    }).headers,
  ]],
  ["fields of Headers", (make) => [
    ...make("a", { headers: new Headers(HTML) }).headers,
  ]],
  ["a wrong name", (make) => make("a", { headers: { "a b": "c" } })],
  ["a wrong value", (make) => make("a", { headers: { "a": "b\nc" } })],
  [
    "fields that are wrong altogether",
    (make) => make("a", { headers: 1 as unknown as HeadersInit }),
  ],
  ["no fields of bytes", (make) => [...make(new Uint8Array(1)).headers]],
  ["one object of fields", (make) => {
    const response = make("a");
    return response.headers === response.headers;
  }],
  ["text", (make) => make("a\u00e9").text()],
  ["text of half a character", (make) => make("\ud800").text()],
  ["JSON", (make) => make('{"a":1}').json()],
  ["bytes", async (make) => [...await make(new Uint8Array([1, 2])).bytes()]],
  ["bytes that change later", async (make) => {
    const bytes = new Uint8Array([1, 2]);
    const response = make(bytes);
    bytes[0] = 9;
    return [...await response.bytes()];
  }],
  ["a part of a buffer", async (make) => [
    ...await make(new Uint8Array([1, 2, 3]).subarray(1)).bytes(),
  ]],
  [
    "a buffer",
    async (make) => (await make(new ArrayBuffer(3)).arrayBuffer()).byteLength,
  ],
  ["a Blob of it", async (make) => {
    const blob = await make("a", { headers: HTML }).blob();
    return [blob.type, await blob.text()];
  }],
  ["no body", async (make) => {
    const response = make();
    return [response.body, await response.text(), response.bodyUsed];
  }],
  ["a number as body", (make) => make(1 as unknown as BodyInit).text()],
  ["a form as body", async (make) => {
    const response = make(new URLSearchParams({ a: "b" }));
    return await response.text();
  }],
  ["a stream", async (make) => {
    const response = make("abc");
    const pieces: string[] = [];
    for await (const piece of response.body!) {
      pieces.push(new TextDecoder().decode(piece));
    }
    return [pieces, response.bodyUsed];
  }],
  ["text, twice", async (make) => {
    const response = make("a");
    return [await response.text(), await response.text()];
  }],
  ["a clone", async (make) => {
    const response = make("a", { status: 201, headers: HTML });
    const clone = response.clone();
    return [
      clone.status,
      [...clone.headers],
      await clone.text(),
      await response.text(),
    ];
  }],
  ["a clone after changes of fields", (make) => {
    const response = make("a", { headers: HTML });
    response.clone();
    response.headers.set("x-a", "c");
    return response.clone().headers.get("x-a");
  }],
  ["another one of its body and fields", async (make) => {
    const response = make("a", { status: 404, headers: HTML });
    const other = new Response(response.body, response);
    return [other.status, other.headers.get("x-a"), await other.text()];
  }],
  [
    "what is shown of it",
    (make) => inspect(make("a", { status: 418 })).includes("418"),
  ],
];

describe("a light response is as a real one by", () => {
  for (const [what, look] of CASES) {
    test(what, async () => {
      assert.deepEqual(await outcome(look, light), await outcome(look, real));
    });
  }
});

test("a light response has the content type of text on every runtime", () => {
  assert.match(
    String(light("a").headers.get("content-type")),
    /^text\/plain;charset=utf-8$/i,
  );
});

test("LightResponse.take() uses the body up", async () => {
  const response = light("a", { status: 201 });
  assert.deepEqual(LightResponse.take(response), {
    status: 201,
    fields: [["content-type", response.headers.get("content-type")]],
    body: "a",
  });
  assert.equal(response.bodyUsed, true);
  assert.equal(LightResponse.take(response), undefined);
  await assert.rejects(response.text(), TypeError);
  const empty = light(null);
  assert.deepEqual(LightResponse.take(empty)?.body, "");
  assert.equal(LightResponse.take(empty)?.status, 200);
  assert.equal(LightResponse.take(new Response("a")), undefined);
});
