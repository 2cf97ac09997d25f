import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, fetchHarness, until } from "../../../_support/fetch_harness.ts";

const GET = "GET /a HTTP/1.1\r\nhost: x\r\n\r\n";
const encoder = new TextEncoder();

/** A stream in the test's hands. */
function held() {
  let controller!: ReadableStreamDefaultController<unknown>;
  const canceled = Promise.withResolvers<unknown>();
  let isCanceled = false;
  let pulls = 0;
  const stream = new ReadableStream<unknown>({
    start: (given) => void (controller = given),
    pull: () => void pulls++,
    cancel(reason) {
      isCanceled = true;
      canceled.resolve(reason);
    },
  }, { highWaterMark: 0 });
  return {
    stream: stream as ReadableStream,
    write: (text: string) => controller.enqueue(encoder.encode(text)),
    writeAny: (value: unknown) => controller.enqueue(value),
    end: () => controller.close(),
    fail: (error: unknown) => controller.error(error),
    canceled: canceled.promise,
    get isCanceled() {
      return isCanceled;
    },
    get pulls() {
      return pulls;
    },
  };
}

describe("a body given whole", () => {
  for (
    const [what, body, size] of [
      ["text", "hé", 3],
      ["bytes", new Uint8Array([1, 2]), 2],
      ["nothing", null, 0],
      ["empty text", "", 0],
    ] as const
  ) {
    test(`leaves with its length: ${what}`, async () => {
      const text = await ask(() => new Response(body), GET);
      assert.match(text, new RegExp(`\r\ncontent-length: ${size}\r\n`));
      assert.equal(text.includes("transfer-encoding"), false);
    });
  }

  test("has the content type of text", async () => {
    const text = await ask(() => new Response("hi"), GET);
    assert.match(text, /\r\ncontent-type: text\/plain;charset=utf-8\r\n/i);
  });

  test("keeps each cookie in a line of its own", async () => {
    const text = await ask(() => {
      const headers = new Headers([["set-cookie", "a=1"], [
        "set-cookie",
        "b=2",
      ]]);
      return new Response("hi", { headers });
    }, GET);
    assert.match(text, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/);
  });
});

describe("a stream", () => {
  test("leaves piece by piece, strings among them", async () => {
    const body = held();
    const harness = fetchHarness(() => new Response(body.stream));
    const socket = harness.connect();
    socket.receive(GET);
    await until(harness, () => body.pulls > 0);
    body.write("one");
    await until(harness, () => socket.text.includes("one"));
    assert.match(socket.text, /\r\ntransfer-encoding: chunked\r\n/);
    body.writeAny("twö");
    await until(harness, () => socket.text.includes("4\r\ntw"));
    body.end();
    await until(harness, () => socket.text.endsWith("0\r\n\r\n"));
  });

  test("sends the small pieces of one turn in one write", async () => {
    const body = held();
    const harness = fetchHarness(() => new Response(body.stream));
    const socket = harness.connect();
    socket.receive(GET);
    for (const piece of ["a", "b", "c", "d"]) body.write(piece);
    await until(harness, () => socket.text.includes("1\r\nd"));
    assert.equal(socket.writes.length, 1);
    body.end();
    await until(harness, () => socket.text.endsWith("0\r\n\r\n"));
  });

  test("is read at the client's pace", async () => {
    const body = held();
    const harness = fetchHarness(() => new Response(body.stream));
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET);
    body.write("x".repeat(100_000));
    body.write("y".repeat(100_000));
    await until(harness, () => socket.text.includes("x"));
    for (let i = 0; i < 5; i++) await harness.turn();
    const { pulls } = body;
    for (let i = 0; i < 5; i++) {
      await harness.turn();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(body.pulls, pulls, "it is read on without a drain");
    assert.equal(socket.text.includes("y"), false);
    socket.takesWrites = true;
    socket.drain();
    await until(harness, () => socket.text.includes("y"));
    body.end();
    await until(harness, () => socket.text.endsWith("0\r\n\r\n"));
  });

  test("is canceled when the client leaves, while it is silent too", async () => {
    for (const hasBegun of [true, false]) {
      const body = held();
      let signal: AbortSignal | undefined;
      const harness = fetchHarness((request: Request) => {
        signal = request.signal;
        return new Response(body.stream);
      });
      const socket = harness.connect();
      socket.receive(GET);
      await until(harness, () => body.pulls > 0);
      if (hasBegun) {
        body.write("one");
        await until(harness, () => socket.text.includes("one"));
      }
      socket.close();
      await until(harness, () => body.isCanceled);
      assert.equal(signal!.aborted, true);
      await until(harness, () => harness.tracker.runningCalls === 0);
      assert.deepEqual(harness.logger.at("error"), []);
    }
  });

  test("that fails at once is answered with 500", async () => {
    const body = held();
    const harness = fetchHarness(() => {
      body.fail(new Error("no data"));
      return new Response(body.stream);
    });
    const text = await harness.exchange(GET);
    assert.match(text, /^HTTP\/1\.1 500 /);
    assert.equal(harness.logger.at("error").length, 1);
  });

  test("that is silent at first does not hold the head back", async () => {
    const body = held();
    const harness = fetchHarness(() => new Response(body.stream));
    const socket = harness.connect();
    socket.receive(GET);
    await until(harness, () => socket.text.endsWith("\r\n\r\n"));
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
    body.end();
    await until(harness, () => socket.text.endsWith("0\r\n\r\n"));
  });

  test("that fails half-way is cut off, and the error is logged", async () => {
    const body = held();
    const harness = fetchHarness(() => new Response(body.stream));
    const socket = harness.connect();
    socket.receive(GET);
    body.write("one");
    await until(harness, () => socket.text.includes("one"));
    body.fail(new Error("no more data"));
    await until(harness, () => socket.hasEnded || socket.isClosed);
    assert.equal(socket.text.includes("0\r\n\r\n"), false);
    const line = harness.logger.lines.find(({ level }) => level === "error");
    assert.equal((line?.error as Error).message, "no more data");
  });

  test("with a piece that is neither text nor bytes is cut off, and canceled", async () => {
    const body = held();
    const harness = fetchHarness(() => new Response(body.stream));
    const socket = harness.connect();
    socket.receive(GET);
    body.write("one");
    await until(harness, () => socket.text.includes("one"));
    body.writeAny(42);
    await until(harness, () => body.isCanceled);
    const line = harness.logger.lines.find(({ level }) => level === "error");
    assert.equal(
      (line?.error as Error).message,
      'Cannot send a piece of the body: expected bytes or text, got a value of type "number"',
    );
  });
});

describe("a body that is not sent", () => {
  test("is canceled and not read: HEAD, 204, 205, 304", async () => {
    for (const [method, status] of [["HEAD", 200]] as const) {
      const body = held();
      const text = await ask(
        () => new Response(body.stream, { status }),
        GET.replace("GET", method),
      );
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\n\r\n$`));
      await body.canceled;
      assert.equal(body.pulls, 0);
    }
    for (const status of [204, 205, 304]) {
      const body = held();
      // No Response has a body with these statuses; one of a framework may.
      const given = {
        status,
        headers: new Headers({ "x-one": "1" }),
        body: body.stream,
        bodyUsed: false,
      };
      const text = await ask(() => given, GET);
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(text, /\r\nx-one: 1\r\n/);
      await body.canceled;
      assert.equal(body.pulls, 0);
    }
  });
});

describe("a response used before", () => {
  test("is answered with 500, and the log says so", async () => {
    const used = new Response("hi");
    await used.text();
    const locked = new Response(held().stream);
    locked.body!.getReader();
    for (const response of [used, locked]) {
      const harness = fetchHarness(() => response);
      const text = await harness.exchange(GET);
      assert.match(text, /^HTTP\/1\.1 500 /);
      const line = harness.logger.lines.find(({ level }) => level === "error");
      assert.match(
        (line?.error as Error).message,
        /^Cannot send the Response: /,
      );
    }
  });
});

describe("trailers", () => {
  test("follow the body, if the client takes them", async () => {
    const text = await ask(
      (_request: Request, info: { setTrailers(fields: unknown): void }) => {
        info.setTrailers(() => Promise.resolve({ "x-sum": "7" }));
        return new Response("hi");
      },
      "GET / HTTP/1.1\r\nhost: x\r\nte: trailers\r\n\r\n",
    );
    assert.match(text, /\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n$/);
  });
});
