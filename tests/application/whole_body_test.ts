import assert from "node:assert/strict";
import { test } from "node:test";
import { wholeBody } from "../../src/application/whole_body.ts";
import type { Receive } from "../../src/asgi.ts";

const gone = () => new Error("gone");

/** Messages with these bodies, of which the last one ends; then the client has left. */
function bodies(...pieces: readonly (readonly number[])[]): Receive {
  let at = 0;
  return () => {
    const piece = pieces[at++];
    return Promise.resolve(
      piece === undefined ? { type: "http.disconnect" } : {
        type: "http.request",
        body: Uint8Array.from(piece),
        more_body: at < pieces.length,
      },
    );
  };
}

for (
  const [pieces, whole] of [
    [[[]], []],
    [[[1, 2]], [1, 2]],
    [[[1], [], [2, 3]], [1, 2, 3]],
    [[[], [1, 2], []], [1, 2]],
  ] as const
) {
  test(`wholeBody() puts ${JSON.stringify(pieces)} together`, async () => {
    const sizes: number[] = [];
    const body = await wholeBody(
      bodies(...pieces),
      gone,
      (size) => sizes.push(size),
    );
    assert.deepEqual([...body], whole);
    assert.equal(sizes.length, pieces.length);
    assert.equal(sizes.at(-1), whole.length);
  });
}

test("wholeBody() throws the reason when the client leaves", async () => {
  const receive: Receive = () => Promise.resolve({ type: "http.disconnect" });
  await assert.rejects(wholeBody(receive, gone), /^Error: gone$/);
});

test("wholeBody() reads no more when it is told that this is too much", async () => {
  let calls = 0;
  const receive = bodies([1], [2], [3]);
  const counted: Receive = () => {
    calls++;
    return receive();
  };
  await assert.rejects(
    wholeBody(counted, gone, (size) => {
      if (size > 1) throw new RangeError("too much");
    }),
    RangeError,
  );
  assert.equal(calls, 2);
});
