import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  forwardState,
  heldBody,
} from "../../../../src/runtime/node/internals/fetch_state.ts";
import { RUNTIME } from "../../../_support/this_runtime.ts";

/** Deno alone keeps its state where it can be seen. */
const isOpen = RUNTIME === "deno";

/** As it is asked: the fields were looked at before. */
function held(body: BodyInit | null, init?: ResponseInit): string | undefined {
  const response = new Response(body, init);
  response.headers.forEach(() => {});
  return heldBody(response);
}

describe("heldBody()", () => {
  for (
    const [what, body, kind] of [
      ["text", "abc", "text"],
      ["no text", "", "text"],
      ["a form", new URLSearchParams({ a: "b" }), "text"],
      ["bytes", new Uint8Array([1, 2]), "bytes"],
      ["a buffer", new ArrayBuffer(2), "bytes"],
      ["no body", null, undefined],
      ["a stream", new ReadableStream(), undefined],
      ["a Blob", new Blob(["abc"]), undefined],
    ] as const
  ) {
    test(`tells ${what}, where the state can be seen`, () => {
      const wanted = isOpen ? kind : undefined;
      assert.equal(held(body), wanted);
      if (!(body instanceof ReadableStream)) {
        assert.equal(held(body, { headers: { "x-a": "b" } }), wanted);
      }
    });
  }

  test("tells nothing of a response of somebody else's", () => {
    assert.equal(heldBody({ status: 200 } as Response), undefined);
  });
});

test("forwardState() lets an object stand for a request, where the state can be seen", () => {
  const standIn = Object.create(Object.create(Request.prototype));
  const request = new Request("http://h/p", { method: "PUT" });
  forwardState(Object.getPrototypeOf(standIn), () => request);
  const copy = () => new Request(standIn);
  if (!isOpen) assert.throws(copy);
  else assert.deepEqual([copy().url, copy().method], ["http://h/p", "PUT"]);
});
