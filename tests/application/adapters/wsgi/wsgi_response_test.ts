// deno-lint-ignore-file no-explicit-any
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WsgiResponse } from "../../../../src/application/adapters/wsgi/wsgi_response.ts";
import type { Send } from "../../../../src/asgi.ts";

const HEAD = {
  type: "http.response.start",
  status: 200,
  headers: [["content-type", "text/plain"]],
};

function setUp() {
  const sent: any[] = [];
  const send = ((event) => {
    sent.push(event);
    return Promise.resolve();
  }) as Send;
  const response = new WsgiResponse(send);
  const start = () =>
    response.start("200 OK", [["Content-Type", "text/plain"]]);
  return { response, sent, start };
}

const piece = (body: unknown) => ({
  type: "http.response.body",
  body,
  more_body: true,
});
const last = (body: unknown) => ({ type: "http.response.body", body });

describe("WsgiResponse sends", () => {
  for (
    const [what, body, events] of [
      ["one piece as one message", ["hi"], [last("hi")]],
      ["text, not its characters", "hi", [last("hi")]],
      ["several pieces", ["a", "", "b"], [piece("a"), piece("b"), last("")]],
      ["nothing", [], [last("")]],
      [
        "a generator",
        (function* () {
          yield "a";
        })(),
        [piece("a"), last("")],
      ],
      [
        "an asynchronous generator",
        (async function* () {
          yield "a";
        })(),
        [piece("a"), last("")],
      ],
    ] as const
  ) {
    test(what, async () => {
      const { response, sent, start } = setUp();
      start();
      await response.sendBody(body as any);
      assert.deepEqual(sent, [HEAD, ...events]);
    });
  }

  test("bytes, not their numbers", async () => {
    const { response, sent, start } = setUp();
    start();
    const bytes = new Uint8Array([1, 2]);
    await response.sendBody(bytes as any);
    assert.deepEqual(sent, [HEAD, last(bytes)]);
  });

  test("what write() was given before the body, in order", async () => {
    const { response, sent, start } = setUp();
    const write = start();
    write("a");
    write("b");
    await response.sendBody(["c"]);
    assert.deepEqual(sent, [HEAD, piece("a"), piece("b"), last("c")]);
  });

  test("the head of a start that a generator makes", async () => {
    const { response, sent, start } = setUp();
    await response.sendBody((function* () {
      start();
      yield "a";
    })());
    assert.deepEqual(sent, [HEAD, piece("a"), last("")]);
  });
});

describe("startResponse()", () => {
  test("is called once, and again only with excInfo", async () => {
    const { response, sent, start } = setUp();
    start();
    assert.throws(start, {
      message:
        "Cannot start the response twice: expected excInfo in the second call",
    });
    response.start("500 Oops", [], new Error("broken"));
    await response.sendBody(["sorry"]);
    assert.deepEqual(sent[0], {
      type: "http.response.start",
      status: 500,
      headers: [],
    });
  });

  test("throws excInfo once the head has left", async () => {
    const { response, start } = setUp();
    start();
    const error = new RangeError("broken");
    await assert.rejects(
      response.sendBody((function* () {
        yield "a";
        response.start("500 Oops", [], error);
      })()),
      error,
    );
  });

  for (const status of ["OK", "20", "999 Much", 42, "600 No"]) {
    test(`refuses the status ${JSON.stringify(status)}`, () => {
      const { response } = setUp();
      assert.throws(() => response.start(status as string, []), {
        name: "TypeError",
        message: `Cannot use status ${
          JSON.stringify(status)
        }: expected text such as "200 OK"`,
      });
    });
  }
});

describe("what is wrong rejects:", () => {
  for (
    const [what, body, message] of [
      [
        "no iterable",
        undefined,
        "Cannot send what the WSGI application returned: expected an iterable of pieces, got undefined",
      ],
      [
        "a piece of another type",
        [1],
        "Cannot send a piece of type number: expected a Uint8Array or a string",
      ],
      [
        "a later piece of another type",
        ["a", null],
        "Cannot send a piece of type null: expected a Uint8Array or a string",
      ],
    ] as const
  ) {
    test(what, async () => {
      const { response, start } = setUp();
      start();
      await assert.rejects(response.sendBody(body as any), {
        name: "TypeError",
        message,
      });
    });
  }

  test("a body without startResponse()", async () => {
    const { response, sent } = setUp();
    await assert.rejects(response.sendBody(["a"]), {
      message:
        "Cannot send the body: the WSGI application has not called startResponse()",
    });
    assert.deepEqual(sent, []);
  });

  test("write() of another type, when the body is sent", async () => {
    const { response, start } = setUp();
    start()(1 as any);
    await assert.rejects(response.sendBody([]), { name: "TypeError" });
  });
});

test("close() of the body is called, also after a failure", async () => {
  for (const fails of [false, true]) {
    const { response, start } = setUp();
    start();
    let closed = 0;
    const body = {
      *[Symbol.iterator]() {
        yield "a";
        if (fails) throw new Error("half-way");
      },
      close: () => void closed++,
    };
    const sending = response.sendBody(body);
    await (fails ? assert.rejects(sending, { message: "half-way" }) : sending);
    assert.equal(closed, 1);
  }
});
