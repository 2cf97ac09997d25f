import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderInput } from "../../../src/asgi.ts";
import { ResponseNotes } from "../../../src/connection/exchange/response_notes.ts";
import { AccessLog } from "../../../src/logging/access/access_log.ts";
import { accessFormat } from "../../../src/logging/access/access_format.ts";
import { Harness } from "../../_support/harness.ts";

test("ResponseNotes keeps the fields of the application, once iterated, in lower case", () => {
  const notes = new ResponseNotes(
    { firstByte: false, responseFields: true },
    () => 7,
  );
  const once = (function* () {
    yield ["ETag", "a"] as const;
    yield ["x-octets", new Uint8Array([1])] as const;
  })();
  const again = notes.onStart(once);
  assert.deepEqual([...notes.fields], [["etag", "a"]]);
  assert.equal([...again].length, 2);
  notes.onHeadCommitted();
  assert.equal(notes.headAtMs, undefined);
  notes.clear();
  assert.deepEqual([...notes.fields], []);
});

test("ResponseNotes does not touch fields that nobody needs", () => {
  const notes = new ResponseNotes(
    { firstByte: true, responseFields: false },
    () => 7,
  );
  const headers: HeaderInput = [["a", "b"]];
  assert.equal(notes.onStart(headers), headers);
  notes.onHeadCommitted();
  assert.equal(notes.headAtMs, 7);
  notes.clear();
  assert.equal(notes.headAtMs, undefined);
});

test("a line shows the time of the head and fields that can be iterated once", async () => {
  const written: string[] = [];
  const harness = new Harness(async (_scope, _receive, send) => {
    harness.clock.nowMs += 3;
    await send({
      type: "http.response.start",
      status: 200,
      headers: new Map([["ETag", "abc"]]),
    });
    await send({ type: "http.response.body", body: "a", more_body: true });
    await new Promise<void>((resolve) => setTimeout(resolve));
    harness.clock.nowMs += 4;
    await send({ type: "http.response.body", body: "b" });
  }, {
    observers: [
      new AccessLog(
        accessFormat("%(first_byte_ms)s %(duration_ms)s %({etag}o)s", {
          isColored: false,
          phrase: () => "",
          env: () => undefined,
          pid: 1,
        }),
        {
          write: (text) => void written.push(text),
          afterTurn: (callback) => callback(),
        },
      ),
    ],
  });
  const socket = harness.connect();
  socket.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let i = 0; i < 100 && written.length === 0; i++) {
    await harness.turn();
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
  assert.match(socket.text, /etag: abc/i);
  assert.deepEqual(written, ["3.000 7.000 abc\n"]);
});
