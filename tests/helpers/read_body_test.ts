import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BodyTooLargeError,
  readBody,
  readJson,
  readText,
} from "../../src/helpers/read_body.ts";
import type { Receive } from "../../mod.ts";

/** A body in `pieces`, each as bytes; cut off after them if `isCut`. */
function body(pieces: readonly string[], isCut = false): Receive {
  let next = 0;
  return () => {
    const piece = pieces[next++];
    if (piece === undefined) {
      return Promise.resolve({ type: "http.disconnect" });
    }
    return Promise.resolve({
      type: "http.request",
      body: new TextEncoder().encode(piece),
      more_body: isCut || next < pieces.length,
    });
  };
}

describe("readBody()", () => {
  for (const pieces of [["abc"], ["a", "", "bc"], ["abc", ""], [""]]) {
    test(`joins ${JSON.stringify(pieces)}`, async () => {
      const bytes = await readBody(body(pieces));
      assert.equal(new TextDecoder().decode(bytes), pieces.join(""));
    });
  }

  for (const [limit, fails] of [[2, true], [3, false], [4, false]] as const) {
    test(`${fails ? "refuses" : "reads"} 3 bytes at a limit of ${limit}`, async () => {
      const reading = readBody(body(["ab", "c"]), { limit });
      if (!fails) return void assert.equal((await reading).length, 3);
      await assert.rejects(reading, (error) => {
        assert.ok(error instanceof BodyTooLargeError);
        assert.equal(error.status, 413);
        assert.equal(error.limit, 2);
        assert.equal(
          error.message,
          "Cannot read the request body: expected at most 2 bytes",
        );
        return true;
      });
    });
  }

  test("has a limit of a mebibyte", async () => {
    const piece = "x".repeat(1024 * 1024);
    assert.equal((await readBody(body([piece]))).length, piece.length);
    await assert.rejects(readBody(body([piece, "x"])), { limit: 1048576 });
  });

  test("rejects if the client leaves", async () => {
    await assert.rejects(readBody(body(["ab"], true)), {
      name: "ClientDisconnected",
    });
  });
});

test("readText() decodes, across pieces", async () => {
  const whole = new TextEncoder().encode("é€");
  let at = 0;
  const receive: Receive = () =>
    Promise.resolve({
      type: "http.request",
      body: whole.slice(at, ++at),
      more_body: at < whole.length,
    });
  assert.equal(await readText(receive), "é€");
});

test("readJson() parses", async () => {
  assert.deepEqual(await readJson(body(['{"a"', ":1}"])), { a: 1 });
  await assert.rejects(readJson(body(["{"])), SyntaxError);
});
