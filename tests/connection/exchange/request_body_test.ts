import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpReceiveEvent } from "../../../src/asgi.ts";
import { RequestBody } from "../../../src/connection/exchange/request_body.ts";
import { ClientDisconnected } from "../../../src/errors.ts";
import { alarms } from "../../_support/alarms.ts";
import { settle } from "../../_support/fake_clock.ts";
import { latin1Bytes, latin1Text } from "../../_support/fake_socket.ts";

const END = "http.disconnect";

/** An event in short: the body's text, `…` if there is more, or `http.disconnect`. */
function short(event: HttpReceiveEvent): string {
  if (event.type === "http.disconnect") {
    assert.deepEqual(Object.keys(event), ["type"]); // asgi:A-067
    return END;
  }
  assert.deepEqual(Object.keys(event), ["type", "body", "more_body"]); // asgi
  return latin1Text(event.body) + (event.more_body ? "…" : "");
}

/** Calls `receive()` and keeps what comes, in the order it comes. */
function receiver(body: RequestBody) {
  const seen: string[] = [];
  return {
    seen,
    async take(): Promise<void> {
      seen.push(short(await body.receive()));
    },
  };
}

function feed(body: RequestBody, text: string): void {
  const lent = latin1Bytes(`<${text}>`);
  body.append(lent, 1, lent.length - 1, true);
  lent.fill(0x21); // only lent: asgi:A-025
}

describe("RequestBody", () => {
  test("of a request without a body is one empty last piece (asgi:A-065)", async () => {
    const body = new RequestBody(false);
    assert.equal(body.isComplete, true);
    assert.equal(short(await body.receive()), "");
  });

  test("hands a piece over when it arrives (asgi:A-018)", async () => {
    const body = new RequestBody(true);
    const { seen, take } = receiver(body);
    void take();
    await settle();
    assert.deepEqual(seen, []);
    feed(body, "one");
    body.deliver();
    await settle();
    assert.deepEqual(seen, ["one…"]);
  });

  test("joins what arrived since the last call (asgi:A-066)", async () => {
    const body = new RequestBody(true);
    for (const text of ["a", "bc", "", "d"]) feed(body, text);
    assert.equal(body.pendingBytes, 4);
    assert.equal(short(await body.receive()), "abcd…");
    assert.equal(body.pendingBytes, 0);
  });

  test("says that the last piece is the last one when it knows", async () => {
    const body = new RequestBody(true);
    feed(body, "all");
    body.complete([]);
    assert.equal(short(await body.receive()), "all");
  });

  test("ends with an empty piece when the end comes late (asgi:A-064)", async () => {
    const body = new RequestBody(true);
    feed(body, "all");
    assert.equal(short(await body.receive()), "all…");
    const { seen, take } = receiver(body);
    void take();
    body.complete([]);
    body.deliver();
    await settle();
    assert.deepEqual(seen, [""]);
  });

  test("answers concurrent calls in the order they were made (asgi:A-019)", async () => {
    const body = new RequestBody(true);
    const { seen, take } = receiver(body);
    for (let i = 0; i < 4; i++) void take();
    feed(body, "1");
    body.deliver();
    feed(body, "2");
    body.deliver();
    body.complete([]);
    body.deliver();
    await settle();
    assert.deepEqual(seen, ["1…", "2…", ""]);
    body.finish();
    await settle();
    assert.deepEqual(seen, ["1…", "2…", "", END]);
  });

  test("makes calls after the last piece wait for the end of the exchange (asgi:A-095)", async () => {
    const body = new RequestBody(false);
    const { seen, take } = receiver(body);
    await take();
    void take();
    void take();
    await settle();
    assert.deepEqual(seen, [""]);
    body.finish();
    await settle();
    assert.deepEqual(seen, ["", END, END]);
    await take();
    assert.deepEqual(seen, ["", END, END, END]); // asgi:A-099
  });

  test("gives memory away that it does not use again (asgi:A-025)", async () => {
    const body = new RequestBody(true);
    for (const text of ["one", "x".repeat(2000)]) {
      feed(body, text);
      const first = await body.receive();
      feed(body, "?".repeat(4000));
      await body.receive();
      assert.equal(short(first), `${text}…`);
    }
  });

  test("hands over exactly what it owns: the buffer holds no other bytes", async () => {
    const body = new RequestBody(true);
    feed(body, "a");
    feed(body, "b");
    const event = await body.receive();
    assert.ok(
      event.type === "http.request" && event.body.buffer.byteLength === 2,
    );
  });

  test("takes a hundred thousand one-byte pieces in linear memory moves (wishes:R-009)", async () => {
    const body = new RequestBody(true);
    const piece = Uint8Array.of(0x78);
    for (let i = 0; i < 100_000; i++) body.append(piece, 0, 1, true);
    assert.equal(body.pendingBytes, 100_000);
    const event = await body.receive();
    assert.ok(
      event.type === "http.request" &&
        event.body.every((byte) => byte === 0x78),
    );
  });

  for (
    const [behavior, prepare, expected] of [
      [
        "drops an unread piece of a body cut short (asgi:A-096)",
        (body: RequestBody) => feed(body, "x"),
        [END, END],
      ],
      ["delivers a whole body first (asgi:A-097)", (body: RequestBody) => {
        feed(body, "x");
        body.complete([]);
      }, ["x", END, END]],
      [
        "delivers an empty whole body first (asgi:A-097)",
        (body: RequestBody) => body.complete([]),
        ["", END],
      ],
    ] as const
  ) {
    test(`when the peer leaves, ${behavior}`, async () => {
      const body = new RequestBody(true);
      prepare(body);
      body.disconnect();
      const { seen, take } = receiver(body);
      for (let i = 0; i < expected.length; i++) await take();
      assert.deepEqual(seen, expected);
    });
  }

  test("answers who waits when the peer leaves", async () => {
    const body = new RequestBody(true);
    const { seen, take } = receiver(body);
    void take();
    void take();
    body.disconnect();
    await settle();
    assert.deepEqual(seen, [END, END]);
  });

  test("answers who waits behind a whole body when the peer leaves", async () => {
    const body = new RequestBody(true);
    const { seen, take } = receiver(body);
    void take();
    void take();
    body.complete([]);
    body.disconnect();
    await settle();
    assert.deepEqual(seen, ["", END]);
  });

  test("forgets bytes nobody asks for once the response is complete (asgi:A-093)", async () => {
    const body = new RequestBody(true);
    feed(body, "x");
    body.finish();
    feed(body, "y");
    assert.equal(body.pendingBytes, 0);
    body.complete([]);
    body.deliver();
    assert.equal(short(await body.receive()), END);
  });
});

describe("RequestBody.trailers (asgi:A-246)", () => {
  const FIELDS = [["x-sum", "1"]] as const;

  for (const when of ["before", "after"]) {
    test(`resolve for who asked ${when} the body ended`, async () => {
      const body = new RequestBody(true);
      const asked = when === "before" ? body.trailers : undefined;
      body.complete(FIELDS);
      assert.deepEqual(await (asked ?? body.trailers), FIELDS);
    });

    for (const ending of ["disconnect", "finish"] as const) {
      test(`reject for who asked ${when} a ${ending}() cut the body short`, async () => {
        const body = new RequestBody(true);
        const asked = when === "before" ? body.trailers : undefined;
        body[ending]();
        await assert.rejects(asked ?? body.trailers, ClientDisconnected);
      });
    }
  }

  test("stay what they are when the peer leaves after the body", async () => {
    const body = new RequestBody(true);
    body.complete(FIELDS);
    body.disconnect();
    body.finish();
    assert.deepEqual(await body.trailers, FIELDS);
  });

  test("raise no alarm when nobody waits for them", async () => {
    const raised = await alarms(() => {
      const body = new RequestBody(true);
      void body.trailers;
      body.disconnect();
    });
    assert.deepEqual(raised, []);
  });
});

test("RequestBody copies out of a Buffer too, whose slice is a view", async () => {
  const body = new RequestBody(true);
  const lent = Buffer.from("hello");
  body.append(lent, 0, 5, true);
  lent.fill(0x58);
  const event = await body.receive();
  assert.ok(event.type === "http.request");
  assert.equal(new TextDecoder().decode(event.body), "hello");
});

test("RequestBody keeps bytes that are not lent, as a plain array", async () => {
  const body = new RequestBody(true);
  const kept = Buffer.from(new TextEncoder().encode("<hello>").buffer);
  body.append(kept, 1, 6, false);
  const event = await body.receive();
  assert.ok(event.type === "http.request");
  assert.equal(event.body.buffer, kept.buffer);
  assert.equal(event.body.constructor, Uint8Array);
  assert.equal(latin1Text(event.body), "hello");
  // What follows is joined elsewhere: the memory around the piece is not ours to write to.
  body.append(kept, 1, 4, false);
  body.append(kept, 4, 6, false);
  const joined = await body.receive();
  assert.ok(joined.type === "http.request");
  assert.equal(latin1Text(joined.body), "hello");
  assert.equal(latin1Text(kept), "<hello>");
});
