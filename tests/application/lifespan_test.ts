import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  AsgiApp,
  LifespanReceiveEvent,
  LifespanScope,
  Receive,
  Send,
} from "../../src/asgi.ts";
import {
  InvalidEventError,
  UnexpectedEventError,
  UnsupportedScopeError,
} from "../../src/errors.ts";
import {
  Lifespan,
  type LifespanMode,
  type LifespanPhase,
  NEXT_PHASE,
} from "../../src/application/lifespan.ts";
import { alarms } from "../_support/alarms.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeLogger } from "../_support/harness.ts";

type LifespanFunction = (
  scope: LifespanScope,
  receive: Receive<LifespanReceiveEvent>,
  send: (event: unknown) => Promise<void>,
) => unknown;

interface FakeTimer {
  readonly ms: number;
  readonly callback: () => void;
  isStopped: boolean;
}

function setUp(app: LifespanFunction, mode: LifespanMode = "auto") {
  const logger = new FakeLogger();
  const timers: FakeTimer[] = [];
  const startTimer = (ms: number, callback: () => void) => {
    const timer = { ms, callback, isStopped: false };
    timers.push(timer);
    return () => void (timer.isStopped = true);
  };
  let calls = 0;
  const counted = (
    scope: LifespanScope,
    receive: Receive<LifespanReceiveEvent>,
    send: Send,
  ) => {
    calls++;
    return app(scope, receive, send as (event: unknown) => Promise<void>);
  };
  const options = { mode, limitMs: 60_000, startTimer };
  const lifespan = new Lifespan(counted as unknown as AsgiApp, options, logger);
  return {
    lifespan,
    logger,
    timers,
    calls: () => calls,
    lines: () =>
      logger.lines.map(({ level, message }) => `${level}: ${message}`),
    errors: () =>
      logger.lines.flatMap(({ error }) => error === undefined ? [] : [error]),
    /** Lets the time of the phase that is waited for run out. */
    expire: () => timers.find(({ isStopped }) => !isStopped)!.callback(),
  };
}

const UP = { type: "lifespan.startup.complete" };
const UP_FAILED = { type: "lifespan.startup.failed" };
const DOWN = { type: "lifespan.shutdown.complete" };
const DOWN_FAILED = { type: "lifespan.shutdown.failed" };

/** An application as the specification shows it. */
const model: LifespanFunction = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "lifespan.startup") await send(UP);
    else return await send(DOWN);
  }
};

const WAITING_UP = "info: Waiting for application startup.";
const COMPLETE_UP = "info: Application startup complete.";
const FAILED_UP = "error: Application startup failed. Exiting.";
const WAITING_DOWN = "info: Waiting for application shutdown.";
const COMPLETE_DOWN = "info: Application shutdown complete.";
const FAILED_DOWN = "error: Application shutdown failed. Exiting.";
const UNSUPPORTED = "info: ASGI 'lifespan' protocol appears unsupported.";
const EXCEPTION = "error: Exception in 'lifespan' protocol";

describe("a whole life", () => {
  for (const mode of ["auto", "on"] as const) {
    test(`starts, runs and stops, mode ${mode} (process:P-017, P-024, asgi:A-159, A-160)`, async () => {
      const { lifespan, lines, calls } = setUp(model, mode);
      assert.equal(lifespan.phase, "starting");
      assert.equal(await lifespan.startup(), true);
      assert.equal(lifespan.phase, "running");
      assert.equal(await lifespan.shutdown(), true);
      assert.equal(lifespan.phase, "stopped");
      assert.deepEqual(lines(), [
        WAITING_UP,
        COMPLETE_UP,
        WAITING_DOWN,
        COMPLETE_DOWN,
      ]);
      assert.equal(calls(), 1);
    });
  }

  test("is not told in mode off, without a line (process:P-019)", async () => {
    const { lifespan, lines, calls, timers } = setUp(model, "off");
    assert.equal(await lifespan.startup(), true);
    assert.equal(lifespan.phase, "running");
    assert.equal(await lifespan.shutdown(), true);
    assert.deepEqual([lines(), calls(), timers.length], [[], 0, 0]);
    assert.deepEqual(lifespan.state, {});
  });

  test("is one call with one scope (asgi:A-152 to A-155, process:P-015)", async () => {
    let seen: LifespanScope | undefined;
    const { lifespan } = setUp((scope, receive, send) => {
      seen = scope;
      return model(scope, receive, send);
    });
    await lifespan.startup();
    assert.deepEqual(seen, {
      type: "lifespan",
      asgi: { version: "3.0", spec_version: "2.0" },
      state: {},
      extensions: {},
    });
    assert.ok(Object.isFrozen(seen!.asgi));
    assert.equal(seen!.state, lifespan.state);
  });

  test("has topics in its extensions, and in a state whose copies leave them out", async () => {
    const topics = {
      publish: () => {},
      subscribe: () => Promise.reject(new Error("not here")),
    };
    const seen: LifespanScope[] = [];
    const lifespan = new Lifespan(
      ((scope: LifespanScope) => {
        seen.push(scope);
        return Promise.resolve();
      }) as never,
      { mode: "auto", limitMs: 1000, startTimer: () => () => {}, topics },
      new FakeLogger(),
    );
    await lifespan.startup();
    assert.equal(seen[0]!.extensions.topics, topics);
    assert.equal(seen[0]!.state.topics, topics);
    assert.deepEqual({ ...lifespan.state }, {});
  });

  test("leaves its state for requests, later changes included (asgi:A-154, process:P-018)", async () => {
    const { lifespan } = setUp(async (scope, receive, send) => {
      await receive();
      scope.state.first = 1;
      await send(UP);
      await receive();
      scope.state.second = 2;
      await send(DOWN);
    });
    await lifespan.startup();
    assert.deepEqual(lifespan.state, { first: 1 });
    await lifespan.shutdown();
    assert.deepEqual(lifespan.state, { first: 1, second: 2 });
  });

  test("holds the server back until startup is complete (asgi:A-156, A-157)", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { lifespan } = setUp(async (scope, receive, send) => {
      await promise;
      await model(scope, receive, send);
    });
    let isUp = false;
    const up = lifespan.startup().then(() => isUp = true);
    await settle();
    assert.equal(isUp, false);
    resolve();
    await up;
  });

  test("hears of events in order, whoever asks first (asgi:A-019)", async () => {
    const seen: string[] = [];
    const { lifespan } = setUp(async (_scope, receive, send) => {
      const first = receive();
      const second = receive();
      seen.push((await first).type);
      await send(UP);
      seen.push((await second).type);
      await send(DOWN);
    });
    await lifespan.startup();
    await lifespan.shutdown();
    assert.deepEqual(seen, ["lifespan.startup", "lifespan.shutdown"]);
  });

  test("never hears anything after shutdown (asgi:A-169)", async () => {
    let isAnswered = false;
    const { lifespan } = setUp(async (scope, receive, send) => {
      await model(scope, receive, send);
      await receive();
      isAnswered = true;
    });
    await lifespan.startup();
    await lifespan.shutdown();
    await settle();
    assert.equal(isAnswered, false);
  });

  test("may complete startup without asking for its event", async () => {
    const { lifespan, lines } = setUp(async (_scope, _receive, send) => {
      await send(UP);
      await new Promise(() => {});
    });
    assert.equal(await lifespan.startup(), true);
    assert.deepEqual(lines(), [WAITING_UP, COMPLETE_UP]);
  });
});

describe("startup that goes wrong", () => {
  const boom = new Error("boom");
  const throwsBlind: LifespanFunction = () => {
    throw boom;
  };
  const refuses: LifespanFunction = async (scope, receive) => {
    await receive();
    throw UnsupportedScopeError.for(scope);
  };
  const throwsAfterEvent: LifespanFunction = async (_scope, receive) => {
    await receive();
    throw boom;
  };
  const returnsBlind: LifespanFunction = async () => {};
  const returnsAfterEvent: LifespanFunction = async (_scope, receive) =>
    void await receive();
  const fails: LifespanFunction = async (_scope, receive, send) => {
    await receive();
    await send({ ...UP_FAILED, message: "no database" });
  };
  const failsWithoutWord: LifespanFunction = async (_scope, _receive, send) =>
    send(UP_FAILED);
  const failsAndThrows: LifespanFunction = async (scope, receive, send) => {
    await fails(scope, receive, send);
    throw boom;
  };
  const RETURNED = "ASGI callable returned before 'lifespan.startup.complete'.";
  const broken: LifespanFunction = () => Promise.reject(boom);
  for (
    const [what, app, mode, starts, lines, errors] of [
      ["a throw before the event (process:P-020)", throwsBlind, "auto", true, [
        UNSUPPORTED,
        COMPLETE_UP,
      ], []],
      ["a rejection before the event", broken, "auto", true, [
        UNSUPPORTED,
        COMPLETE_UP,
      ], []],
      ["an UnsupportedScopeError (asgi:A-027, A-162)", refuses, "auto", true, [
        UNSUPPORTED,
        COMPLETE_UP,
      ], []],
      [
        "a throw after the event (asgi:A-162, A-240)",
        throwsAfterEvent,
        "auto",
        false,
        [EXCEPTION, FAILED_UP],
        [boom],
      ],
      [
        "a return before the event (process:P-023)",
        returnsBlind,
        "auto",
        true,
        [UNSUPPORTED, COMPLETE_UP],
        [],
      ],
      [
        "a return after the event (asgi:A-163)",
        returnsAfterEvent,
        "auto",
        true,
        [`warning: ${RETURNED}`, COMPLETE_UP],
        [],
      ],
      ["startup.failed (asgi:A-158, process:P-022)", fails, "auto", false, [
        "error: no database",
        FAILED_UP,
      ], []],
      ["startup.failed without a message", failsWithoutWord, "auto", false, [
        FAILED_UP,
      ], []],
      [
        "startup.failed and a throw (process:P-028)",
        failsAndThrows,
        "auto",
        false,
        ["error: no database", FAILED_UP],
        [],
      ],
      ["a throw before the event (process:P-021)", throwsBlind, "on", false, [
        EXCEPTION,
        FAILED_UP,
      ], [boom]],
      ["a throw after the event", throwsAfterEvent, "on", false, [
        EXCEPTION,
        FAILED_UP,
      ], [boom]],
      ["a return before the event (asgi:A-163)", returnsBlind, "on", false, [
        `error: ${RETURNED}`,
        FAILED_UP,
      ], []],
      ["a return after the event", returnsAfterEvent, "on", false, [
        `error: ${RETURNED}`,
        FAILED_UP,
      ], []],
      [
        "startup.failed",
        fails,
        "on",
        false,
        ["error: no database", FAILED_UP],
        [],
      ],
    ] as const
  ) {
    test(`mode ${mode} ${starts ? "goes on after" : "ends with"} ${what}`, async () => {
      const life = setUp(app, mode);
      assert.equal(await life.lifespan.startup(), starts);
      await settle();
      assert.deepEqual(life.lines(), [WAITING_UP, ...lines]);
      assert.deepEqual(life.errors(), errors);
      assert.equal(life.lifespan.phase, starts ? "running" : "failed");
    });

    test(`mode ${mode} sends no shutdown after ${what} (asgi:A-164)`, async () => {
      const life = setUp(app, mode);
      await life.lifespan.startup();
      const before = life.lines().length;
      assert.equal(await life.lifespan.shutdown(), true);
      assert.equal(life.lines().length, before);
    });
  }

  test("mode on shows an UnsupportedScopeError, which explains itself (asgi:A-211)", async () => {
    const life = setUp(refuses, "on");
    assert.equal(await life.lifespan.startup(), false);
    assert.ok(life.errors()[0] instanceof UnsupportedScopeError);
  });
});

describe("the application between its two phases", () => {
  test("may end by return: no shutdown event (asgi:A-164)", async () => {
    const { lifespan, lines } = setUp((_scope, _receive, send) => send(UP));
    await lifespan.startup();
    await settle();
    assert.equal(await lifespan.shutdown(), true);
    assert.deepEqual(lines(), [WAITING_UP, COMPLETE_UP]);
  });

  test("may end by a throw, which is logged (asgi:A-164)", async () => {
    const boom = new Error("boom");
    const { promise, reject } = Promise.withResolvers<void>();
    const { lifespan, lines, errors } = setUp(
      async (_scope, _receive, send) => {
        await send(UP);
        await promise;
      },
    );
    await lifespan.startup();
    reject(boom);
    await settle();
    assert.equal(await lifespan.shutdown(), true);
    assert.deepEqual(lines(), [WAITING_UP, COMPLETE_UP, EXCEPTION]);
    assert.deepEqual(errors(), [boom]);
  });
});

describe("shutdown that goes wrong", () => {
  const boom = new Error("boom");
  /** Starts well, then does as told. */
  const then = (
    end: (send: (event: unknown) => Promise<void>) => unknown,
  ): LifespanFunction =>
  async (_scope, receive, send) => {
    await receive();
    await send(UP);
    await receive();
    await end(send);
  };
  for (
    const [what, end, isGood, lines, errors] of [
      [
        "shutdown.failed (asgi:A-161, process:P-025)",
        (send: Send) => send({ ...DOWN_FAILED, message: "no flush" } as never),
        false,
        ["error: no flush", FAILED_DOWN],
        [],
      ],
      [
        "shutdown.failed without a message",
        (send: Send) => send(DOWN_FAILED as never),
        false,
        [FAILED_DOWN],
        [],
      ],
      [
        "a throw (process:P-026, P-027)",
        () => {
          throw boom;
        },
        false,
        [EXCEPTION, FAILED_DOWN],
        [boom],
      ],
      [
        "shutdown.failed and a throw (process:P-028)",
        async (send: Send) => {
          await send(DOWN_FAILED as never);
          throw boom;
        },
        false,
        [FAILED_DOWN],
        [],
      ],
      ["a return without a word", () => {}, true, [COMPLETE_DOWN], []],
    ] as const
  ) {
    for (const mode of ["auto", "on"] as const) {
      test(`${what}, mode ${mode}`, async () => {
        const life = setUp(then(end as never), mode);
        await life.lifespan.startup();
        assert.equal(await life.lifespan.shutdown(), isGood);
        await settle();
        assert.deepEqual(life.lines(), [
          WAITING_UP,
          COMPLETE_UP,
          WAITING_DOWN,
          ...lines,
        ]);
        assert.deepEqual(life.errors(), errors);
        assert.equal(life.lifespan.phase, isGood ? "stopped" : "failed");
      });
    }
  }

  test("a throw after shutdown.complete is still logged", async () => {
    const life = setUp(then(async (send) => {
      await send(DOWN);
      throw boom;
    }));
    await life.lifespan.startup();
    assert.equal(await life.lifespan.shutdown(), true);
    await settle();
    assert.deepEqual(life.errors(), [boom]);
  });
});

describe("Lifespan.failure", () => {
  const boom = new Error("boom");
  const fails: LifespanFunction = async (_scope, receive, send) => {
    await receive();
    await send({ ...UP_FAILED, message: "no database" });
  };
  for (
    const [what, app, failure] of [
      ["the message of startup.failed", fails, { message: "no database" }],
      [
        "nothing for one without a message",
        (
          (_scope, _receive, send) => send(UP_FAILED)
        ) as LifespanFunction,
        { message: undefined },
      ],
      [
        "what was thrown behind the message",
        (async (scope, receive, send) => {
          await fails(scope, receive, send);
          throw boom;
        }) as LifespanFunction,
        { message: "no database", cause: boom },
      ],
      [
        "what was thrown in place of a message",
        (async (_scope, receive) => {
          await receive();
          throw boom;
        }) as LifespanFunction,
        { message: "boom", cause: boom },
      ],
      [
        "a thrown value that is no error",
        (async (_scope, receive) => {
          await receive();
          throw null;
        }) as LifespanFunction,
        { message: undefined, cause: null },
      ],
    ] as const
  ) {
    test(`is ${what}`, async () => {
      const { lifespan } = setUp(app);
      assert.equal(await lifespan.startup(), false);
      await settle();
      assert.deepEqual(lifespan.failure, failure);
    });
  }

  test("is the limit that ran out", async () => {
    const { lifespan, expire } = setUp(() => new Promise(() => {}));
    const up = lifespan.startup();
    expire();
    await up;
    assert.deepEqual(lifespan.failure, {
      message: "Application startup did not finish within 60 seconds.",
    });
  });

  test("is undefined after a good start", async () => {
    const { lifespan } = setUp(model);
    await lifespan.startup();
    assert.equal(lifespan.failure, undefined);
  });
});

describe("time limits (asgi:A-166)", () => {
  test("each phase has one timer, stopped when the phase is over", async () => {
    const { lifespan, timers } = setUp(model);
    await lifespan.startup();
    assert.deepEqual(timers.map(({ ms, isStopped }) => [ms, isStopped]), [[
      60_000,
      true,
    ]]);
    await lifespan.shutdown();
    assert.deepEqual(timers.map(({ isStopped }) => isStopped), [true, true]);
  });

  for (const mode of ["auto", "on"] as const) {
    test(`startup that hangs fails, mode ${mode} (process:P-033)`, async () => {
      const { lifespan, lines, expire, timers } = setUp(
        () => new Promise(() => {}),
        mode,
      );
      const up = lifespan.startup();
      expire();
      assert.equal(await up, false);
      assert.deepEqual(lines(), [
        WAITING_UP,
        "error: Application startup did not finish within 60 seconds.",
        FAILED_UP,
      ]);
      assert.equal(timers[0].isStopped, true);
    });
  }

  test("shutdown that hangs fails", async () => {
    const { lifespan, lines, expire } = setUp(
      async (_scope, _receive, send) => {
        await send(UP);
        await new Promise(() => {});
      },
    );
    await lifespan.startup();
    const down = lifespan.shutdown();
    expire();
    assert.equal(await down, false);
    assert.deepEqual(lines().slice(3), [
      "error: Application shutdown did not finish within 60 seconds.",
      FAILED_DOWN,
    ]);
  });

  test("an application that is late is told so", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let late: Promise<void> | undefined;
    const { lifespan, expire } = setUp(async (_scope, _receive, send) => {
      await promise;
      late = send(UP);
      await late.catch(() => {});
    });
    const up = lifespan.startup();
    expire();
    await up;
    resolve();
    await settle();
    await assert.rejects(late!, UnexpectedEventError);
    assert.equal(lifespan.phase, "failed");
  });
});

describe("abandon() (asgi:A-168, process:P-033)", () => {
  test("ends the wait for startup", async () => {
    const { lifespan } = setUp(() => new Promise(() => {}));
    const up = lifespan.startup();
    lifespan.abandon();
    assert.equal(await up, false);
  });

  test("ends the wait for shutdown", async () => {
    const { lifespan } = setUp(async (_scope, _receive, send) => {
      await send(UP);
      await new Promise(() => {});
    });
    await lifespan.startup();
    const down = lifespan.shutdown();
    lifespan.abandon();
    assert.equal(await down, false);
  });

  test("does nothing while nobody waits", async () => {
    const { lifespan } = setUp(model);
    lifespan.abandon();
    assert.equal(await lifespan.startup(), true);
    lifespan.abandon();
    assert.equal(await lifespan.shutdown(), true);
  });
});

describe("the order of messages (asgi:A-165)", () => {
  /** What is allowed, written down a second time: phase, message, phase after it. */
  const ALLOWED: readonly (readonly [LifespanPhase, string, LifespanPhase])[] =
    [
      ["starting", "lifespan.startup.complete", "running"],
      ["starting", "lifespan.startup.failed", "failed"],
      ["stopping", "lifespan.shutdown.complete", "stopped"],
      ["stopping", "lifespan.shutdown.failed", "failed"],
    ];

  /** A lifespan in `phase`, and the `send` of its application. */
  async function bringTo(phase: LifespanPhase) {
    let send: ((event: unknown) => Promise<void>) | undefined;
    const life = setUp((_scope, _receive, given) => {
      send = given;
      return new Promise(() => {});
    });
    const up = life.lifespan.startup();
    if (phase === "failed") await send!(UP_FAILED);
    if (phase !== "starting" && phase !== "failed") await send!(UP);
    if (phase !== "starting") await up;
    if (phase === "stopping" || phase === "stopped") {
      const down = life.lifespan.shutdown();
      if (phase === "stopped") {
        await send!(DOWN);
        await down;
      }
    }
    assert.equal(life.lifespan.phase, phase);
    return { ...life, send: send! };
  }

  for (
    const phase of [
      "starting",
      "running",
      "stopping",
      "stopped",
      "failed",
    ] as const
  ) {
    for (const { type } of [UP, UP_FAILED, DOWN, DOWN_FAILED]) {
      const next = ALLOWED.find(([from, by]) => from === phase && by === type)
        ?.[2];
      if (next !== undefined) {
        test(`${phase} takes ${type} and becomes ${next}`, async () => {
          const { lifespan, send } = await bringTo(phase);
          await send({ type });
          assert.equal(lifespan.phase, next);
          assert.equal(NEXT_PHASE[phase][type as never], next);
        });
        continue;
      }
      test(`${phase} refuses ${type} (asgi:A-210, process:P-029)`, async () => {
        const { lifespan, send, lines } = await bringTo(phase);
        const before = lines();
        await assert.rejects(send({ type }), (error) => {
          assert.ok(error instanceof UnexpectedEventError);
          assert.equal(error.event_type, type);
          assert.equal(error.state, phase);
          assert.match(
            error.message,
            /^Got invalid state transition on lifespan protocol/,
          );
          return true;
        });
        await settle();
        assert.equal(lifespan.phase, phase);
        assert.deepEqual(lines(), before);
        assert.equal(NEXT_PHASE[phase][type as never], undefined);
      });
    }
  }

  for (
    const [what, event] of [
      ["no message", undefined],
      ["null", null],
      ["text", "lifespan.startup.complete"],
      ["no type", {}],
      ["a number for a type", { type: 1 }],
      ["a bigint for a type", { type: 1n }],
      ["an unknown type (process:P-030)", { type: "lifespan.pause" }],
      ["an HTTP message (asgi:A-087)", {
        type: "http.response.start",
        status: 200,
      }],
      ["an event to the application", { type: "lifespan.startup" }],
      ["a message that is no text", { ...UP_FAILED, message: 5 }],
      ["a message null", { ...UP_FAILED, message: null }],
    ] as const
  ) {
    test(`${what} is refused by its shape, in every phase (asgi:A-209)`, async () => {
      for (const phase of ["starting", "running", "stopped"] as const) {
        const { lifespan, send } = await bringTo(phase);
        await assert.rejects(send(event), (error) => {
          assert.ok(error instanceof InvalidEventError);
          const type: unknown = (event as { type?: unknown } | null)?.type;
          assert.equal(
            error.event_type,
            typeof type === "string" ? type : null,
          );
          return true;
        });
        assert.equal(lifespan.phase, phase);
      }
    });
  }

  test("unknown keys are ignored (asgi:A-013)", async () => {
    const { send, lifespan } = await bringTo("starting");
    await send({ ...UP, message: 5, more: true });
    assert.equal(lifespan.phase, "running");
  });

  test("a rejection that is not awaited raises no alarm (asgi:A-022)", async () => {
    const raised = await alarms(async () => {
      const { send } = await bringTo("running");
      void send(UP);
      void send(null);
      void send({ type: "unknown" });
    });
    assert.deepEqual(raised, []);
  });

  test("a throw and a rejection raise none either", async () => {
    const raised = await alarms(async () => {
      const thrown = setUp(() => {
        throw new Error("boom");
      });
      await thrown.lifespan.startup();
    });
    assert.deepEqual(raised, []);
  });
});
