import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ResponseEvents } from "../../../../../src/application/adapters/node/response/response_events.ts";
import type {
  HeaderPair,
  HttpScope,
  SendEvent,
} from "../../../../../src/asgi.ts";

const TYPE: HeaderPair = ["content-type", "text/plain"];
const LENGTH: HeaderPair = ["content-length", "2"];
const SUM: HeaderPair = ["x-sum", "7"];

function setUp(
  { te, extensions = ["trailers", "informational"] }: {
    te?: string;
    extensions?: string[];
  } = {},
) {
  const sent: SendEvent[] = [];
  const scope = {
    headers: te === undefined ? [] : [["te", te]],
    extensions: Object.fromEntries(
      extensions.map((name) => [`http.response.${name}`, {}]),
    ),
  } as unknown as HttpScope;
  const events = new ResponseEvents(scope, (event) => {
    sent.push(event);
    return Promise.resolve();
  });
  return { events, sent };
}

/** Whether a head promises trailers, and whether they come. */
function trailersOf(
  options: Parameters<typeof setUp>[0],
  { isWhole = false, headers = [TYPE], before = [] as HeaderPair[] } = {},
): unknown[] {
  const { events, sent } = setUp(options);
  events.addTrailers(before);
  events.start(200, headers, isWhole);
  events.addTrailers([SUM]);
  events.end(undefined);
  return sent.map((event) =>
    event.type === "http.response.start"
      ? event.trailers ?? false
      : event.type === "http.response.trailers"
      ? event.headers
      : event.type
  );
}

describe("ResponseEvents", () => {
  test("sends head, pieces and end", async () => {
    const { events, sent } = setUp();
    assert.equal(events.started, undefined);
    events.start(201, [TYPE], false);
    await events.started;
    await events.write("a");
    await events.end("b");
    assert.deepEqual(sent, [
      { type: "http.response.start", status: 201, headers: [TYPE] },
      { type: "http.response.body", body: "a", more_body: true },
      { type: "http.response.body", body: "b" },
    ]);
  });

  test("ends without a piece", async () => {
    const { events, sent } = setUp();
    events.start(204, [], true);
    await events.end(undefined);
    assert.deepEqual(sent[1], { type: "http.response.body" });
  });

  test("tells what became of the head", async () => {
    const reason = new Error("bad head");
    const scope = { headers: [], extensions: {} } as unknown as HttpScope;
    const events = new ResponseEvents(scope, () => Promise.reject(reason));
    events.start(200, [], true);
    await assert.rejects(events.started!, reason);
    await assert.rejects(events.end("x"), reason);
  });
});

describe("trailers", () => {
  const sentBehind = [true, "http.response.body", [SUM]];
  const none = [false, "http.response.body"];

  for (const te of ["trailers", "gzip;q=0.5, Trailers", "trailers;q=1"]) {
    test(`go to a client that says "te: ${te}"`, () => {
      assert.deepEqual(trailersOf({ te }), sentBehind);
    });
  }

  for (const te of [undefined, "gzip", "no-trailers", "trailersx"]) {
    test(`do not go to a client that says ${te ?? "nothing"}`, () => {
      assert.deepEqual(trailersOf(te === undefined ? {} : { te }), none);
    });
  }

  const te = "trailers";
  test("do not go where the server sends none", () => {
    assert.deepEqual(trailersOf({ te, extensions: [] }), none);
  });

  test("do not go behind a body of a stated length", () => {
    assert.deepEqual(trailersOf({ te }, { headers: [TYPE, LENGTH] }), none);
  });

  test("go behind a whole body only if they are known before its head", () => {
    assert.deepEqual(trailersOf({ te }, { isWhole: true }), none);
    const early: HeaderPair = ["x-early", "1"];
    assert.deepEqual(
      trailersOf({ te }, { isWhole: true, before: [early] }),
      [true, "http.response.body", [early, SUM]],
    );
  });
});

describe("an interim response", () => {
  test("is sent", async () => {
    const { events, sent } = setUp();
    await events.inform(103, [["link", "</a>"]]);
    assert.deepEqual(sent, [{
      type: "http.response.informational",
      status: 103,
      headers: [["link", "</a>"]],
    }]);
  });

  test("is left out where the server sends none", () => {
    const { events, sent } = setUp({ extensions: ["trailers"] });
    assert.equal(events.inform(103, []), undefined);
    assert.deepEqual(sent, []);
  });
});
