import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SystemdHost, SystemdNotices } from "../../src/control/systemd.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeLogger } from "../_support/harness.ts";

/** A manager that keeps what it is told. */
function scene(
  variables: Readonly<Record<string, string>> = {},
  failure?: Error,
) {
  const told: string[] = [];
  const logger = new FakeLogger();
  let every: { readonly ms: number; readonly tick: () => void } | undefined;
  const host: SystemdHost = {
    pid: 7,
    env: (name) => ({ NOTIFY_SOCKET: "/n", ...variables })[name],
    every: (ms, tick) => {
      every = { ms, tick };
      return () => every = undefined;
    },
    notifySystemd: (state) => {
      told.push(state);
      return failure === undefined
        ? Promise.resolve()
        : Promise.reject(failure);
    },
  };
  const notices = SystemdNotices.for(host, logger);
  return {
    told,
    logger,
    notices: notices!,
    get watchdog() {
      return every;
    },
  };
}

describe("SystemdNotices", () => {
  test("are there only for a service that wants them", () => {
    assert.equal(scene({ NOTIFY_SOCKET: "" }).notices, undefined);
    assert.ok(scene().notices);
  });

  test("tell of readiness, reloads and the end, and of nothing after it", async () => {
    const { notices, told, watchdog } = scene();
    notices.ready();
    assert.equal(watchdog, undefined);
    notices.reloading();
    notices.reloaded();
    notices.stopping();
    notices.stopping();
    notices.reloading();
    notices.reloaded();
    await notices.close();
    assert.deepEqual(told, [
      "READY=1\nMAINPID=7",
      "RELOADING=1",
      "READY=1",
      "STOPPING=1",
    ]);
  });

  test("feed the watchdog in half of its time, from readiness to the end", () => {
    const it = scene({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: "7" });
    assert.equal(it.watchdog, undefined);
    it.notices.ready();
    assert.equal(it.watchdog!.ms, 1500);
    it.watchdog!.tick();
    assert.equal(it.told.at(-1), "WATCHDOG=1");
    it.notices.stopping();
    assert.equal(it.watchdog, undefined);
  });

  for (
    const variables of [
      { WATCHDOG_USEC: "3000000", WATCHDOG_PID: "8" },
      { WATCHDOG_USEC: "0" },
      { WATCHDOG_USEC: "soon" },
      { WATCHDOG_USEC: "-1" },
      { WATCHDOG_USEC: "1e300" },
    ]
  ) {
    test(`leave the watchdog alone with ${JSON.stringify(variables)}`, () => {
      const it = scene(variables);
      it.notices.ready();
      assert.equal(it.watchdog, undefined);
    });
  }

  test("hand the service over to another process, and are silent then", () => {
    const it = scene({ WATCHDOG_USEC: "3000000" });
    it.notices.ready();
    it.notices.handOver(9);
    it.notices.stopping();
    assert.deepEqual(it.told, ["READY=1\nMAINPID=7", "MAINPID=9"]);
    assert.equal(it.watchdog, undefined);
  });

  test("say once in the log that systemd cannot be told", async () => {
    const it = scene({}, new Error("Cannot notify systemd: nobody is there"));
    it.notices.ready();
    it.notices.reloading();
    await it.notices.close();
    await settle();
    assert.deepEqual(it.logger.at("warning"), [
      "Cannot notify systemd: nobody is there",
    ]);
  });
});
