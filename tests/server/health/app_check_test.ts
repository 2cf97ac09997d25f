import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AppCheck,
  CACHE_MS,
  LIMIT_MS,
} from "../../../src/server/health/app_check.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";
import { FakeLogger } from "../../_support/harness.ts";

/** An application whose answers the test gives. */
function setUp() {
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const asked: PromiseWithResolvers<unknown>[] = [];
  const signals: AbortSignal[] = [];
  const check = new AppCheck(
    (signal) => {
      signals.push(signal);
      const answer = Promise.withResolvers<unknown>();
      asked.push(answer);
      return answer.promise;
    },
    {
      monotonicMs: clock.monotonicMs,
      startTimer: (ms, callback) => {
        const stop = clock.every(ms, () => {
          stop();
          callback();
        });
        return stop;
      },
    },
    logger,
  );
  return { check, clock, logger, asked, signals };
}

/** The verdict on an answer, given at once. */
async function verdictOn(
  setup: ReturnType<typeof setUp>,
  answer: (asked: PromiseWithResolvers<unknown>) => void,
) {
  const verdict = setup.check.verdict();
  answer(setup.asked.at(-1)!);
  return await verdict;
}

const SAYS = "the application is not ready: ";

describe("AppCheck.verdict()", () => {
  for (
    const [what, value] of [["nothing", undefined], ["true", true], [
      "0",
      0,
    ]] as const
  ) {
    test(`is ready if the check answers ${what}`, async () => {
      const verdict = await verdictOn(setUp(), (asked) => asked.resolve(value));
      assert.deepEqual(verdict, { isReady: true });
    });
  }

  for (
    const [what, answer, reason] of [
      [
        "answers false",
        (asked: PromiseWithResolvers<unknown>) => asked.resolve(false),
        "its check has said no",
      ],
      [
        "throws",
        (asked: PromiseWithResolvers<unknown>) =>
          asked.reject(new Error("no \x1b[31mdatabase")),
        "no \\x1b[31mdatabase",
      ],
      [
        "throws at length",
        (asked: PromiseWithResolvers<unknown>) =>
          asked.reject("x".repeat(1000)),
        `${"x".repeat(200)}…`,
      ],
      [
        "throws what is no text",
        (asked: PromiseWithResolvers<unknown>) =>
          asked.reject(Object.create(null)),
        "it threw what is no text",
      ],
    ] as const
  ) {
    test(`is not if the check ${what}`, async () => {
      assert.deepEqual(await verdictOn(setUp(), answer), {
        isReady: false,
        reason: SAYS + reason,
      });
    });
  }

  test("asks once for all who want to know at the same time", async () => {
    const { check, asked } = setUp();
    const verdicts = Promise.all([check.verdict(), check.verdict()]);
    assert.equal(asked.length, 1);
    asked[0]!.resolve(true);
    assert.deepEqual(await verdicts, [{ isReady: true }, { isReady: true }]);
  });

  test("asks again after five seconds, not before", async () => {
    const setup = setUp();
    await verdictOn(setup, (asked) => asked.resolve(true));
    setup.clock.advance(CACHE_MS - 1);
    await setup.check.verdict();
    assert.equal(setup.asked.length, 1);
    setup.clock.advance(1);
    const verdict = await verdictOn(setup, (asked) => asked.resolve(false));
    assert.equal(setup.asked.length, 2);
    assert.equal(verdict.isReady, false);
  });

  test("asks again at once after forget()", async () => {
    const setup = setUp();
    await verdictOn(setup, (asked) => asked.resolve(true));
    setup.check.forget();
    await verdictOn(setup, (asked) => asked.resolve(true));
    assert.equal(setup.asked.length, 2);
  });

  test("waits for two seconds, and aborts the signal of the check then", async () => {
    const { check, clock, signals } = setUp();
    const verdict = check.verdict();
    clock.advance(LIMIT_MS - 1);
    await settle();
    assert.equal(signals[0]!.aborted, false);
    clock.advance(1);
    assert.deepEqual(await verdict, {
      isReady: false,
      reason: `${SAYS}its check has not answered within 2 seconds`,
    });
    assert.equal(signals[0]!.aborted, true);
  });

  test("calls no second check while the first one hangs", async () => {
    const { check, clock, asked } = setUp();
    const verdict = check.verdict();
    clock.advance(LIMIT_MS);
    await verdict;
    clock.advance(10 * CACHE_MS);
    assert.equal((await check.verdict()).isReady, false);
    assert.equal(asked.length, 1);
    asked[0]!.resolve(true);
    await settle();
    const next = check.verdict();
    assert.equal(asked.length, 2);
    asked[1]!.resolve(true);
    assert.equal((await next).isReady, true);
  });
});

test("AppCheck logs what changes, once", async () => {
  const setup = setUp();
  for (const answer of [true, true, false, false, true, true]) {
    await verdictOn(setup, (asked) => asked.resolve(answer));
    setup.clock.advance(CACHE_MS);
  }
  const lines = setup.logger.lines.map(({ level, message }) =>
    `${level} ${message}`
  );
  assert.deepEqual(lines, [
    `warning Readiness: ${SAYS}its check has said no`,
    "info Readiness: the application is ready again",
  ]);
});
