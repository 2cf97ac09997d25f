/** The global `Response` of this process notes what its objects were made of; nobody can tell. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BYTES,
  rememberBodies,
  SENT,
  takeRememberedBody,
} from "../../../../src/application/adapters/fetch/remembered_body.ts";
import { ask } from "../../../_support/fetch_harness.ts";
import { RUNTIME } from "../../../_support/this_runtime.ts";

const Native = Response;
rememberBodies();
const Remembering = Response;
rememberBodies(); // once more changes nothing

const get = (method = "GET") => `${method} / HTTP/1.1\r\nhost: h\r\n\r\n`;

describe("the class", () => {
  test("is in the place of the runtime's, and of no other shape", () => {
    assert.notEqual(Remembering, Native);
    assert.equal(Response, Remembering);
    assert.equal(Response.name, "Response");
    assert.equal(Response.length, Native.length);
    assert.equal(Response.prototype, Native.prototype);
    assert.throws(
      () => (Response as unknown as (body: string) => void)("a"),
      TypeError,
    );
  });

  test("makes the runtime's objects", () => {
    const made = new Response("a");
    assert.equal(Object.getPrototypeOf(made), Native.prototype);
    assert.deepEqual(Reflect.ownKeys(made), Reflect.ownKeys(new Native("a")));
    assert.ok(made instanceof Native && new Native("a") instanceof Response);
    for (const other of [Response.json({}), Response.error()]) {
      assert.ok(other instanceof Response);
      assert.equal(takeRememberedBody(other), undefined);
    }
    // Takes the runtime's own alone.
    assert.doesNotThrow(() => new Native(made.body).clone());
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
    assert.equal(takeRememberedBody(page), "a");
    assert.equal(await page.text(), "a");
  });

  test("notes text and bytes, and nothing else", () => {
    const noted = (body?: BodyInit | null) =>
      takeRememberedBody(new Response(body));
    assert.equal(noted("text"), "text");
    assert.equal(noted(""), "");
    assert.equal(noted(new Uint8Array(1)), BYTES);
    assert.equal(noted(new ArrayBuffer(1)), BYTES);
    for (
      const body of [
        undefined,
        null,
        new Blob(["a"]),
        new FormData(),
        new URLSearchParams("a=b"),
        new ReadableStream(),
      ]
    ) assert.equal(noted(body), undefined);
  });

  test("gives text once", () => {
    const response = new Response("a");
    assert.equal(takeRememberedBody(response), "a");
    assert.equal(takeRememberedBody(response), SENT);
  });
});

describe("an answer is what it would be without the notes", () => {
  type Make = (Class: typeof Response) => Response;
  const changed =
    (change: (response: Response) => unknown): Make => (Class) => {
      const response = new Class("text", { headers: { "x-a": "b" } });
      change(response);
      return response;
    };
  const cases: Readonly<Record<string, Make>> = {
    "text": (Class) => new Class("hé"),
    "nothing": (Class) => new Class(),
    "null": (Class) => new Class(null, { status: 204 }),
    "text of a type": (Class) =>
      new Class("<p>", { headers: { "content-type": "text/html" } }),
    "a status with a name": (Class) =>
      new Class("a", { status: 404, statusText: "Nowhere" }),
    "two cookies": (Class) =>
      new Class("a", {
        headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      }),
    "a form": (Class) => new Class(new URLSearchParams("a=b")),
    "a stream": (Class) =>
      new Class(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode("piece"));
            controller.close();
          },
        }),
      ),
    "a Blob": (Class) => new Class(new Blob(["a"], { type: "text/x" })),
    "bytes of a type": (Class) =>
      new Class(new Uint8Array([65]), { headers: { "content-type": "a/b" } }),
    "bytes that change later": (Class) => {
      const bytes = new TextEncoder().encode("abc");
      const response = new Class(bytes, {
        headers: { "content-type": "a/b" },
      });
      bytes.fill(88);
      return response;
    },
    "JSON": (Class) => Class.json({ a: 1 }),
    "a redirect": (Class) => Class.redirect("http://h/x", 303),
    "a field added": changed(({ headers }) => headers.set("x-c", "d")),
    "a field taken away": changed(({ headers }) => headers.delete("x-a")),
    "a type added": changed(({ headers }) =>
      headers.set("content-type", "a/b")
    ),
    "what was read": changed((response) => void response.text()),
    "what is being read": changed(({ body }) => void body!.getReader().read()),
    "its stream": (Class) => new Class(new Class("text").body),
    "its clone": (Class) => new Class("text").clone(),
  };
  for (const [what, make] of Object.entries(cases)) {
    for (const method of ["GET", "HEAD"]) {
      test(`${method}: ${what}`, async () => {
        const answers = [];
        for (const Class of [Remembering, Native]) {
          const answer = await ask(() => make(Class), get(method));
          answers.push(
            // Without the notes, not every runtime knows it.
            method === "HEAD"
              ? answer.replace(/\r\ncontent-length: .*/, "")
              : answer,
          );
        }
        assert.equal(answers[0], answers[1]);
        assert.match(answers[0]!, /^HTTP\/1\.1 \d/);
      });
    }
  }

  test("but for the length of what HEAD asks for, which is that of GET", async () => {
    for (const body of ["hé", new Uint8Array(5)]) {
      const heads = [];
      for (const method of ["GET", "HEAD"]) {
        const answer = await ask(() => new Response(body), get(method));
        heads.push(answer.slice(0, answer.indexOf("\r\n\r\n")));
      }
      assert.equal(heads[1], heads[0]);
      assert.match(heads[0]!, /\r\ncontent-length: [35](\r\n|$)/);
    }
  });

  test("but for types that Bun does not tell: bytes have none, and empty text has one", async () => {
    const hasType = async (Class: typeof Response, body: BodyInit) =>
      /\r\ncontent-type: /.test(await ask(() => new Class(body), get()));
    const bytes = new Uint8Array([65]);
    assert.equal(await hasType(Remembering, bytes), false);
    assert.equal(await hasType(Native, bytes), RUNTIME === "bun");
    assert.equal(await hasType(Remembering, ""), true);
    assert.equal(await hasType(Native, ""), RUNTIME !== "bun");
  });

  test("one response is sent once", async () => {
    const response = new Response("a");
    assert.match(await ask(() => response, get()), /^HTTP\/1\.1 200 /);
    assert.match(await ask(() => response, get()), /^HTTP\/1\.1 500 /);
  });
});
