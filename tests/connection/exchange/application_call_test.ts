import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp, Scope } from "../../../src/asgi.ts";
import {
  ApplicationCall,
  type CallOwner,
  sendTo,
} from "../../../src/connection/exchange/application_call.ts";
import { ClientDisconnected } from "../../../src/errors.ts";
import { settle } from "../../_support/fake_clock.ts";
import { gate, Harness } from "../../_support/harness.ts";

/** An owner that keeps what it is told, and a call of `app` for it. */
function setUp(app: unknown, owned: Partial<CallOwner> = {}) {
  const harness = new Harness(app as HttpApp);
  const call = new ApplicationCall(harness.context);
  const told: string[] = [];
  const owner: CallOwner = {
    receive: () => Promise.reject(new Error("not here")),
    send: () => Promise.resolve(),
    pendingSend: undefined,
    onReturn: () => void told.push("return"),
    onThrow: (isDisconnect) =>
      void told.push(isDisconnect ? "disconnect" : "throw"),
    onEnded: () => void told.push(`ended ${call.hasReturned}`),
    onFailure: (thrown) => void told.push(`failure ${thrown}`),
    ...owned,
  };
  return {
    call,
    told,
    owner,
    logger: harness.logger,
    run: () => call.run({ type: "http" } as Scope, owner),
  };
}

describe("ApplicationCall", () => {
  test("hands scope, receive and send over", async () => {
    let given: unknown[] = [];
    const { run, owner } = setUp(async (...args: unknown[]) => {
      given = await args;
    });
    await run();
    assert.deepEqual(given, [{ type: "http" }, owner.receive, owner.send]);
  });

  test("ends with onReturn, then onEnded", async () => {
    const { run, told, logger } = setUp(async () => {});
    await run();
    assert.deepEqual(told, ["return", "ended true"]);
    assert.deepEqual(logger.lines, []);
  });

  test("has returned only when a pending send has ended", async () => {
    const sending = gate();
    const { run, told } = setUp(async () => {}, {
      pendingSend: sending.promise,
    });
    const ended = run();
    await settle();
    assert.deepEqual(told, []);
    sending.resolve();
    await ended;
    assert.deepEqual(told, ["return", "ended true"]);
  });

  for (
    const [how, app] of [
      ["throws", () => {
        throw new Error("oops");
      }],
      ["rejects", () => Promise.reject(new Error("oops"))],
    ] as const
  ) {
    test(`logs the error of an application that ${how}`, async () => {
      const { run, told, logger } = setUp(app);
      await run();
      assert.deepEqual(told, ["throw", "ended true"]);
      assert.deepEqual(logger.at("error"), ["Exception in ASGI application"]);
      assert.equal((logger.lines[0]!.error as Error).message, "oops");
    });
  }

  test("fails with the error of a pending send", async () => {
    const pendingSend = Promise.reject(new Error("no file"));
    const { run, told, logger } = setUp(async () => {}, { pendingSend });
    await run();
    assert.deepEqual(told, ["throw", "ended true"]);
    assert.equal(logger.at("error").length, 1);
  });

  test("warns of a returned value, once for each server", async () => {
    const { run, logger } = setUp(() => Promise.resolve(() => {}));
    await run();
    await run();
    assert.deepEqual(logger.at("warning"), [
      'ASGI callable should return undefined, but returned a value of type "function". If it is a factory, use --factory.',
    ]);
  });

  describe("and a client that has left (asgi:A-216)", () => {
    const leaving = () => Promise.reject(new ClientDisconnected());

    test("takes the disconnect for no error, and asks for no ending", async () => {
      const { call, run, told, logger } = setUp(leaving);
      call.disconnectError = new ClientDisconnected();
      await run();
      assert.deepEqual(told, ["ended true"]);
      assert.deepEqual(logger.lines.map(({ level }) => level), ["debug"]);
    });

    test("takes it for no error where the client may be gone", async () => {
      const { call, run, told, logger } = setUp(leaving);
      call.isPeerSilent = true;
      await run();
      assert.deepEqual(told, ["disconnect", "ended true"]);
      assert.deepEqual(logger.at("error"), []);
    });

    test("logs it where the application made it up", async () => {
      const { run, told, logger } = setUp(leaving);
      await run();
      assert.deepEqual(told, ["throw", "ended true"]);
      assert.equal(logger.at("error").length, 1);
    });

    test("logs any other error", async () => {
      const { call, run, logger } = setUp(() => Promise.reject(new Error("x")));
      call.disconnectError = new ClientDisconnected();
      await run();
      assert.equal(logger.at("error").length, 1);
    });
  });

  test("takes the reason of its abort signal for no error (asgi:A-244)", async () => {
    const reason = new Error("shutdown");
    const { call, run, told, logger } = setUp(() => Promise.reject(reason));
    const { abortSignal } = call;
    call.abort(reason);
    assert.equal(abortSignal.reason, reason);
    await run();
    assert.deepEqual(logger.at("debug"), [
      "ASGI application ended by its abort signal",
    ]);
    assert.deepEqual(told, ["throw", "ended true"]);
  });

  for (
    const [name, app] of [
      ["onThrow", () => Promise.reject(new Error("x"))],
      ["onEnded", () => Promise.resolve()],
    ] as const
  ) {
    test(`reports what ${name} throws, and never rejects`, async () => {
      const { run, told } = setUp(app, {
        onReturn: () => {},
        [name]: () => {
          throw new Error("ours");
        },
      });
      await run();
      assert.deepEqual(told, ["failure Error: ours"]);
    });
  }
});

test("sendTo() rejects with what a message throws when it is read", async () => {
  const bug = new RangeError("from the application");
  const owner = {
    take() {
      throw bug;
    },
  };
  const sent = sendTo.call(owner, { type: "http.response.body" });
  await assert.rejects(sent, bug);
});
