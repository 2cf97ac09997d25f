/** One WebSocket as its application sees it, on a connection that only keeps a list. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReceiveEvent, SendEvent } from "../../../src/asgi.ts";
import type { ServerContext } from "../../../src/connection/context.ts";
import {
  type HandshakeHost,
  type MessageHost,
  WebSocketCycle,
} from "../../../src/connection/exchange/websocket_cycle.ts";
import {
  nextWebSocketState,
  type WebSocketSendKind,
  type WebSocketState,
} from "../../../src/connection/exchange/websocket_states.ts";
import { settle } from "../../_support/fake_clock.ts";
import { Harness } from "../../_support/harness.ts";

type App = (
  scope: unknown,
  receive: () => Promise<ReceiveEvent>,
  send: (event: SendEvent) => Promise<void>,
) => unknown;

/** A connection that does nothing and notes what it was told. */
class FakeHost implements HandshakeHost, MessageHost {
  readonly told: string[] = [];
  readonly subprotocols = ["chat", "superchat"];
  /** What the next accept or denial finds wrong. */
  problem: string | undefined;
  bodyProblem: { message: string; isPartial: boolean } | undefined;

  accept(subprotocol: string | undefined): MessageHost | string {
    if (this.problem === undefined) this.told.push(`accept ${subprotocol}`);
    return this.problem ?? this;
  }
  refuse(status: number): void {
    this.told.push(`refuse ${status}`);
  }
  startDenial(status: number): string | undefined {
    if (this.problem === undefined) this.told.push(`deny ${status}`);
    return this.problem;
  }
  writeDenial(
    body: Uint8Array | string,
    isLast: boolean,
  ): { message: string; isPartial: boolean } | undefined {
    this.told.push(`body ${body}${isLast ? " last" : ""}`);
    return this.bodyProblem;
  }
  truncateResponse(): void {
    this.told.push("breakOff");
  }
  writeMessage(message: Uint8Array | string, compress: boolean): void {
    this.told.push(`message ${message}${compress ? "" : " plain"}`);
  }
  close(code: number, reason: string): void {
    this.told.push(`close ${code} ${reason}`.trimEnd());
  }
  afterWrite(): Promise<void> {
    return Promise.resolve();
  }
  onReceive(): void {}
  onFailure(thrown: unknown): void {
    throw thrown;
  }
  onReturned(): void {
    this.told.push("returned");
  }
}

function build(app: App = () => {}, settings = {}): {
  cycle: WebSocketCycle;
  host: FakeHost;
  harness: Harness;
} {
  const harness = new Harness(app as never, { settings });
  const host = new FakeHost();
  const context: ServerContext = harness.context;
  return { cycle: new WebSocketCycle(host, context), host, harness };
}

/** One valid message of each kind. */
const MESSAGES: Readonly<Record<WebSocketSendKind, SendEvent>> = {
  accept: { type: "websocket.accept" },
  send: { type: "websocket.send", text: "hi" },
  close: { type: "websocket.close" },
  denialStart: { type: "websocket.http.response.start", status: 404 },
  denialBody: {
    type: "websocket.http.response.body",
    body: "b",
    more_body: true,
  },
  lastDenialBody: { type: "websocket.http.response.body", body: "b" },
};

/** How to come into a state. */
const WAYS: Readonly<Record<WebSocketState, readonly SendEvent[]>> = {
  connecting: [],
  open: [MESSAGES.accept],
  denying: [MESSAGES.denialStart],
  closed: [MESSAGES.accept, MESSAGES.close],
};

async function inState(state: WebSocketState): Promise<
  ReturnType<typeof build>
> {
  const built = build();
  for (const event of WAYS[state]) await built.cycle.send(event);
  assert.equal(built.cycle.state, state);
  built.host.told.length = 0;
  return built;
}

async function errorOf(
  promise: Promise<unknown>,
): Promise<{ code?: string; message: string; [key: string]: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error & { code?: string; [key: string]: unknown };
  }
  throw new Error("It was taken");
}

/** What each state takes, and becomes. */
const ORDER: Readonly<
  Record<
    WebSocketState,
    Readonly<Partial<Record<WebSocketSendKind, WebSocketState>>>
  >
> = {
  connecting: { accept: "open", close: "closed", denialStart: "denying" },
  open: { send: "open", close: "closed" },
  denying: { denialBody: "denying", lastDenialBody: "closed" },
  closed: { close: "closed" },
};

describe("order of messages (asgi:A-135 to A-138)", () => {
  for (const state of Object.keys(ORDER) as WebSocketState[]) {
    for (const kind of Object.keys(MESSAGES) as WebSocketSendKind[]) {
      const next = ORDER[state][kind];
      test(
        next === undefined
          ? `WebSocketCycle refuses ${kind} when ${state}`
          : `WebSocketCycle takes ${kind} when ${state} and is ${next}`,
        async () => {
          assert.equal(nextWebSocketState(state, kind), next);
          const { cycle, host } = await inState(state);
          const sent = cycle.send(MESSAGES[kind]);
          if (next !== undefined) {
            await sent;
            assert.equal(cycle.state, next);
            // A second close is nothing at all (asgi:A-138).
            assert.equal(host.told.length, state === "closed" ? 0 : 1);
            return;
          }
          const error = await errorOf(sent);
          assert.equal(error.code, "ERR_TRICORN_UNEXPECTED_EVENT");
          assert.equal(error.event_type, MESSAGES[kind].type);
          assert.equal(error.state, state);
          assert.equal(cycle.state, state);
          assert.deepEqual(host.told, []);
        },
      );
    }
  }

  for (
    const [state, kind, message] of [
      [
        "connecting",
        "send",
        "Expected ASGI message 'websocket.accept', 'websocket.close' or " +
        "'websocket.http.response.start', but got 'websocket.send'.",
      ],
      [
        "open",
        "accept",
        "Expected ASGI message 'websocket.send' or 'websocket.close', but got 'websocket.accept'.",
      ],
      [
        "denying",
        "denialStart",
        "Expected ASGI message 'websocket.http.response.body', but got " +
        "'websocket.http.response.start'.",
      ],
      [
        "closed",
        "send",
        "Unexpected ASGI message 'websocket.send', after sending 'websocket.close' or a response.",
      ],
    ] as const
  ) {
    test(`WebSocketCycle says what it expected when ${state} (websocket:W-035, W-040, W-066, W-067)`, async () => {
      const { cycle } = await inState(state);
      assert.equal(
        (await errorOf(cycle.send(MESSAGES[kind]))).message,
        message,
      );
    });
  }
});

describe("shape of messages (asgi:A-209)", () => {
  const bytes = Uint8Array.of(1, 2);
  for (
    const [what, state, event, told] of [
      ["text", "open", { type: "websocket.send", text: "a" }, "message a"],
      ["empty text", "open", { type: "websocket.send", text: "" }, "message "],
      ["bytes", "open", { type: "websocket.send", bytes }, "message 1,2"],
      [
        "text beside null bytes",
        "open",
        { type: "websocket.send", text: "a", bytes: null },
        "message a",
      ],
      [
        "bytes beside null text",
        "open",
        { type: "websocket.send", bytes, text: null },
        "message 1,2",
      ],
      [
        "compress false",
        "open",
        { type: "websocket.send", text: "a", compress: false },
        "message a plain",
      ],
      [
        "a subprotocol that was offered",
        "connecting",
        { type: "websocket.accept", subprotocol: "superchat" },
        "accept superchat",
      ],
      [
        "a null subprotocol",
        "connecting",
        { type: "websocket.accept", subprotocol: null },
        "accept undefined",
      ],
      [
        "a code of the registry",
        "open",
        { type: "websocket.close", code: 1014, reason: "so" },
        "close 1014 so",
      ],
      [
        "a code of its own",
        "open",
        { type: "websocket.close", code: 4999 },
        "close 4999",
      ],
      [
        "null code and reason",
        "open",
        { type: "websocket.close", code: null, reason: null },
        "close 1000",
      ],
      [
        "a body of bytes",
        "denying",
        { type: "websocket.http.response.body", body: bytes },
        "body 1,2 last",
      ],
      [
        "no body",
        "denying",
        { type: "websocket.http.response.body" },
        "body  last",
      ],
      [
        "headers of any iterable",
        "connecting",
        {
          type: "websocket.http.response.start",
          status: 599,
          headers: new Set(),
        },
        "deny 599",
      ],
    ] as const
  ) {
    test(`WebSocketCycle takes ${what}`, async () => {
      const { cycle, host } = await inState(state);
      await cycle.send(event as unknown as SendEvent);
      assert.deepEqual(host.told, [told]);
    });
  }

  const refused: readonly (readonly [
    what: string,
    state: WebSocketState,
    event: unknown,
    message: RegExp,
  ])[] = [
    ["null", "open", null, /object with a string "type", got null/],
    ["a string", "open", "websocket.send", /object with a string "type"/],
    ["no type", "open", {}, /object with a string "type"/],
    ["a type that is no string", "open", { type: 1 }, /string "type"/],
    [
      "an HTTP message",
      "connecting",
      { type: "http.response.start", status: 200 },
      /Cannot send "http.response.start": no such message/,
    ],
    [
      "an unknown message (websocket:W-068)",
      "open",
      { type: "websocket.shout" },
      /Cannot send "websocket.shout": no such message/,
    ],
    [
      "both text and bytes (asgi:A-131)",
      "open",
      { type: "websocket.send", text: "a", bytes },
      /exactly one of "text" and "bytes"/,
    ],
    [
      "neither text nor bytes (websocket:W-062)",
      "open",
      { type: "websocket.send" },
      /exactly one of/,
    ],
    [
      "text and bytes null",
      "open",
      { type: "websocket.send", text: null, bytes: null },
      /exactly one of/,
    ],
    [
      "text that is no string",
      "open",
      { type: "websocket.send", text: 5 },
      /"text" is 5, expected a string/,
    ],
    [
      "bytes that are an array",
      "open",
      { type: "websocket.send", bytes: [1] },
      /"bytes" is a value of type "object", expected a Uint8Array/,
    ],
    [
      "compress that is no boolean",
      "open",
      { type: "websocket.send", text: "a", compress: 1 },
      /"compress" is 1, expected true or false/,
    ],
    [
      "a subprotocol that was not offered (asgi:A-129)",
      "connecting",
      { type: "websocket.accept", subprotocol: "mail" },
      /"subprotocol" is "mail", which was not offered/,
    ],
    [
      "a subprotocol that is no string",
      "connecting",
      { type: "websocket.accept", subprotocol: 1 },
      /"subprotocol" is 1, expected a string/,
    ],
    [
      "headers of accept that are a string",
      "connecting",
      { type: "websocket.accept", headers: "ab" },
      /"headers" is "ab", expected an iterable of pairs/,
    ],
    [
      "null headers of accept",
      "connecting",
      { type: "websocket.accept", headers: null },
      /"headers" is null/,
    ],
    ...[999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, "1000", NaN].map(
      (code) =>
        [
          `close code ${JSON.stringify(code)} (asgi:A-132, websocket:W-074)`,
          "open",
          { type: "websocket.close", code },
          /"code" is .*, which must not be sent/,
        ] as const,
    ),
    [
      "a reason that is no string",
      "open",
      { type: "websocket.close", reason: 5 },
      /"reason" is 5, expected a string/,
    ],
    ...[199, 600, 101, 200.5, "200", undefined].map((status) =>
      [
        `denial status ${JSON.stringify(status)} (asgi:A-171, websocket:W-034)`,
        "connecting",
        { type: "websocket.http.response.start", status },
        /"status" is .*, expected an integer from 200 to 599/,
      ] as const
    ),
    [
      "headers of a denial that are a number",
      "connecting",
      { type: "websocket.http.response.start", status: 404, headers: 5 },
      /"headers" is 5/,
    ],
    [
      "a denial body that is an object",
      "denying",
      { type: "websocket.http.response.body", body: {} },
      /"body" is a value of type "object", expected a Uint8Array or a string/,
    ],
    [
      "more_body that is no boolean",
      "denying",
      { type: "websocket.http.response.body", more_body: "no" },
      /"more_body" is "no", expected true or false/,
    ],
  ];
  for (const [what, state, event, message] of refused) {
    test(`WebSocketCycle refuses ${what}`, async () => {
      const { cycle, host } = await inState(state);
      const error = await errorOf(cycle.send(event as SendEvent));
      assert.equal(error.code, "ERR_TRICORN_INVALID_EVENT");
      assert.match(error.message, message);
      assert.equal(cycle.state, state);
      assert.deepEqual(host.told, []);
    });
  }

  test("WebSocketCycle looks at the shape first, though the peer is gone (asgi:A-217)", async () => {
    const { cycle } = await inState("open");
    cycle.onPeerGone(1006, "");
    for (
      const event of [
        { type: "websocket.send" },
        { type: "websocket.close", code: 1006 },
      ]
    ) {
      const error = await errorOf(cycle.send(event as SendEvent));
      assert.equal(error.code, "ERR_TRICORN_INVALID_EVENT");
    }
  });

  test("WebSocketCycle looks at the headers first, though the peer is gone (asgi:A-217)", async () => {
    const { cycle } = build();
    cycle.onPeerGone(1006, "");
    for (
      const event of [
        { type: "websocket.accept", headers: [["a b", "c"]] },
        {
          type: "websocket.http.response.start",
          status: 404,
          headers: [["a", "b\n"]],
        },
      ]
    ) {
      const error = await errorOf(cycle.send(event as unknown as SendEvent));
      assert.equal(error.code, "ERR_TRICORN_INVALID_EVENT");
    }
  });

  test("WebSocketCycle stays where it is if the connection finds the headers wrong", async () => {
    const { cycle, host } = build();
    host.problem = "a name is bad";
    for (const kind of ["accept", "denialStart"] as const) {
      const error = await errorOf(cycle.send(MESSAGES[kind]));
      assert.match(error.message, /: a name is bad$/);
      assert.equal(error.code, "ERR_TRICORN_INVALID_EVENT");
      assert.equal(cycle.state, "connecting");
    }
  });

  test("WebSocketCycle rejects with what a getter of the application throws", async () => {
    const { cycle } = await inState("open");
    const event = {
      type: "websocket.send",
      get text(): string {
        throw new RangeError("mine");
      },
    };
    assert.equal(
      (await errorOf(cycle.send(event as SendEvent))).message,
      "mine",
    );
  });
});

describe("receive()", () => {
  test("WebSocketCycle begins with websocket.connect (asgi:A-123)", async () => {
    const { cycle } = build();
    cycle.deliver("early", null);
    assert.deepEqual(await cycle.receive(), { type: "websocket.connect" });
    assert.deepEqual(await cycle.receive(), {
      type: "websocket.receive",
      text: "early",
      bytes: null,
    });
  });

  test("WebSocketCycle serves callers that wait in their order (asgi:A-124)", async () => {
    const { cycle } = build();
    await cycle.receive();
    const both = Promise.all([cycle.receive(), cycle.receive()]);
    cycle.deliver("first", null);
    cycle.deliver(null, Uint8Array.of(2));
    assert.deepEqual(await both, [
      { type: "websocket.receive", text: "first", bytes: null },
      { type: "websocket.receive", text: null, bytes: Uint8Array.of(2) },
    ]);
  });

  test("WebSocketCycle counts what waits", async () => {
    const { cycle } = build();
    await cycle.receive();
    cycle.deliver("four", null);
    cycle.deliver(null, new Uint8Array(10));
    assert.deepEqual([cycle.queuedMessages, cycle.queuedBytes], [2, 14]);
    await cycle.receive();
    assert.deepEqual([cycle.queuedMessages, cycle.queuedBytes], [1, 10]);
    await cycle.receive();
    assert.deepEqual([cycle.queuedMessages, cycle.queuedBytes], [0, 0]);
  });

  test("WebSocketCycle yields queued messages before the disconnect, and that for ever (websocket:W-058, W-085)", async () => {
    const { cycle } = await inState("open");
    await cycle.receive();
    cycle.deliver("last", null);
    cycle.onPeerGone(4000, "bye");
    cycle.onPeerGone(1006, "");
    const gone = { type: "websocket.disconnect", code: 4000, reason: "bye" };
    assert.equal(
      (await cycle.receive() as { text?: string }).text,
      "last",
    );
    assert.deepEqual(await cycle.receive(), gone);
    assert.deepEqual(await cycle.receive(), gone);
  });

  test("WebSocketCycle wakes every caller that waits for a message that never comes (asgi:A-139)", async () => {
    const { cycle } = await inState("open");
    await cycle.receive();
    const waiting = [cycle.receive(), cycle.receive()];
    cycle.onPeerGone(1001, "");
    for (const event of await Promise.all(waiting)) {
      assert.equal(event.type, "websocket.disconnect");
    }
  });

  test("WebSocketCycle yields the application's own code and reason (websocket:W-069, asgi:A-127)", async () => {
    const { cycle } = await inState("open");
    await cycle.receive();
    await cycle.send({ type: "websocket.close", code: 4001, reason: "enough" });
    assert.deepEqual(await cycle.receive(), {
      type: "websocket.disconnect",
      code: 4001,
      reason: "enough",
    });
  });

  for (const kind of ["close", "lastDenialBody"] as const) {
    test(`WebSocketCycle yields 1006 after a refusal by ${kind} (asgi:A-140)`, async () => {
      const { cycle } = await inState(
        kind === "close" ? "connecting" : "denying",
      );
      await cycle.receive();
      await cycle.send(MESSAGES[kind]);
      assert.deepEqual(await cycle.receive(), {
        type: "websocket.disconnect",
        code: 1006,
        reason: "",
      });
    });
  }
});

describe("the peer is gone", () => {
  for (
    const [state, kind] of [
      ["open", "send"],
      ["connecting", "accept"],
      ["connecting", "denialStart"],
      ["denying", "denialBody"],
      ["denying", "lastDenialBody"],
    ] as const
  ) {
    test(`WebSocketCycle rejects ${kind} with ClientDisconnected, code and reason (asgi:A-208, A-213)`, async () => {
      const { cycle, host } = await inState(state);
      cycle.onPeerGone(4002, "off");
      const error = await errorOf(cycle.send(MESSAGES[kind]));
      assert.equal(error.code, "ERR_TRICORN_CLIENT_DISCONNECTED");
      assert.equal(error.close_code, 4002);
      assert.equal(error.close_reason, "off");
      assert.deepEqual(host.told, []);
    });
  }

  for (const state of ["connecting", "open"] as const) {
    test(`WebSocketCycle takes a close for nothing when ${state} (asgi:A-213)`, async () => {
      const { cycle, host } = await inState(state);
      cycle.onPeerGone(1006, "");
      await cycle.send(MESSAGES.close);
      assert.deepEqual(host.told, []);
    });
  }

  test("WebSocketCycle takes everything silently if it is told to (asgi:A-212)", async () => {
    const { cycle, host, harness } = build(undefined, {
      raisesAfterDisconnect: false,
    });
    cycle.onPeerGone(1006, "");
    const sent = (async () => {
      await cycle.send(MESSAGES.accept);
      await cycle.send(MESSAGES.send);
      await cycle.send(MESSAGES.close);
      return "all";
    })();
    await harness.turn();
    assert.equal(await sent, "all");
    assert.deepEqual(host.told, []);
  });

  test("WebSocketCycle raises the abort signal with the same error (asgi:A-244)", async () => {
    const { cycle } = await inState("open");
    const signal = cycle.abortSignal;
    assert.equal(signal.aborted, false);
    cycle.onPeerGone(1001, "");
    assert.equal(signal.aborted, true);
    assert.equal(signal.reason, cycle.disconnectError);
  });

  test("WebSocketCycle makes a signal late that is raised already", async () => {
    const { cycle } = await inState("open");
    cycle.cancel(new DOMException("over", "TimeoutError"));
    cycle.onPeerGone(1006, "");
    assert.equal(cycle.abortSignal.reason.name, "TimeoutError");
  });
});

describe("the end of the call", () => {
  const accept: SendEvent = MESSAGES.accept;
  const boom = new Error("boom");
  for (
    const [what, app, told, logged] of [
      [
        "returns without an answer (asgi:A-143)",
        () => {},
        ["refuse 500"],
        "ASGI callable returned without completing handshake.",
      ],
      [
        "throws without an answer (asgi:A-143)",
        () => Promise.reject(boom),
        ["refuse 500"],
        "Exception in ASGI application",
      ],
      [
        "returns when open (asgi:A-144)",
        (_s, _r, send) => send(accept),
        ["accept undefined", "close 1000"],
        undefined,
      ],
      [
        "throws when open (asgi:A-145)",
        (_s, _r, send) => send(accept).then(() => Promise.reject(boom)),
        ["accept undefined", "close 1011"],
        "Exception in ASGI application",
      ],
      [
        "returns inside a denial (asgi:A-146)",
        (_s, _r, send) => send(MESSAGES.denialStart),
        ["deny 404", "breakOff"],
        "ASGI callable returned without completing response.",
      ],
      [
        "throws inside a denial (asgi:A-146)",
        (_s, _r, send) =>
          send(MESSAGES.denialStart).then(() => Promise.reject(boom)),
        ["deny 404", "breakOff"],
        "Exception in ASGI application",
      ],
      [
        "returns after a refusal (websocket:W-037)",
        (_s, _r, send) => send(MESSAGES.close),
        ["refuse 403"],
        undefined,
      ],
      [
        "returns after a whole denial (websocket:W-037)",
        async (_s, _r, send) => {
          await send(MESSAGES.denialStart);
          await send(MESSAGES.lastDenialBody);
        },
        ["deny 404", "body b last"],
        undefined,
      ],
      [
        "throws after its own close",
        async (_s, _r, send) => {
          await send(accept);
          await send({ type: "websocket.close", code: 4000 });
          throw boom;
        },
        ["accept undefined", "close 4000"],
        "Exception in ASGI application",
      ],
      [
        "accepts twice (websocket:W-067)",
        async (_s, _r, send) => {
          await send(accept);
          await send(accept);
        },
        ["accept undefined", "close 1011"],
        "Exception in ASGI application",
      ],
      [
        "closes with a code that must not be sent (wishes:R-033)",
        async (_s, _r, send) => {
          await send(accept);
          await send({ type: "websocket.close", code: 1005 });
        },
        ["accept undefined", "close 1011"],
        "Exception in ASGI application",
      ],
    ] as readonly [string, App, string[], string | undefined][]
  ) {
    test(`WebSocketCycle ends what an application leaves that ${what}`, async () => {
      const { cycle, host, harness } = build(app);
      await cycle.run({} as never);
      assert.deepEqual(host.told, [...told, "returned"]);
      assert.deepEqual(
        harness.logger.at("error"),
        logged === undefined ? [] : [logged],
      );
      assert.equal(cycle.hasReturned, true);
    });
  }

  test("WebSocketCycle does not log an error that the disconnect caused (asgi:A-216)", async () => {
    const { cycle, host, harness } = build(async (_scope, _receive, send) => {
      await send(accept);
      cycle.onPeerGone(1001, "");
      await send(MESSAGES.send);
    });
    await cycle.run({} as never);
    assert.deepEqual(harness.logger.at("error"), []);
    assert.deepEqual(host.told, ["accept undefined", "returned"]);
  });

  test("WebSocketCycle logs other errors though the peer is gone", async () => {
    const { cycle, harness } = build(() => {
      cycle.onPeerGone(1006, "");
      throw boom;
    });
    await cycle.run({} as never);
    assert.deepEqual(harness.logger.at("error"), [
      "Exception in ASGI application",
    ]);
  });

  test("WebSocketCycle says once that a return value is ignored (websocket:W-081)", async () => {
    const { cycle, harness } = build(async (_scope, _receive, send) => {
      await send(accept);
      return 5;
    });
    await cycle.run({} as never);
    assert.deepEqual(harness.logger.at("warning"), [
      'ASGI callable should return undefined, but returned a value of type "number".',
    ]);
  });

  test("WebSocketCycle cuts a denial off whose body does not fit its length (asgi:A-104)", async () => {
    const { cycle, host } = await inState("denying");
    host.bodyProblem = { message: "too short", isPartial: true };
    const error = await errorOf(cycle.send(MESSAGES.lastDenialBody));
    assert.equal(error.message, "too short");
    assert.deepEqual(host.told, ["body b last", "breakOff"]);
    assert.equal(cycle.state, "closed");
  });

  test("WebSocketCycle raises no alarm for a send() that is not awaited (asgi:A-022)", async () => {
    const { cycle } = build();
    void cycle.send(MESSAGES.send);
    void cycle.send({ type: "nonsense" } as unknown as SendEvent);
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
});
