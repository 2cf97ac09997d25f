/** What an old parent tells its successor while it drains. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LegacyReports } from "../../src/supervisor/legacy_reports.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeHost } from "./_fake_workers.ts";

function setUp({ isConnected = true } = {}) {
  const host = new FakeHost();
  const sent: string[] = [];
  const exited = Promise.withResolvers<{ code: number; signal: null }>();
  const child = {
    send: (message: object) => {
      const { counted, isLast } = message as {
        counted: { snapshot: object; app?: unknown };
        isLast: boolean;
      };
      const app = "app" in counted ? " with the application's" : "";
      sent.push(`${isLast ? "last" : "so far"}${app}`);
      return isConnected;
    },
    exited: exited.promise,
    onMessage: undefined as ((message: unknown) => void) | undefined,
  };
  const metrics = { legacy: { snapshot: {}, app: [] } };
  const reports = new LegacyReports(child, metrics, host);
  const isDone = (end: Promise<void>) =>
    Promise.race([end.then(() => true), settle().then(() => false)]);
  return { host, sent, child, exited, reports, isDone };
}

describe("LegacyReports", () => {
  test("tells each second, and for the last time all there is, until that has arrived", async () => {
    const { host, sent, child, reports, isDone } = setUp();
    await host.advance(2000);
    assert.deepEqual(sent, ["so far", "so far"]);
    const end = reports.end();
    assert.equal(await isDone(end), false);
    assert.deepEqual(sent.slice(2), ["last with the application's"]);
    child.onMessage!({ kind: "countedKept" });
    assert.equal(await isDone(end), true);
    await host.advance(2000);
    assert.equal(sent.length, 3);
  });

  test("waits a second for the answer, and not at all for one that is gone", async () => {
    const { host, reports, isDone } = setUp();
    const end = reports.end();
    await settle();
    await host.advance(750);
    assert.equal(await isDone(end), false);
    await host.advance(250);
    assert.equal(await isDone(end), true);
    const closed = setUp({ isConnected: false });
    assert.equal(await closed.isDone(closed.reports.end()), true);
    const ended = setUp();
    const last = ended.reports.end();
    assert.equal(await ended.isDone(last), false);
    ended.exited.resolve({ code: 0, signal: null });
    assert.equal(await ended.isDone(last), true);
  });

  for (const how of ["they are here", "it is hurried", "the new one ends"]) {
    test(`waits for the counts of an even older parent until ${how}`, async () => {
      const { host, sent, child, exited, reports, isDone } = setUp();
      const drained = Promise.withResolvers<void>();
      const end = reports.end(drained.promise);
      await host.advance(3000);
      assert.equal(await isDone(end), false);
      assert.deepEqual(sent, ["so far", "so far", "so far"]);
      if (how === "they are here") drained.resolve();
      else if (how === "it is hurried") reports.hurry();
      else exited.resolve({ code: 0, signal: null });
      await settle();
      assert.equal(sent.at(-1), "last with the application's");
      child.onMessage!({ kind: "countedKept" });
      assert.equal(await isDone(end), true);
    });
  }
});
