import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WsgiInput } from "../../../../src/application/adapters/wsgi/wsgi_input.ts";
import type { Receive } from "../../../../src/asgi.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A body that arrives in `pieces`; cut off after them if `isCut`. */
function input(pieces: readonly string[], isCut = false) {
  let next = 0;
  const receive = (() => {
    const index = next++;
    if (index >= pieces.length) {
      return Promise.resolve({ type: "http.disconnect" });
    }
    const more_body = isCut || index < pieces.length - 1;
    const body = encoder.encode(pieces[index]);
    return Promise.resolve({ type: "http.request", body, more_body });
  }) as Receive;
  return { input: new WsgiInput(receive), received: () => next };
}

const text = (bytes: Uint8Array) => decoder.decode(bytes);

describe("WsgiInput", () => {
  test("reads the whole body, then nothing", async () => {
    const { input: body } = input(["ab", "", "cd"]);
    assert.equal(text(await body.read()), "abcd");
    assert.equal(text(await body.read()), "");
    assert.equal(text(await body.read(5)), "");
  });

  test("reads no more than asked for, and receives no more than it needs", async () => {
    const { input: body, received } = input(["abc", "def", "ghi"]);
    const first = await body.read(2);
    assert.equal(received(), 1);
    assert.equal(text(await body.read(3)), "cde");
    assert.equal(received(), 2);
    assert.equal(text(await body.read(10)), "fghi");
    assert.equal(text(first), "ab", "what was handed out does not change");
  });

  for (
    const pieces of [["a\nbc\n\nd"], ["a", "\nb", "c\n\n", "d"], [
      ..."a\nbc\n\nd",
    ]]
  ) {
    test(`reads lines from ${pieces.length} pieces`, async () => {
      const { input: body } = input(pieces);
      const lines = (await body.readlines()).map(text);
      assert.deepEqual(lines, ["a\n", "bc\n", "\n", "d"]);
      assert.equal(text(await body.readline()), "");
    });
  }

  test("cuts long lines, and stops at a hint", async () => {
    const { input: body } = input(["abcdef\ng\nh\n"]);
    assert.equal(text(await body.readline(4)), "abcd");
    assert.equal(text(await body.readline(3)), "ef\n");
    assert.deepEqual((await body.readlines(2)).map(text), ["g\n"]);
    assert.equal(text(await body.read()), "h\n");
  });

  test("reads at once what has arrived, and nothing else", async () => {
    const { input: body } = input(["abc", "def"]);
    assert.throws(() => body.readSync(), {
      message:
        "Cannot read the request body at once: it has not arrived, use await read()",
    });
    await body.read(1);
    assert.equal(text(body.readSync(2)), "bc");
    assert.throws(() => body.readSync(1));
    await body.complete();
    assert.equal(text(body.readSync()), "def");
    assert.equal(text(body.readSync()), "");
  });

  test("rejects if the client leaves in the middle", async () => {
    const { input: body } = input(["ab"], true);
    assert.equal(text(await body.read(2)), "ab");
    await assert.rejects(body.read(), {
      name: "ClientDisconnected",
      message: "Cannot read the request body: the client has disconnected",
    });
  });
});
