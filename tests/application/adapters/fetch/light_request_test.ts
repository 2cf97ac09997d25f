/** A light request against a real one: whatever is asked of both, the answers are equal. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { LightRequest } from "../../../../src/application/adapters/fetch/light_request.ts";
import { RealRequest } from "../../../../src/application/adapters/fetch/real_request.ts";
import { requestMaker } from "../../../../src/application/adapters/fetch/server_request.ts";
import type { ServerInfo } from "../../../../src/application/adapters/fetch/server_info.ts";
import type { HttpScope, Receive } from "../../../../src/asgi.ts";
import { RUNTIME } from "../../../_support/this_runtime.ts";

type Make = (
  scope: HttpScope,
  receive: Receive,
  info: ServerInfo,
) => Request;
const real: Make = (...args) => new RealRequest(...args);
const light: Make = (...args) =>
  new LightRequest(...args) as unknown as Request;
/** What handlers get, which is a light one on Deno. */
const served: Make = (...args) => requestMaker()(...args);

interface Given {
  readonly method?: string;
  readonly body?: string;
  readonly type?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
}

function requestOf(make: Make, given: Given = {}): Request {
  const { method = "POST", body = "abc", type = "text/plain" } = given;
  const { host = "h:81", path = "/p", query = "q=1" } = given;
  const headers = [["host", host], ["x-a", "b"], ["x-a", "c"]];
  headers.push(["content-type", type]);
  if (body !== "") headers.push(["content-length", String(body.length)]);
  const scope = {
    type: "http",
    method,
    scheme: "http",
    path,
    raw_path: path,
    query_string: query,
    server: ["127.0.0.1", 8000],
    headers,
    extensions: {},
  };
  const pieces = [body.slice(0, 1), body.slice(1)];
  const receive = () => {
    const text = pieces.shift() ?? "";
    return Promise.resolve({
      type: "http.request",
      body: new TextEncoder().encode(text),
      more_body: pieces.length > 0,
    });
  };
  const info = { signal: new AbortController().signal };
  return make(
    scope as unknown as HttpScope,
    receive as Receive,
    info as ServerInfo,
  );
}

/** What comes of `look`, as a value that can be compared; errors by their class. */
async function outcome(
  look: (request: Request) => unknown,
  make: Make,
  given: Given,
): Promise<unknown> {
  try {
    return { value: await look(requestOf(make, given)) };
  } catch (error) {
    return { thrown: (error as Error).constructor.name };
  }
}

const MEMBERS = [
  "bodyUsed",
  "cache",
  "credentials",
  "destination",
  "duplex",
  "integrity",
  "isHistoryNavigation",
  "isReloadNavigation",
  "keepalive",
  "method",
  "mode",
  "redirect",
  "referrer",
  "referrerPolicy",
  "url",
];

const CASES: readonly [
  what: string,
  look: (request: Request) => unknown,
  given?: Given,
][] = [
  ...MEMBERS.map((name): (typeof CASES)[number] => [
    `${name}, and that it cannot be set`,
    (request) => {
      const object = request as unknown as Record<string, unknown>;
      let isRefused = false;
      try {
        object[name] = "x";
      } catch {
        isRefused = true;
      }
      return [object[name], isRefused, name in object];
    },
  ]),
  ["its class", (r) => [r instanceof Request, String(r), typeof r]],
  ["own properties", (r) => [Object.keys(r), JSON.stringify(r)]],
  ["names in a loop", (r) => {
    const names: string[] = [];
    for (const name in r) names.push(name);
    const ours = ["clone", "ip", "trailers", "waitUntil", "signal"];
    return names.filter((name) => !ours.includes(name)).sort();
  }],
  ["added properties", (r) => Object.assign(r, { mine: 1 }).mine],
  ["fields", (r) => [[...r.headers], r.headers instanceof Headers]],
  ["one object of fields", (r) => r.headers === r.headers],
  ["the signal", (r) => r.signal instanceof AbortSignal],
  ["one body", (r) => [r.body === r.body, r.body instanceof ReadableStream]],
  ["no body of a GET", (r) => [r.body, r.bodyUsed], { method: "GET" }],
  ["no body", (r) => [r.body, r.bodyUsed], { body: "" }],
  ["text of no body, twice", async (r) => [
    await r.text(),
    await r.text(),
    r.bodyUsed,
  ], { body: "" }],
  ["JSON of no body", (r) => r.json(), { body: "" }],
  ["text", (r) => r.text()],
  ["text with a BOM", (r) => r.text(), { body: "\ufeffa" }],
  ["JSON", (r) => r.json(), { body: '{"a":[1]}' }],
  ["JSON that is none", (r) => r.json(), { body: "{" }],
  ["bytes", async (r) => [...await r.bytes()]],
  ["a buffer", async (r) => (await r.arrayBuffer()).byteLength],
  ["a Blob", async (r) => {
    const blob = await r.blob();
    return [blob.type, await blob.text()];
  }],
  ["a form", async (r) => [...await r.formData()], {
    type: "application/x-www-form-urlencoded",
    body: "a=1&b=2",
  }],
  ["a form that is none", (r) => r.formData()],
  ["use of the body", async (r) => {
    const before = r.bodyUsed;
    const reading = r.text();
    const during = r.bodyUsed;
    await reading;
    return [before, during, r.bodyUsed, r.body !== null];
  }],
  ["text, twice", async (r) => [await r.text(), await r.text()]],
  ["text after the stream", async (r) => {
    for await (const _piece of r.body!);
    return [r.bodyUsed, await r.text()];
  }],
  ["pieces of the stream", async (r) => {
    const pieces: string[] = [];
    for await (const piece of r.body!) {
      pieces.push(new TextDecoder().decode(piece));
    }
    return pieces;
  }],
  ["the stream after text", async (r) => {
    await r.text();
    return r.body!.getReader().read();
  }],
  ["a clone", async (r) => {
    const clone = r.clone();
    return [await clone.text(), await r.text(), clone.url, [...clone.headers]];
  }],
  ["a clone of what was read", async (r) => {
    await r.text();
    return r.clone();
  }],
  ["a clone after a change of fields", (r) => {
    const first = r.clone();
    r.headers.set("x-a", "d");
    return [first.headers.get("x-a"), r.clone().headers.get("x-a")];
  }],
  ["fields that are changed", (r) => {
    r.headers.append("x-a", "d");
    r.headers.delete("content-type");
    return [...r.headers];
  }],
  ["fields after the body", async (r) => {
    await r.blob();
    return [...r.headers];
  }],
];

// By the standard: Bun 1.4 makes GET of "Post", and PATCH of "patch".
for (
  const [given, method] of [
    ["get", "GET"],
    ["Post", "POST"],
    ["delete", "DELETE"],
    ["patch", "patch"],
    ["QUERY", "QUERY"],
    ["PROPFIND", "PROPFIND"],
  ] as const
) {
  test(`a light request calls the method ${given} ${method}`, () => {
    assert.equal(requestOf(light, { method: given, body: "" }).method, method);
  });
}

describe("a light request is as a real one by", () => {
  for (const [what, look, given = {}] of CASES) {
    test(what, async () => {
      assert.deepEqual(
        await outcome(look, light, given),
        await outcome(look, real, given),
      );
    });
  }
});

const COPIES: typeof CASES = [
  ["a copy", async (r) => {
    const { url, method, headers } = r;
    const copy = new Request(r);
    return [
      copy.url === url,
      copy.method === method,
      [...copy.headers].join() === [...headers].join(),
      await copy.text(),
      r.bodyUsed,
    ];
  }],
  ["a copy with other fields", async (r) => {
    const copy = new Request(r, { headers: { "x-b": "1" } });
    return [copy.method, [...copy.headers], await copy.text()];
  }],
  ["a copy with another body", async (r) => {
    const copy = new Request(r, { body: "new" });
    return [copy.method, await copy.text()];
  }],
  ["a copy for another URL", async (r) => {
    const copy = new Request("http://other/", r);
    return [copy.url, copy.method, [...copy.headers], await copy.text()];
  }],
  ["a copy after a change of fields", (r) => {
    r.headers.set("x-a", "d");
    return new Request(r).headers.get("x-a");
  }],
  ["a copy of what was read", async (r) => {
    await r.text();
    return new Request(r);
  }],
  ["the prototype's own members", (r) => {
    const { get } = Object.getOwnPropertyDescriptor(Request.prototype, "url")!;
    return get!.call(r);
  }],
  ["a structured clone", (r) => structuredClone(r)],
  [
    "what is shown of it",
    (r) => /POST/.test(inspect(r)) === /POST/.test(inspect(new Request(r))),
  ],
];

describe("what a handler gets is as a real request by", () => {
  for (const [what, look, given = {}] of COPIES) {
    test(what, async () => {
      assert.deepEqual(
        await outcome(look, served, given),
        await outcome(look, real, given),
      );
    });
  }

  test("fetch() of it", async () => {
    const server = createServer((request, response) => {
      request.on("data", (piece) => response.write(piece));
      request.on("end", () => response.end(`|${request.headers["x-a"]}`));
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve)
    );
    try {
      const { port } = server.address() as AddressInfo;
      const request = requestOf(served, { host: `127.0.0.1:${port}` });
      const response = await fetch(request);
      assert.equal(await response.text(), "abc|b, c");
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("its class, which is ours only where that is as good", () => {
    const request = requestOf(served);
    assert.equal(LightRequest.is(request), RUNTIME !== "node");
    assert.equal(request instanceof RealRequest, RUNTIME === "node");
  });
});
