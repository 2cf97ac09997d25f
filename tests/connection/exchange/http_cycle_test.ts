import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  HttpApp,
  HttpReceiveEvent,
  HttpScope,
  Scope,
  Send,
  SendEvent,
} from "../../../src/asgi.ts";
import { RESOLVED } from "../../../src/connection/output/write_gate.ts";
import {
  type CycleHost,
  HttpCycle,
} from "../../../src/connection/exchange/http_cycle.ts";
import {
  nextState,
  type ResponseState,
  type SendKind,
} from "../../../src/connection/exchange/response_states.ts";
import { OutputBuffer } from "../../../src/connection/output/output_buffer.ts";
import {
  Http1Response,
  type RequestFacts,
} from "../../../src/connection/http1/http1_response.ts";
import {
  ClientDisconnected,
  InvalidEventError,
  UnexpectedEventError,
} from "../../../src/errors.ts";
import type { RequestHead } from "../../../src/http/request_head.ts";
import { alarms } from "../../_support/alarms.ts";
import { settle } from "../../_support/fake_clock.ts";
import { FakeFile } from "../../_support/fake_file.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { gate, Harness, type HarnessOptions } from "../../_support/harness.ts";

const GET: RequestFacts = {
  method: "GET",
  version: "1.1",
  acceptsTrailers: true,
};
const idle: HttpApp = async () => {};

interface SetUp extends HarnessOptions {
  readonly app?: HttpApp;
  readonly request?: Partial<RequestFacts>;
  readonly hasBody?: boolean;
}

/** A cycle on a host that keeps what it is told, without a connection around them. */
function setUp(
  { app = idle, request = {}, hasBody = false, ...options }: SetUp = {},
) {
  const harness = new Harness(app, options);
  const socket = new FakeSocket();
  const out = new OutputBuffer(socket, harness.context.writers);
  const owner = {
    closes: false,
    decideClose: (isNeeded: boolean) => owner.closes = isNeeded,
  };
  const stream = new Http1Response(out, harness.context.defaults, owner);
  stream.begin({ ...GET, ...request });
  const told: string[] = [];
  const host: CycleHost = {
    stream,
    onReceive: () => void told.push("receive"),
    flow: {
      afterWrite: () => RESOLVED,
      queuedBytes: 0,
      flush: () => {
        told.push("flush");
        out.flush();
      },
    },
    onResponseComplete: () => {
      told.push("complete");
      cycle.body.finish();
      return RESOLVED;
    },
    truncateResponse: (cause) => {
      told.push(cause === "application" ? "breakOff" : `breakOff: ${cause}`);
      cycle.body.finish();
    },
    onReturned: () => void told.push("returned"),
    onFailure(thrown) {
      throw thrown;
    },
  };
  const cycle: HttpCycle = new HttpCycle(
    { hasBody } as RequestHead,
    host,
    harness.context,
  );
  return {
    cycle,
    told,
    stream,
    owner,
    logger: harness.logger,
    clock: harness.clock,
    send: cycle.send as (event: unknown) => Promise<void>,
    run: () => cycle.run({ type: "http" } as Scope),
    /** Everything written so far, an open head included. */
    written: () => {
      const bytes = out.writer.bytes.subarray(0, out.pendingBytes);
      return socket.text + new TextDecoder("latin1").decode(bytes);
    },
  };
}

const START = { type: "http.response.start", status: 200 };
const PROMISE = { ...START, trailers: true };
const PIECE = { type: "http.response.body", body: "x", more_body: true };
const LAST = { type: "http.response.body", body: "y" };
const TRAILERS = { type: "http.response.trailers", headers: [["x-sum", "1"]] };
const HINT = { type: "http.response.early_hint", links: ["</a.css>"] };
const FILE = { type: "http.response.pathsend", path: "/file" };

const openFile = () => Promise.resolve(new FakeFile("file"));

describe("the order of messages (asgi:A-068, A-077)", () => {
  const MESSAGES: Readonly<Record<SendKind, object>> = {
    interim: HINT,
    start: START,
    body: PIECE,
    lastBody: LAST,
    lastBodyBeforeTrailers: LAST,
    file: FILE,
    fileBeforeTrailers: FILE,
    trailers: { ...TRAILERS, more_trailers: true },
    lastTrailers: TRAILERS,
  };
  /** What is allowed, written down a second time: state, message, state after it. */
  const ALLOWED:
    readonly (readonly [ResponseState, SendKind, ResponseState])[] = [
      ["unsent", "interim", "unsent"],
      ["unsent", "start", "started"],
      ["started", "interim", "started"],
      ["started", "body", "streaming"],
      ["started", "lastBody", "complete"],
      ["started", "lastBodyBeforeTrailers", "trailers"],
      ["started", "file", "complete"],
      ["started", "fileBeforeTrailers", "trailers"],
      ["streaming", "interim", "streaming"],
      ["streaming", "body", "streaming"],
      ["streaming", "lastBody", "complete"],
      ["streaming", "lastBodyBeforeTrailers", "trailers"],
      ["trailers", "interim", "trailers"],
      ["trailers", "trailers", "trailers"],
      ["trailers", "lastTrailers", "complete"],
    ];
  const STATES = [
    "unsent",
    "started",
    "streaming",
    "trailers",
    "complete",
  ] as const;

  async function bringTo(
    send: (event: unknown) => Promise<void>,
    state: ResponseState,
    promises: boolean,
  ) {
    if (state === "unsent") return;
    await send(promises ? PROMISE : START);
    if (state === "started") return;
    await send(PIECE);
    if (state === "streaming") return;
    await send(LAST);
    if (state === "complete" && promises) await send(TRAILERS);
  }

  for (const state of STATES) {
    for (const kind of Object.keys(MESSAGES) as SendKind[]) {
      const next = ALLOWED.find(([from, by]) => from === state && by === kind)
        ?.[2];
      const promises = state === "trailers" || kind.endsWith("BeforeTrailers");
      if (next !== undefined) {
        test(`${state} takes ${kind} and becomes ${next}`, async () => {
          const { cycle, send } = setUp({ openFile });
          await bringTo(send, state, promises);
          assert.equal(cycle.state, state);
          await send(MESSAGES[kind]);
          assert.equal(cycle.state, next);
          assert.equal(nextState(state, kind), next);
        });
        continue;
      }
      test(`${state} refuses ${kind} and writes nothing (asgi:A-210)`, async () => {
        const { cycle, send, written, told } = setUp({ openFile });
        await bringTo(send, state, promises);
        const before = written();
        const toldBefore = told.length;
        const event = MESSAGES[kind] as SendEvent;
        await assert.rejects(send(event), (error) => {
          assert.ok(error instanceof UnexpectedEventError);
          assert.equal(error.code, "ERR_TRICORN_UNEXPECTED_EVENT");
          assert.equal(error.event_type, event.type);
          assert.equal(error.state, state);
          return true;
        });
        assert.equal(written(), before);
        assert.equal(told.length, toldBefore);
        assert.equal(cycle.state, state);
        assert.equal(nextState(state, kind), undefined);
      });
    }
  }

  for (
    const [what, events, message] of [
      [
        "a body before the start (http:H-075)",
        [LAST],
        "Expected ASGI message 'http.response.start', but got 'http.response.body'.",
      ],
      [
        "a second start (http:H-076)",
        [START, START],
        "Expected ASGI message 'http.response.body', but got 'http.response.start'.",
      ],
      [
        "trailers that were not promised (asgi:A-085)",
        [START, TRAILERS],
        "Expected ASGI message 'http.response.body', but got 'http.response.trailers'.",
      ],
      [
        "trailers before the end of the body",
        [PROMISE, PIECE, TRAILERS],
        "Expected ASGI message 'http.response.body', but got 'http.response.trailers'.",
      ],
      [
        "a body after the promise of trailers came due",
        [PROMISE, LAST, LAST],
        "Expected ASGI message 'http.response.trailers', but got 'http.response.body'.",
      ],
      [
        "a message after the end (http:H-077, asgi:A-086)",
        [START, LAST, LAST],
        "Unexpected ASGI message 'http.response.body' sent, after response already completed.",
      ],
    ] as const
  ) {
    test(`${what} is told what was expected`, async () => {
      const { send } = setUp();
      for (const event of events.slice(0, -1)) await send(event);
      await assert.rejects(send(events.at(-1)), {
        name: "UnexpectedEventError",
        message,
      });
    });
  }
});

describe("the shape of messages (asgi:A-209)", () => {
  const S = "http.response.start";
  const B = "http.response.body";
  const T = "http.response.trailers";
  const H = "http.response.early_hint";
  const P = "http.response.pathsend";
  const typed = (type: string, fields: object) => ({ type, ...fields });
  /** Message, and the events that make it right in all but its shape. */
  const INVALID: readonly (readonly [
    what: string,
    event: unknown,
    before: readonly object[],
  ])[] = [
    ["no message", undefined, []],
    ["null", null, []],
    ["text", S, []],
    ["a number", 5, []],
    ["a function", () => {}, []],
    ["no type", {}, []],
    ["type null", { type: null }, []],
    ["type as a number", { type: 1 }, []],
    ["an empty type", { type: "" }, []],
    ["an unknown type (asgi:A-087)", { type: "http.response.nothing" }, []],
    [
      "a type in another case",
      { type: "HTTP.response.start", status: 200 },
      [],
    ],
    ["a WebSocket message (asgi:A-087)", { type: "websocket.accept" }, []],
    [
      "a lifespan message (asgi:A-087)",
      { type: "lifespan.startup.complete" },
      [],
    ],
    ["a message to the application", {
      type: "http.request",
      body: new Uint8Array(0),
      more_body: false,
    }, []],
    ["an extension that is not offered: push", {
      type: "http.response.push",
      path: "/",
      headers: [],
    }, [START]],
    ["an extension that is not offered: zerocopysend", {
      type: "http.response.zerocopysend",
      file: 1,
    }, [START]],
    ["an extension that is not offered: debug", {
      type: "http.response.debug",
      info: {},
    }, []],
    ["a start without status", typed(S, {}), []],
    ...[
      null,
      "200",
      200.5,
      NaN,
      Infinity,
      0,
      99,
      100,
      103,
      199,
      600,
      700,
      -200,
      200n,
      {},
      [200],
    ].map(
      (status) =>
        [
          `status ${typeof status} ${String(status)} (asgi:A-069, http:H-051)`,
          typed(S, { status }),
          [],
        ] as const,
    ),
    ...[null, "x-a: 1", 5, true, {}, { "x-a": "1" }, () => []].map(
      (headers) =>
        [
          `headers ${typeof headers} ${JSON.stringify(headers)}`,
          typed(S, { status: 200, headers }),
          [],
        ] as const,
    ),
    [
      "a header that is no pair",
      typed(S, { status: 200, headers: ["ab"] }),
      [],
    ],
    [
      "a header of three",
      typed(S, { status: 200, headers: [["a", "b", "c"]] }),
      [],
    ],
    [
      "a header name with a space (asgi:A-071)",
      typed(S, { status: 200, headers: [["a b", "c"]] }),
      [],
    ],
    [
      "a pseudo header (asgi:A-072)",
      typed(S, { status: 200, headers: [[":status", "200"]] }),
      [],
    ],
    [
      "a header value with CRLF (wishes:R-013)",
      typed(S, { status: 200, headers: [["a", "b\r\nc: d"]] }),
      [],
    ],
    [
      "a header value above 0xFF",
      typed(S, { status: 200, headers: [["a", "\u0100"]] }),
      [],
    ],
    [
      "a content-length that is no number (http:H-064)",
      typed(S, { status: 200, headers: [["content-length", "x"]] }),
      [],
    ],
    [
      "two content-lengths that differ (http:H-068)",
      typed(S, {
        status: 200,
        headers: [["content-length", "1"], ["content-length", "2"]],
      }),
      [],
    ],
    ...[null, "true", 1, 0].map(
      (trailers) =>
        [
          `trailers ${JSON.stringify(trailers)}`,
          typed(S, { status: 200, trailers }),
          [],
        ] as const,
    ),
    ...[
      null,
      5,
      true,
      {},
      ["x"],
      new ArrayBuffer(2),
      new Uint16Array(2),
      new DataView(new ArrayBuffer(2)),
    ].map(
      (body) =>
        [`body ${Object.prototype.toString.call(body)}`, typed(B, { body }), [
          START,
        ]] as const,
    ),
    ...[null, "true", 0, 1, {}].map(
      (more_body) =>
        [`more_body ${JSON.stringify(more_body)}`, typed(B, { more_body }), [
          START,
        ]] as const,
    ),
    ...[undefined, null, "x: y", 5, {}].map(
      (headers) =>
        [`trailer fields ${JSON.stringify(headers)}`, typed(T, { headers }), [
          PROMISE,
          LAST,
        ]] as const,
    ),
    ["a trailer field that is no pair", typed(T, { headers: [["a"]] }), [
      PROMISE,
      LAST,
    ]],
    ["a trailer field with CRLF", typed(T, { headers: [["a", "b\r\n"]] }), [
      PROMISE,
      LAST,
    ]],
    [
      "a trailer field that frames (asgi:A-180)",
      typed(T, { headers: [["Content-Length", "5"]] }),
      [PROMISE, LAST],
    ],
    [
      "a pseudo header among trailers (asgi:A-176)",
      typed(T, { headers: [[":path", "/"]] }),
      [PROMISE, LAST],
    ],
    ...[null, "false", 0].map(
      (more_trailers) =>
        [
          `more_trailers ${JSON.stringify(more_trailers)}`,
          typed(T, { headers: [], more_trailers }),
          [PROMISE, LAST],
        ] as const,
    ),
    ...[undefined, null, "</a>", 5, {}].map(
      (links) =>
        [`links ${JSON.stringify(links)}`, typed(H, { links }), []] as const,
    ),
    ["a link that is a number", typed(H, { links: [5] }), []],
    ["a link with CRLF", typed(H, { links: ["a\r\nb: c"] }), []],
    [
      "a link with CRLF, though the hint is late",
      typed(H, { links: ["a\r\nb: c"] }),
      [START, PIECE],
    ],
    ["a file without path", typed(P, {}), [START]],
    ["a relative path (asgi:A-188)", typed(P, { path: "a" }), [START]],
    ["a negative offset", typed(P, { path: "/a", offset: -1 }), [START]],
    ["a count that is no integer", typed(P, { path: "/a", count: 0.5 }), [
      START,
    ]],
  ];

  function isInvalid(event: unknown) {
    const type = (event as { type?: unknown } | null)?.type;
    return (error: unknown) => {
      assert.ok(error instanceof InvalidEventError, String(error));
      assert.ok(error instanceof TypeError);
      assert.equal(error.code, "ERR_TRICORN_INVALID_EVENT");
      assert.equal(error.event_type, typeof type === "string" ? type : null);
      assert.match(error.message, /^Cannot send /);
      return true;
    };
  }

  for (const [what, event, before] of INVALID) {
    test(`${what} is refused, writes nothing, and leaves the response as it was`, async () => {
      const { cycle, send, written } = setUp({ openFile });
      for (const message of before) await send(message);
      const { state } = cycle;
      const writtenBefore = written();
      await assert.rejects(send(event), isInvalid(event));
      assert.equal(written(), writtenBefore);
      assert.equal(cycle.state, state);
    });

    test(`${what} is refused as such even when the peer is gone (asgi:A-217)`, async () => {
      const { cycle, send } = setUp({ openFile });
      for (const message of before) await send(message);
      cycle.onPeerGone();
      await assert.rejects(send(event), isInvalid(event));
    });

    test(`${what} is refused as such even after the response`, async () => {
      const { send } = setUp({ openFile });
      await send(START);
      await send(LAST);
      await assert.rejects(send(event), isInvalid(event));
    });
  }

  for (
    const [what, event, before] of [
      ["an absent body", { type: B }, [START]],
      ["an undefined body (asgi:A-012)", {
        type: B,
        body: undefined,
        more_body: undefined,
      }, [START]],
      ["undefined headers and trailers", {
        type: S,
        status: 200,
        headers: undefined,
        trailers: undefined,
      }, []],
      ["unknown keys (asgi:A-013)", { type: S, status: 200, extra: 1 }, []],
      ["a Map of headers (asgi:A-004)", {
        type: S,
        status: 200,
        headers: new Map([["a", "b"]]),
      }, []],
      ["a generator of headers (http:H-047)", {
        type: S,
        status: 200,
        headers: [["a", "b"]].values(),
      }, []],
      ["status 200", { type: S, status: 200 }, []],
      ["status 599", { type: S, status: 599 }, []],
      ["octets as a Buffer", { type: B, body: Uint8Array.of(1) }, [START]],
      ["links as octets", { type: H, links: [Uint8Array.of(0x61)] }, []],
      ["undefined more_trailers", {
        type: T,
        headers: [],
        more_trailers: undefined,
      }, [PROMISE, LAST]],
      ["undefined offset and count", {
        type: P,
        path: "/a",
        offset: undefined,
        count: undefined,
      }, [START]],
    ] as const
  ) {
    test(`${what} is right`, async () => {
      const { send } = setUp({ openFile });
      for (const message of before) await send(message);
      await send(event);
    });
  }

  test("is judged at the call, before the first microtask (asgi:A-021)", async () => {
    const { send, cycle } = setUp();
    const event = { type: S, status: 99 };
    const refused = send(event);
    event.status = 200;
    await assert.rejects(refused, InvalidEventError);
    void send(event);
    assert.equal(cycle.state, "started");
    void send(LAST);
    assert.equal(cycle.state, "complete");
  });

  for (
    const [what, event, before] of [
      ["headers", { type: S, status: 200, headers: throwing() }, []],
      ["trailer fields", { type: T, headers: throwing() }, [PROMISE, LAST]],
      ["links", { type: H, links: throwing() }, []],
      ["a getter", {
        get type(): string {
          throw new RangeError("mine");
        },
      }, []],
    ] as const
  ) {
    test(`${what} that throw reject the promise with what they threw, and write nothing`, async () => {
      const { send, written } = setUp();
      for (const message of before) await send(message);
      const writtenBefore = written();
      const promise = send(event); // not thrown: a promise in every case
      await assert.rejects(promise, RangeError);
      assert.equal(written(), writtenBefore);
    });
  }

  function throwing(): Iterable<never> {
    return {
      [Symbol.iterator]() {
        throw new RangeError("mine");
      },
    };
  }

  test("extensions are not offered to HTTP/1.0 (asgi:A-087, A-174, A-181)", async () => {
    const { send } = setUp({ request: { version: "1.0" } });
    await assert.rejects(send(HINT), InvalidEventError);
    await send(PROMISE);
    await assert.rejects(send(TRAILERS), InvalidEventError);
  });

  test("early hints are refused where the option does not offer them", async () => {
    const { send } = setUp({ settings: { offersEarlyHints: false } });
    await assert.rejects(send(HINT), InvalidEventError);
  });

  test("a promise of trailers to HTTP/1.0 does not keep the body open", async () => {
    const { send, cycle } = setUp({ request: { version: "1.0" } });
    await send(PROMISE);
    await send(LAST);
    assert.equal(cycle.state, "complete");
  });
});

describe("send()", () => {
  test("writes nothing for a start alone, and head and body together (asgi:A-076)", async () => {
    const { send, written, told } = setUp();
    await send(START);
    assert.ok(!written().includes("\r\n\r\n"));
    await send(LAST);
    assert.equal(written(), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny");
    assert.deepEqual(told, ["complete"]);
  });

  test("without await takes effect in the order of the calls (asgi:A-021)", async () => {
    const { send, written } = setUp();
    void send(PROMISE);
    void send(PIECE);
    void send(LAST);
    await send(TRAILERS);
    assert.equal(
      written(),
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\nx-sum: 1\r\n\r\n",
    );
  });

  test("sends a hint at once, and before an open head (asgi:A-183)", async () => {
    const { send, written, told } = setUp();
    await send(HINT);
    assert.deepEqual(told, ["flush"]);
    await send(START);
    await send(HINT);
    assert.deepEqual(told, ["flush"]);
    await send(LAST);
    const hint = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";
    assert.equal(
      written(),
      `${hint}${hint}HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny`,
    );
  });

  test("drops a hint silently once the head has left (asgi:A-183)", async () => {
    const { send, written } = setUp();
    await send(START);
    await send(PIECE);
    const before = written();
    await send(HINT);
    assert.equal(written(), before);
  });

  for (const status of [204, 304]) {
    test(`drops the body of a ${status} with one warning, however many pieces (asgi:A-106)`, async () => {
      const { send, logger, written } = setUp();
      await send({ ...START, status });
      for (let i = 0; i < 5; i++) await send(PIECE);
      await send(LAST);
      assert.ok(written().endsWith("\r\n\r\n"));
      assert.deepEqual(logger.at("warning"), [
        `Response body dropped: status ${status} does not allow one.`,
      ]);
    });
  }

  test("does not warn of a HEAD body, nor of an empty one", async () => {
    const head = setUp({ request: { method: "HEAD" } });
    await head.send(START);
    await head.send(LAST);
    const empty = setUp();
    await empty.send({ ...START, status: 204 });
    await empty.send({ type: "http.response.body" });
    assert.deepEqual([head.logger.at("warning"), empty.logger.at("warning")], [
      [],
      [],
    ]);
  });

  describe("with a content-length", () => {
    const FIVE = { ...START, headers: [["content-length", "5"]] };

    for (
      const [what, body, message] of [
        ["too long (asgi:A-103)", "123456", /longer than Content-Length/],
        ["too short (asgi:A-104)", "1234", /shorter than Content-Length/],
      ] as const
    ) {
      test(`refuses a whole body that is ${what}; the answer becomes a 500`, async () => {
        const { run, written } = setUp({
          app: async (_scope, _receive, send) => {
            await send(FIVE as unknown as SendEvent as never);
            await assert.rejects(
              send({ type: "http.response.body", body }),
              (error) =>
                error instanceof UnexpectedEventError &&
                message.test(error.message),
            );
          },
        });
        await run();
        assert.match(written(), /^HTTP\/1\.1 500 /);
        assert.ok(!written().includes("1234"));
      });
    }

    test("writes nothing of a later piece that is too long, and a right one may follow", async () => {
      const { send, written, cycle, owner } = setUp();
      await send(FIVE);
      await send({ ...PIECE, body: "123" });
      await assert.rejects(
        send({ ...LAST, body: "456" }),
        UnexpectedEventError,
      );
      assert.equal(owner.closes, true);
      await send({ ...LAST, body: "45" });
      assert.equal(cycle.state, "complete");
      assert.ok(written().endsWith("\r\n\r\n12345"));
    });

    test("ends the connection when the body has ended short (asgi:A-104)", async () => {
      const { send, told } = setUp();
      await send(FIVE);
      await send({ ...PIECE, body: "123" });
      await assert.rejects(send({ ...LAST, body: "4" }), UnexpectedEventError);
      assert.equal(told.at(-1), "breakOff");
      await assert.rejects(send(LAST), ClientDisconnected);
    });

    test("is not checked for HEAD (asgi:A-105)", async () => {
      const { send, written } = setUp({ request: { method: "HEAD" } });
      await send(FIVE);
      await send({ ...LAST, body: "123456789" });
      assert.equal(written(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    });
  });

  test("raises no alarm when what it rejects with is not awaited (asgi:A-022)", async () => {
    const raised = await alarms(async () => {
      const { send, cycle } = setUp({
        openFile: () => Promise.reject(new Error("missing")),
      });
      void send(null);
      void send({ type: "unknown" });
      void send({ type: "http.response.start", status: 1 });
      void send(LAST);
      void send({ ...START, headers: [["a b", ""]] });
      void send({ ...START, headers: [["content-length", "1"]] });
      void send({ ...LAST, body: "too long" });
      void send(FILE);
      await settle();
      cycle.onPeerGone();
      void send(START);
      void send({ ...START, status: 1 });
    });
    assert.deepEqual(raised, []);
  });
});

describe("send() of a file", () => {
  const missing = Object.assign(new Error("no such file"), { code: "ENOENT" });

  test("completes the response", async () => {
    const { send, cycle, written } = setUp({ openFile });
    await send(START);
    await send(FILE);
    assert.equal(cycle.state, "complete");
    assert.equal(written(), "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile");
  });

  test("is followed by trailers that were promised", async () => {
    const { send, written } = setUp({ openFile });
    await send(PROMISE);
    await send(FILE);
    await send(TRAILERS);
    assert.ok(written().endsWith("\r\n\r\n4\r\nfile\r\n0\r\nx-sum: 1\r\n\r\n"));
  });

  test("that is missing leaves the application free to answer otherwise (asgi:A-187)", async () => {
    const { send, cycle, written } = setUp({
      openFile: () => Promise.reject(missing),
    });
    await send({ ...START, headers: [["x-file", "yes"]] });
    await assert.rejects(send(FILE), missing);
    assert.equal(cycle.state, "unsent");
    await send({ ...START, status: 404 });
    await send(LAST);
    assert.equal(
      written(),
      "HTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\ny",
    );
  });

  test("that is missing becomes a 500 when nobody catches the error", async () => {
    const { run, written, logger } = setUp({
      openFile: () => Promise.reject(missing),
      app: async (_scope, _receive, send) => {
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.pathsend", path: "/file" });
      },
    });
    await run();
    assert.match(written(), /^HTTP\/1\.1 500 /);
    assert.equal(
      logger.lines.find((line) => line.level === "error")?.error,
      missing,
    );
  });

  test("holds the head back until the file is open", async () => {
    const { promise, resolve } = Promise.withResolvers<FakeFile>();
    const { send, cycle, written } = setUp({ openFile: () => promise });
    await send(START);
    assert.equal(cycle.holdsHead, false);
    const sent = send(FILE);
    await settle();
    assert.equal(cycle.holdsHead, true);
    assert.ok(!written().includes("\r\n\r\n"));
    resolve(new FakeFile("file"));
    await sent;
    assert.equal(cycle.holdsHead, false);
  });

  for (
    const [kind, event] of Object.entries({ START, PIECE, LAST, HINT, FILE })
  ) {
    test(`refuses ${kind} while the file is on its way`, async () => {
      const { promise, resolve } = Promise.withResolvers<FakeFile>();
      const { send, written } = setUp({ openFile: () => promise });
      await send(START);
      const sent = send(FILE);
      await assert.rejects(send(event), UnexpectedEventError);
      resolve(new FakeFile("file"));
      await sent;
      assert.equal(
        written(),
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile",
      );
    });
  }

  test("counts although the application returned without awaiting it (asgi:A-021)", async () => {
    const { run, written, logger } = setUp({
      openFile,
      app: async (_scope, _receive, send) => {
        void send({ type: "http.response.start", status: 200 });
        void send({ type: "http.response.pathsend", path: "/file" });
      },
    });
    await run();
    assert.equal(written(), "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile");
    assert.deepEqual(logger.at("error"), []);
  });

  test("that fails after the application returned is logged and answered 500", async () => {
    const { run, written, logger } = setUp({
      openFile: () => Promise.reject(missing),
      app: async (_scope, _receive, send) => {
        void send({ type: "http.response.start", status: 200 });
        void send({ type: "http.response.pathsend", path: "/file" });
      },
    });
    await run();
    assert.match(written(), /^HTTP\/1\.1 500 /);
    assert.deepEqual(logger.at("error"), ["Exception in ASGI application"]);
  });

  test("writes nothing behind the 500 of an application that threw meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<FakeFile>();
    const file = new FakeFile("file");
    const { run, written } = setUp({
      openFile: () => promise,
      app: (_scope, _receive, send) => {
        void send({ type: "http.response.start", status: 200 });
        void send({ type: "http.response.pathsend", path: "/file" });
        throw new Error("mine");
      },
    });
    await run();
    const before = written();
    assert.match(before, /^HTTP\/1\.1 500 /);
    resolve(file);
    await settle();
    assert.equal(written(), before);
    assert.equal(file.closes, 1);
  });

  test("that shrinks ends the connection (asgi:A-189)", async () => {
    const { send, told, written } = setUp({
      openFile: () => Promise.resolve(new FakeFile("12345", { size: 10 })),
    });
    await send(START);
    await assert.rejects(send(FILE), /it became shorter/);
    assert.equal(told.at(-1), "breakOff");
    const before = written();
    for (const event of [PIECE, LAST, FILE]) {
      await assert.rejects(send(event), ClientDisconnected);
    }
    assert.equal(written(), before);
  });

  test("that fails after the head left, but before a byte, can be replaced by a body", async () => {
    const { send, stream, cycle, written } = setUp({
      openFile: () => Promise.reject(missing),
    });
    await send(START);
    stream.endHead(-1); // the turn was over
    await assert.rejects(send(FILE), missing);
    await send(LAST);
    assert.equal(cycle.state, "complete");
    assert.ok(written().endsWith("\r\n\r\n1\r\ny\r\n0\r\n\r\n"));
  });

  for (
    const [mode, raisesAfterDisconnect] of [["rejects", true], [
      "is silent",
      false,
    ]] as const
  ) {
    test(`closes the file and ${mode} when the client leaves (asgi:A-212, A-215)`, async () => {
      const { promise, resolve } = Promise.withResolvers<FakeFile>();
      const file = new FakeFile("file");
      const { send, cycle, told, written } = setUp({
        openFile: () => promise,
        settings: { raisesAfterDisconnect },
      });
      await send(START);
      const before = written();
      const sent = send(FILE);
      cycle.onPeerGone();
      resolve(file);
      if (raisesAfterDisconnect) await assert.rejects(sent, ClientDisconnected);
      else await sent;
      assert.deepEqual([file.closes, file.reads.length], [1, 0]);
      assert.equal(written(), before);
      assert.ok(!told.includes("complete"));
    });
  }

  test("completes nothing when the client leaves as the file is closed", async () => {
    const file = new FakeFile("file");
    file.close = () => cycle.onPeerGone();
    const { send, cycle, told } = setUp({
      openFile: () => Promise.resolve(file),
    });
    await send(START);
    await send(FILE);
    assert.ok(!told.includes("complete"));
  });
});

describe("the end of the application's call", () => {
  const thrown = new Error("mine");
  const started: HttpApp = async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 200 });
  };
  const streaming: HttpApp = async (scope, receive, send) => {
    await started(scope, receive, send);
    await send({ type: "http.response.body", body: "part", more_body: true });
  };
  const complete: HttpApp = async (scope, receive, send) => {
    await started(scope, receive, send);
    await send({ type: "http.response.body", body: "all" });
  };
  const before = { unsent: idle, started, streaming, complete };
  const RETURNED = {
    unsent: ["ASGI callable returned without starting response."],
    started: ["ASGI callable returned without completing response."],
    streaming: ["ASGI callable returned without completing response."],
    complete: [],
  };
  const TOLD = {
    unsent: ["complete", "returned"],
    started: ["complete", "returned"],
    streaming: ["breakOff", "returned"],
    complete: ["complete", "returned"],
  };
  const ANSWER = {
    unsent: /^HTTP\/1\.1 500 [^]*\r\n\r\nInternal Server Error$/,
    started: /^HTTP\/1\.1 500 [^]*\r\n\r\nInternal Server Error$/,
    streaming: /^HTTP\/1\.1 200 [^]*\r\n\r\n4\r\npart\r\n$/, // no last chunk: asgi:A-090
    complete: /^HTTP\/1\.1 200 [^]*\r\n\r\nall$/,
  };
  for (const state of ["unsent", "started", "streaming", "complete"] as const) {
    test(`by return, ${state} (asgi:A-088 to A-091, http:H-102, H-103)`, async () => {
      const { run, told, written, logger, cycle } = setUp({
        app: before[state],
      });
      await run();
      assert.deepEqual(logger.at("error"), RETURNED[state]);
      assert.deepEqual(told, TOLD[state]);
      assert.match(written(), ANSWER[state]);
      assert.equal(cycle.hasReturned, true);
    });

    test(`by a throw, ${state} (asgi:A-088 to A-092, http:H-099 to H-101)`, async () => {
      const { run, told, written, logger, cycle } = setUp({
        app: async (scope, receive, send) => {
          await before[state](scope, receive, send);
          throw thrown;
        },
      });
      await run();
      assert.deepEqual(logger.at("error"), ["Exception in ASGI application"]);
      assert.equal(
        logger.lines.find((line) => line.level === "error")?.error,
        thrown,
      );
      assert.deepEqual(told, TOLD[state]);
      assert.match(written(), ANSWER[state]);
      assert.ok(!written().includes("mine")); // asgi:A-220
      assert.equal(cycle.hasReturned, true);
    });
  }

  test("a throw before the first await is the same as a rejection (asgi:A-016)", async () => {
    const { run, written, logger } = setUp({
      app: () => {
        throw thrown;
      },
    });
    await run();
    assert.match(written(), ANSWER.unsent);
    assert.deepEqual(logger.at("error"), ["Exception in ASGI application"]);
  });

  test("an application that returns no promise has returned (asgi:A-017)", async () => {
    const { run, written, logger } = setUp({
      app: ((_scope: Scope, _receive: unknown, send: Send) => {
        void send({ type: "http.response.start", status: 200 });
        void send({ type: "http.response.body", body: "all" });
      }) as unknown as HttpApp,
    });
    await run();
    assert.match(written(), ANSWER.complete);
    assert.deepEqual(logger.at("error"), []);
  });

  test("a factory that is served as an application is told of the flag", async () => {
    const app = (async () => () => {}) as unknown as HttpApp;
    const { run, logger } = setUp({ app });
    await run();
    assert.deepEqual(logger.at("warning"), [
      'ASGI callable should return undefined, but returned a value of type "function". ' +
      "If it is a factory, use --factory.",
    ]);
  });

  test("a value that is returned is warned of once for each application (asgi:A-017, http:H-104)", async () => {
    const app = (async () => "surprise") as unknown as HttpApp;
    const first = setUp({ app });
    await first.run();
    assert.deepEqual(first.logger.at("warning"), [
      'ASGI callable should return undefined, but returned a value of type "string".',
    ]);
    assert.match(first.written(), ANSWER.unsent);
    const harness = new Harness(app);
    const socket = harness.connect();
    socket.receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await harness.turn();
    harness.connect().receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await harness.turn();
    assert.equal(harness.logger.at("warning").length, 1);
  });

  for (
    const [how, expected] of [["unsent", ClientDisconnected], [
      "streaming",
      ClientDisconnected,
    ], ["complete", UnexpectedEventError]] as const
  ) {
    test(`send() and receive() that are kept stay callable, ${how} (asgi:A-026)`, async () => {
      const { run, send, cycle, written } = setUp({ app: before[how] });
      await run();
      const writtenBefore = written();
      await assert.rejects(send(how === "streaming" ? PIECE : START), expected);
      assert.deepEqual(await cycle.receive(), { type: "http.disconnect" });
      assert.equal(written(), writtenBefore);
    });
  }

  test("ClientDisconnected that escapes after the client left is no error (asgi:A-216)", async () => {
    const { promise, resolve } = gate();
    const { run, cycle, logger, written } = setUp({
      app: async (_scope, _receive, send) => {
        await promise;
        await send({ type: "http.response.start", status: 200 });
      },
    });
    const running = run();
    cycle.onPeerGone();
    resolve();
    await running;
    assert.deepEqual(logger.lines.map((line) => line.level), ["debug"]);
    assert.equal(written(), "");
  });

  test("a ClientDisconnected of somebody else's making is an error", async () => {
    const { run, logger } = setUp({
      app: () => {
        throw new ClientDisconnected();
      },
    });
    await run();
    assert.deepEqual(logger.at("error"), ["Exception in ASGI application"]);
  });

  test("another error after the client left is logged, and nothing is answered", async () => {
    const { promise, resolve } = gate();
    const { run, cycle, logger, written } = setUp({
      app: async () => {
        await promise;
        throw thrown;
      },
    });
    const running = run();
    cycle.onPeerGone();
    resolve();
    await running;
    assert.deepEqual(logger.at("error"), ["Exception in ASGI application"]);
    assert.equal(written(), "");
  });

  test("a return after the client left is no error (http:H-105)", async () => {
    const { promise, resolve } = gate();
    const { run, cycle, logger } = setUp({ app: () => promise });
    const running = run();
    cycle.onPeerGone();
    resolve();
    await running;
    assert.deepEqual(logger.at("error"), []);
  });
});

describe("receive()", () => {
  const short = (event: HttpReceiveEvent) => event.type;

  test("asks the connection for body bytes as long as somebody may answer", async () => {
    const { cycle, told, send } = setUp();
    await cycle.receive();
    assert.deepEqual(told, ["receive"]);
    await send(START);
    await send(LAST);
    await cycle.receive();
    assert.deepEqual(told, ["receive", "complete"]);
  });

  test("does not ask for a client that is gone", async () => {
    const { cycle, told } = setUp({ hasBody: true });
    cycle.onPeerGone();
    assert.equal(
      short(await cycle.receive() as HttpReceiveEvent),
      "http.disconnect",
    );
    assert.deepEqual(told, []);
  });
});

describe("a client that leaves", () => {
  test("makes send() reject and receive() say so (asgi:A-208, A-212)", async () => {
    const { cycle, send } = setUp({ hasBody: true });
    const waiting = cycle.receive();
    cycle.onPeerGone();
    assert.deepEqual(await waiting, { type: "http.disconnect" });
    await assert.rejects(send(START), {
      name: "ClientDisconnected",
      code: "ERR_TRICORN_CLIENT_DISCONNECTED",
      close_code: null,
      close_reason: null,
    });
  });

  test("is reported with one error to every send()", async () => {
    const { cycle, send } = setUp();
    cycle.onPeerGone();
    cycle.onPeerGone();
    const errors = await Promise.allSettled([send(START), send(HINT)]);
    const reasons = errors.map((result) =>
      (result as PromiseRejectedResult).reason
    );
    assert.equal(reasons[0], reasons[1]);
    assert.equal(reasons[0], cycle.disconnectError);
  });

  test("is silent where that is asked for, but each send() costs a turn (asgi:A-212)", async () => {
    const { cycle, send, clock, written } = setUp({
      settings: { raisesAfterDisconnect: false },
    });
    cycle.onPeerGone();
    let isSent = false;
    void send(START).then(() => isSent = true);
    await settle();
    assert.equal(isSent, false);
    clock.endTurn();
    await settle();
    assert.equal(isSent, true);
    assert.equal(written(), "");
  });

  test("does not excuse a wrong order (asgi:A-210)", async () => {
    const { cycle, send } = setUp();
    cycle.onPeerGone();
    await assert.rejects(send(LAST), UnexpectedEventError);
  });
});

describe("abortSignal (asgi:A-244)", () => {
  for (const when of ["before", "after"]) {
    test(`tells who asked ${when} the client left`, () => {
      const { cycle } = setUp();
      if (when === "before") assert.equal(cycle.abortSignal.aborted, false);
      cycle.onPeerGone();
      assert.equal(cycle.abortSignal.aborted, true);
      assert.ok(cycle.abortSignal.reason instanceof ClientDisconnected);
      assert.equal(cycle.abortSignal, cycle.abortSignal);
    });
  }

  test("keeps its first reason", () => {
    const { cycle } = setUp();
    cycle.cancel(new DOMException("too late", "TimeoutError"));
    cycle.onPeerGone();
    assert.equal(cycle.abortSignal.reason.name, "TimeoutError");
  });

  test("is not raised by an ordinary end", async () => {
    const { cycle, run } = setUp({
      app: async (_scope, _receive, send) => {
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body" });
      },
    });
    await run();
    cycle.onPeerGone();
    cycle.cancel(new Error("late"));
    assert.equal(cycle.abortSignal.aborted, false);
  });

  test("is raised for a client that fell silent, which may still be answered (http:H-097)", async () => {
    const { cycle, send } = setUp({ hasBody: true });
    cycle.onPeerSilent();
    assert.equal(cycle.abortSignal.aborted, true);
    assert.deepEqual(await cycle.receive(), { type: "http.disconnect" });
    await send(START);
    await send(LAST);
    assert.equal(cycle.state, "complete");
  });

  test("an application that returns for a client that fell silent is not to blame", async () => {
    const { cycle, run, told } = setUp({
      app: async (_scope, receive) => void await receive(),
      hasBody: true,
    });
    const ended = run();
    cycle.onPeerSilent();
    await ended;
    assert.ok(told.includes("breakOff: client_disconnected"), `${told}`);
  });
});

describe("cancel() (asgi:A-028, http:H-141)", () => {
  const reason = new DOMException("late", "TimeoutError");

  test("makes no error of an application that throws the reason", async () => {
    const harness = new Harness(async (scope) => {
      const { signal } = (scope as HttpScope).extensions.abort_signal;
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    });
    const socket = harness.connect();
    socket.receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await harness.turn();
    for (const connection of [...harness.tracker.connections]) {
      connection.abort(reason);
    }
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 500 /);
    assert.deepEqual(harness.logger.at("error"), []);
    assert.equal(harness.tracker.runningCalls, 0);
  });

  test("answers 500 while no head has left", async () => {
    const { cycle, send, written, told } = setUp();
    await send(START);
    cycle.cancel(reason);
    assert.match(written(), /^HTTP\/1\.1 500 /);
    assert.ok(!told.includes("breakOff"));
    await assert.rejects(send(LAST), ClientDisconnected);
    assert.equal(cycle.abortSignal.reason, reason);
  });

  test("breaks a response off that is on its way", async () => {
    const { cycle, send, told } = setUp();
    await send(START);
    await send(PIECE);
    cycle.cancel(reason);
    assert.equal(told.at(-1), "breakOff");
    await assert.rejects(send(PIECE), ClientDisconnected);
    assert.deepEqual(await cycle.receive(), { type: "http.disconnect" });
  });

  test("leaves a complete response alone, and tells the application", async () => {
    const { cycle, send, written, told } = setUp();
    await send(START);
    await send(LAST);
    const before = written();
    const toldBefore = told.length;
    cycle.cancel(reason);
    assert.equal(cycle.abortSignal.aborted, true);
    assert.equal(written(), before);
    assert.equal(told.length, toldBefore);
  });

  test("does nothing to a call that has ended, or that never began", async () => {
    const { cycle, told } = setUp();
    cycle.skip();
    assert.equal(cycle.hasReturned, true);
    cycle.cancel(reason);
    assert.deepEqual(told, []);
    assert.equal(cycle.abortSignal.aborted, false);
  });
});

describe("refuse()", () => {
  test("answers in the application's place, which finds its client gone", async () => {
    const { cycle, send, written, told } = setUp();
    await send(START);
    cycle.refuse(408, "Late.", [["x-a", "1"]]);
    assert.equal(
      written(),
      "HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\nx-a: 1\r\ncontent-length: 5\r\nconnection: close\r\n\r\nLate.",
    );
    assert.equal(told.at(-1), "complete");
    await assert.rejects(send(LAST), ClientDisconnected);
    assert.equal(cycle.abortSignal.aborted, true);
  });
});

describe("send() and receive() kept after the response", () => {
  const REQUEST =
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nsecret";

  /** Keeps the first call's functions while the second request is served. */
  async function twoRequests(
    use: (
      send: (event: unknown) => Promise<void>,
      receive: () => Promise<unknown>,
    ) => Promise<void>,
  ) {
    const kept: { send?: Send; receive?: () => Promise<unknown> } = {};
    const { promise, resolve } = gate();
    const harness = new Harness(async (_scope, receive, send) => {
      if (kept.send === undefined) {
        kept.send = send as Send;
        kept.receive = receive;
      } else {
        await promise;
      }
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "own" });
    });
    const socket = harness.connect();
    socket.receive(REQUEST);
    await harness.turn();
    socket.takeText();
    socket.receive(REQUEST);
    await harness.turn();
    await use(kept.send as (event: unknown) => Promise<void>, kept.receive!);
    await harness.turn();
    assert.equal(socket.text, "");
    resolve();
    await harness.turn();
    assert.equal(
      socket.text,
      "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown",
    );
  }

  for (
    const [kind, event] of Object.entries({
      START,
      PIECE,
      LAST,
      TRAILERS,
      HINT,
      FILE,
    })
  ) {
    test(`${kind} never reaches the next response on the connection (asgi:A-026)`, async () => {
      await twoRequests(async (send) => {
        await assert.rejects(send(event), UnexpectedEventError);
      });
    });
  }

  test("receive() never takes from the next request's body", async () => {
    await twoRequests(async (_send, receive) => {
      assert.deepEqual(await receive(), { type: "http.disconnect" });
    });
  });
});
