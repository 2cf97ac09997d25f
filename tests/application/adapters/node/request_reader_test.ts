import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { createRequest } from "../../../../src/application/adapters/node/node_request.ts";
import { RequestReader } from "../../../../src/application/adapters/node/request_reader.ts";
import type {
  HeaderPair,
  HttpReceiveEvent,
  HttpScope,
} from "../../../../src/asgi.ts";

const piece = (text: string, more_body = true): HttpReceiveEvent => ({
  type: "http.request",
  body: new TextEncoder().encode(text),
  more_body,
});
const LEFT: HttpReceiveEvent = { type: "http.disconnect" };

/** A reader whose events are given by hand. */
function setUp({ hasBody = true, trailers }: {
  hasBody?: boolean;
  trailers?: Promise<readonly HeaderPair[]>;
} = {}) {
  const waiting: ((event: HttpReceiveEvent) => void)[] = [];
  const controller = new AbortController();
  const seen = { left: 0, isAnswered: false };
  const scope = {
    method: "POST",
    path: "/",
    query_string: "",
    http_version: "1.1",
    headers: [],
    extensions: {
      abort_signal: controller,
      ...(trailers && { "http.request.trailers": { trailers } }),
    },
  } as unknown as HttpScope;
  const request: IncomingMessage = createRequest({
    scope,
    socket: { destroy() {} },
    pull: () => reader.pull(),
  }, hasBody);
  const reader: RequestReader = new RequestReader(
    request,
    hasBody,
    () => new Promise((resolve) => waiting.push(resolve)),
    {
      scope,
      get isAnswered() {
        return seen.isAnswered;
      },
      onDisconnect: () => void seen.left++,
    },
  );
  return {
    reader,
    request,
    controller,
    seen,
    waiting,
    /** Gives the next event to the oldest `receive()`. */
    async give(event: HttpReceiveEvent) {
      const resolve = waiting.shift();
      assert.ok(resolve, "nobody receives");
      resolve(event);
      await turn();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the body", () => {
  test("is not received before the application reads", async () => {
    const { request, waiting } = setUp();
    await turn();
    assert.equal(waiting.length, 0);
    request.resume();
    await turn();
    assert.equal(waiting.length, 1);
  });

  test("comes in pieces, one receive at a time, and ends", async () => {
    const { request, waiting, give } = setUp();
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    const ended = once(request, "end");
    await turn();
    await give(piece("a"));
    await give(piece("")); // nothing to push: the next is asked for at once
    assert.equal(waiting.length, 1);
    assert.equal(request.complete, false);
    await give(piece("b", false));
    await ended;
    assert.equal(text, "ab");
    assert.equal(request.complete, true);
    assert.equal(waiting.length, 0);
  });

  test("is empty without a receive where none is announced", async () => {
    const { request, waiting } = setUp({ hasBody: false });
    const ended = once(request, "end");
    request.resume();
    await ended;
    assert.equal(waiting.length, 0);
  });

  test("has trailers by its end", async () => {
    const { request, give } = setUp({
      trailers: Promise.resolve([["x-sum", "7"]]),
    });
    const ended = once(request, "end");
    request.resume();
    await turn();
    await give(piece("a", false));
    await ended;
    assert.deepEqual({ ...request.trailers }, { "x-sum": "7" });
    assert.deepEqual(request.rawTrailers, ["x-sum", "7"]);
  });

  test("ends without trailers that never came, and not before", async () => {
    const trailers = Promise.withResolvers<readonly HeaderPair[]>();
    const { request, give } = setUp({ trailers: trailers.promise });
    const ended = once(request, "end");
    request.resume();
    await turn();
    await give(piece("a", false));
    assert.equal(request.complete, false);
    trailers.reject(new Error("cut"));
    await ended;
    assert.equal(request.complete, true);
    assert.deepEqual({ ...request.trailers }, {});
  });

  test("is asked for by 100, once", async () => {
    const { reader, request, waiting, give } = setUp();
    reader.proceed();
    reader.proceed();
    request.resume();
    await turn();
    assert.equal(waiting.length, 1, "who reads meanwhile asks no second time");
    await give(piece("a", false));
    reader.proceed();
    assert.equal(waiting.length, 0);

    const bodiless = setUp({ hasBody: false });
    bodiless.reader.proceed();
    assert.equal(bodiless.waiting.length, 0);
  });
});

describe("the leaving of the client", () => {
  test("is told from the receive that waits for the body", async () => {
    const { request, seen, give } = setUp();
    request.resume();
    await turn();
    await give(LEFT);
    assert.equal(seen.left, 1);
  });

  test("is told by the signal while the body is not read", () => {
    const { reader, controller, seen, waiting } = setUp();
    reader.watch();
    assert.equal(waiting.length, 0);
    assert.equal(seen.left, 0);
    controller.abort();
    assert.equal(seen.left, 1);
  });

  test("is told by a signal that was raised before", () => {
    const { reader, controller, seen } = setUp();
    controller.abort();
    reader.watch();
    assert.equal(seen.left, 1);
  });

  test("is told behind the empty body", async () => {
    const { reader, seen, give } = setUp({ hasBody: false });
    reader.watch();
    await give(piece("", false));
    assert.equal(seen.left, 0);
    await give(LEFT);
    assert.equal(seen.left, 1);
  });

  test("is waited for behind a body that was read", async () => {
    const { reader, request, seen, give } = setUp();
    reader.watch();
    request.resume();
    await turn();
    await give(piece("a", false));
    await give(LEFT);
    assert.equal(seen.left, 1);
  });

  test("is not waited for once the response has ended", async () => {
    const { reader, request, seen, waiting, give } = setUp();
    reader.watch();
    request.resume();
    await turn();
    seen.isAnswered = true;
    await give(piece("a", false));
    assert.equal(waiting.length, 0);
  });
});

describe("release", () => {
  test("ends a request that was not read, for who listens", async () => {
    const { reader, request, waiting } = setUp();
    const ended = once(request, "end");
    reader.release();
    await ended;
    assert.equal(request.complete, true);
    assert.equal(waiting.length, 0);
  });

  test("leaves a request alone that nobody listens to", async () => {
    const { reader, request } = setUp();
    reader.release();
    await turn();
    assert.equal(request.readableEnded, false);
    assert.equal(request.complete, false);
  });
});
