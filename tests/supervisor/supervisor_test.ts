import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError } from "../../src/errors.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { settle } from "../_support/fake_clock.ts";
import { type FakeChild, FakeHost, planOf } from "./_fake_workers.ts";

interface Scene {
  readonly host: FakeHost;
  readonly supervisor: Supervisor;
}

async function begin(
  count: number,
  rules: Parameters<typeof planOf>[1] = {},
): Promise<Scene> {
  const host = new FakeHost();
  const supervisor = new Supervisor(planOf(count, rules), host, host.logger);
  supervisor.start();
  await settle();
  return { host, supervisor };
}

/** A supervisor whose workers are ready. */
async function running(
  count: number,
  rules: Parameters<typeof planOf>[1] = {},
): Promise<Scene> {
  const scene = await begin(count, rules);
  for (const child of scene.host.children) await child.ready();
  assert.equal(scene.supervisor.phase, "running");
  return scene;
}

const pids = ({ supervisor }: Scene) =>
  supervisor.pool.seats.map(({ current }) => current?.pid);

describe("the start", () => {
  test("tells each worker what to serve, and is complete when all are ready", async () => {
    const { host, supervisor } = await begin(2);
    assert.deepEqual(host.children.map(({ index }) => index), [0, 1]);
    for (const child of host.children) {
      assert.deepEqual(child.received, ["start"]);
    }
    await host.children[0]!.ready();
    assert.equal(supervisor.phase, "starting");
    await host.children[1]!.ready();
    assert.equal(supervisor.phase, "running");
    await supervisor.running;
  });

  test("ends with code 3 if a worker dies before it is ready (process:P-059, P-060)", async () => {
    for (const code of [3, 1, 0]) {
      const { host, supervisor } = await begin(2);
      host.children[1]!.exit(code);
      assert.equal(await supervisor.finished, 3);
      assert.deepEqual(host.children[0]!.received, ["start", "drain"]);
      assert.ok(
        host.lines.includes(
          "error Child process [101] failed to start, stopping the parent process.",
        ),
      );
      assert.equal(host.children.length, 2);
    }
  });

  test("ends with code 3 if no process can be made", async () => {
    const host = new FakeHost();
    host.spawnError = new Error("no more processes");
    const supervisor = new Supervisor(planOf(1), host, host.logger);
    supervisor.start();
    assert.equal(await supervisor.finished, 3);
    assert.deepEqual(host.takeLines(), [
      "warning Child process of worker 0 died: no more processes",
      "error Child process of worker 0 failed to start, stopping the parent process.",
    ]);
  });

  test("ends with code 3 if a worker is not ready in time", async () => {
    const { host, supervisor } = await begin(1, { readyMs: 1000 });
    await host.advance(1000);
    assert.equal(await supervisor.finished, 3);
    assert.ok(
      host.lines.includes(
        "error Child process [100] was not ready in 1 seconds. Killing it.",
      ),
    );
  });
});

describe("health", () => {
  test("a worker that answers is left alone", async () => {
    const { host } = await running(1);
    await host.advance(60_000);
    assert.deepEqual(host.children[0]!.received, ["start"]);
  });

  test("a worker that does not answer is killed and replaced (process:P-058)", async () => {
    const { host } = await running(1);
    host.children[0]!.answers = false;
    await host.advance(5750);
    assert.equal(host.children.length, 1);
    await host.advance(500);
    assert.deepEqual(host.children[0]!.received, ["start", "SIGKILL"]);
    assert.deepEqual(host.takeLines(), [
      "error Child process [100] has not answered for 5 seconds: its event loop is blocked, or " +
      "it was stopped. Killing it.",
      "info Waiting for child process [100]",
      "warning Child process [100] died: signal SIGKILL",
    ]);
    assert.equal(host.children.length, 2);
  });

  test("a worker that starts may compute for long", async () => {
    const { host } = await begin(1);
    host.children[0]!.answers = false;
    await host.advance(59_000);
    assert.deepEqual(host.children[0]!.received, ["start"]);
  });

  test("time in which the parent stood still counts for nobody", async () => {
    const { host } = await running(1);
    host.children[0]!.answers = false;
    await host.advance(1250);
    host.clock.block(3_600_000);
    await settle();
    assert.deepEqual(host.children[0]!.received, ["start"]);
  });

  test("a late answer is as good as a punctual one", async () => {
    const { host, supervisor } = await running(1);
    const child = host.children[0]!;
    child.answers = false;
    await host.advance(5000);
    assert.equal(supervisor.pool.workers[0]!.isResponding, false);
    child.answers = true;
    child.tell({ kind: "pong", id: 1, vitals: { memoryBytes: 0 } });
    await host.advance(5000);
    assert.deepEqual(child.received, ["start"]);
    assert.equal(supervisor.pool.workers[0]!.isResponding, true);
  });

  test("what is no message of ours changes nothing", async () => {
    const { host, supervisor } = await running(1);
    for (const data of [null, 7, "ready", {}, { kind: "toString" }]) {
      host.children[0]!.tell(data);
    }
    assert.equal(supervisor.phase, "running");
  });
});

describe("deaths", () => {
  test("a worker is started again in its seat, and its end is told", async () => {
    const scene = await running(2);
    const { host } = scene;
    host.children[0]!.exit(null, "SIGKILL");
    await settle();
    assert.deepEqual(host.takeLines(), [
      "warning Child process [100] died: signal SIGKILL",
    ]);
    assert.equal(host.children[2]!.index, 0);
    await host.children[2]!.ready();
    assert.deepEqual(pids(scene), [102, 101]);
  });

  test("a death before readiness keeps the others, once all were ready", async () => {
    const { host, supervisor } = await running(2);
    host.children[0]!.exit(1);
    await settle();
    host.children[2]!.exit(1);
    await settle();
    assert.equal(supervisor.phase, "running");
    assert.deepEqual(host.takeLines(), [
      "warning Child process [100] died: exit code 1",
      "warning Child process [102] died: exit code 1",
      "warning Worker 0 dies again and again: starting it in 0.5 seconds",
    ]);
    assert.equal(host.children.length, 3);
    await host.advance(500);
    assert.equal(host.children.length, 4);
  });

  test("a fork bomb of restarts is bounded", async () => {
    const { host, supervisor } = await running(1);
    let seen = 0;
    for (let passed = 0; passed < 120_000; passed += 250) {
      for (; seen < host.children.length; seen++) host.children[seen]!.exit(1);
      await host.advance(250);
    }
    assert.ok(host.children.length < 15, `${host.children.length} processes`);
    assert.equal(supervisor.phase, "running");
  });

  test("a worker that ended in order is no reason to worry (process:P-061, P-062)", async () => {
    const { host } = await running(1);
    host.children[0]!.exit(0);
    await settle();
    assert.deepEqual(host.takeLines(), [
      "info Child process [100] died: exit code 0",
    ]);
    assert.equal(host.children.length, 2);
  });
});

describe("the end", () => {
  test("drains all workers and has code 0 (process:P-063)", async () => {
    const { host, supervisor } = await running(2);
    supervisor.drain();
    assert.equal(await supervisor.finished, 0);
    assert.deepEqual(host.takeLines(), [
      "info Terminated child process [100]",
      "info Terminated child process [101]",
      "info Waiting for child process [100]",
      "info Waiting for child process [101]",
    ]);
    assert.equal(host.children.length, 2);
    assert.equal(host.clock.isTicking, false);
  });

  test("has code 1 if an application could not be ended in order", async () => {
    const { host, supervisor } = await running(2);
    host.children[0]!.obeys = false;
    supervisor.drain();
    host.children[0]!.exit(1);
    assert.equal(await supervisor.finished, 1);
    assert.ok(
      host.lines.includes("warning Child process [100] ended: exit code 1"),
    );
  });

  test("has code 0 if a worker was dead before it could hear of it", async () => {
    const { host, supervisor } = await running(2);
    // Its death is on the way: the kernel delivers SIGTERM before SIGCHLD.
    Object.assign(host.children[0]!, { obeys: false, answers: false });
    supervisor.drain();
    host.children[0]!.exit(null, "SIGKILL");
    assert.equal(await supervisor.finished, 0);
    assert.ok(
      host.lines.includes("warning Child process [100] ended: signal SIGKILL"),
    );
  });

  test("is not waited for without limit", async () => {
    const { host, supervisor } = await running(1);
    host.children[0]!.obeys = false;
    supervisor.drain();
    await host.advance(29_500);
    assert.equal(supervisor.phase, "stopping");
    await host.advance(750);
    assert.equal(await supervisor.finished, 1);
    assert.ok(
      host.lines.includes(
        "error Child process [100] did not end in time. Killing it.",
      ),
    );
  });

  test("finds a worker that hangs while it drains", async () => {
    const { host, supervisor } = await running(1);
    Object.assign(host.children[0]!, { obeys: false, answers: false });
    supervisor.drain();
    await host.advance(6500);
    assert.equal(supervisor.phase, "finished");
  });

  test("can be forced; a second later whoever is left is killed (process:P-066)", async () => {
    const { host, supervisor } = await running(2);
    for (const child of host.children) child.obeys = false;
    supervisor.drain();
    supervisor.stop();
    host.children[0]!.exit(0);
    await host.advance(750);
    assert.equal(supervisor.phase, "stopping");
    await host.advance(500);
    assert.equal(await supervisor.finished, 0);
    assert.deepEqual(
      host.children[1]!.received,
      ["start", "drain", "stop", "SIGKILL"],
    );
  });

  test("forced twice kills at once", async () => {
    const { host, supervisor } = await running(1);
    host.children[0]!.obeys = false;
    supervisor.stop();
    supervisor.stop();
    assert.equal(await supervisor.finished, 0);
  });

  test("does not wait for a start that waits for its time", async () => {
    const { host, supervisor } = await running(1);
    host.children[0]!.exit(1);
    await settle();
    host.children[1]!.exit(1);
    await settle();
    supervisor.drain();
    assert.equal(await supervisor.finished, 0);
    await host.advance(10_000);
    assert.equal(host.children.length, 2);
  });

  test("takes a worker along whose process comes late", async () => {
    const host = new FakeHost();
    const supervisor = new Supervisor(planOf(1), host, host.logger);
    supervisor.start();
    supervisor.drain();
    assert.equal(await supervisor.finished, 0);
    assert.deepEqual(host.children[0]!.received, ["SIGKILL"]);
  });
});

/** Lets each child that starts become ready, until nothing starts any more. */
async function letAllBecomeReady(host: FakeHost, from: number): Promise<void> {
  for (let at = from; at < host.children.length; at++) {
    await host.children[at]!.ready();
    await settle();
  }
}

describe("a rolling restart", () => {
  const same = (count: number) => () => Promise.resolve(planOf(count));

  test("has the new worker ready before the old one is told to end (process:P-067)", async () => {
    const scene = await running(2);
    const { host, supervisor } = scene;
    const done = supervisor.restart(same(2));
    await settle();
    assert.equal(host.children.length, 3);
    assert.deepEqual(host.children[0]!.received, ["start"]);
    await host.children[2]!.ready();
    assert.deepEqual(host.children[0]!.received, ["start", "drain"]);
    await settle();
    assert.equal(host.children.length, 4);
    await host.children[3]!.ready();
    assert.equal(await done, true);
    assert.deepEqual(pids(scene), [102, 103]);
    assert.deepEqual(host.takeLines(), [
      "info Terminated child process [100]",
      "info Waiting for child process [100]",
      "info Terminated child process [101]",
      "info Waiting for child process [101]",
    ]);
  });

  test("waits for the end of each before the next one starts", async () => {
    const { host, supervisor } = await running(2);
    host.children[0]!.obeys = false;
    void supervisor.restart(same(2));
    await settle();
    await host.children[2]!.ready();
    await host.advance(5000);
    assert.equal(host.children.length, 3);
    host.children[0]!.exit(0);
    await settle();
    assert.equal(host.children.length, 4);
  });

  test("keeps the old worker and plan if the new one fails (process:P-068)", async () => {
    const scene = await running(2);
    const { host, supervisor } = scene;
    const broken = planOf(2);
    const done = supervisor.restart(() => Promise.resolve(broken));
    await settle();
    host.children[2]!.exit(3);
    assert.equal(await done, false);
    assert.deepEqual(pids(scene), [100, 101]);
    assert.deepEqual(host.takeLines(), [
      "error New child process [102] was not ready in time; keeping worker [100] and aborting " +
      "the restart. It ended with exit code 3.",
    ]);
    host.children[1]!.exit(1);
    await settle();
    assert.notEqual(host.children[3]!.plan, broken);
  });

  test("refills a seat with the old plan whose worker died while its successor failed", async () => {
    const { host, supervisor } = await running(1);
    const broken = planOf(1);
    void supervisor.restart(() => Promise.resolve(broken));
    await settle();
    host.children[0]!.exit(1);
    await settle();
    assert.equal(host.children.length, 2);
    host.children[1]!.exit(3);
    await settle();
    await settle();
    assert.equal(host.children.length, 3);
    assert.notEqual(host.children[2]!.plan, broken);
    assert.equal(supervisor.phase, "running");
  });

  test("does not begin with sources that are wrong", async () => {
    const { host, supervisor } = await running(1);
    const isDone = await supervisor.restart(() =>
      Promise.reject(new ConfigError("Cannot read this"))
    );
    assert.equal(isDone, false);
    assert.equal(host.children.length, 1);
    assert.deepEqual(host.takeLines(), [
      "error Cannot restart: Cannot read this. Keeping the workers as they are.",
    ]);
  });

  test("asked for again and again becomes one more round", async () => {
    const { host, supervisor } = await running(1);
    let reads = 0;
    const read = () => {
      reads++;
      return Promise.resolve(planOf(1));
    };
    const rounds = [supervisor.restart(read)];
    await settle();
    for (let at = 0; at < 5; at++) rounds.push(supervisor.restart(read));
    await letAllBecomeReady(host, 1);
    assert.deepEqual(await Promise.all(rounds), Array(6).fill(true));
    assert.equal(reads, 2);
    assert.equal(host.children.length, 3);
  });

  test("is given up when all are to end (process:P-069)", async () => {
    const { host, supervisor } = await running(2);
    const done = supervisor.restart(same(2));
    await settle();
    supervisor.drain();
    assert.equal(await done, false);
    assert.equal(await supervisor.finished, 0);
    assert.equal(host.children.length, 3);
    assert.deepEqual(host.children[2]!.received, ["start", "drain"]);
    assert.equal(await supervisor.restart(same(2)), false);
  });

  test("follows a changed number of workers, and keeps what signals had added", async () => {
    const { host, supervisor } = await running(2);
    supervisor.grow();
    await settle();
    await host.children[2]!.ready();
    const done = supervisor.restart(same(4));
    await settle();
    await letAllBecomeReady(host, 3);
    assert.equal(await done, true);
    assert.equal(supervisor.pool.seats.length, 5);
    const back = supervisor.restart(same(1));
    await settle();
    await letAllBecomeReady(host, 8);
    assert.equal(await back, true);
    assert.equal(supervisor.pool.seats.length, 2);
  });

  test("takes a seat in whose worker has just died", async () => {
    const scene = await running(1);
    const { host, supervisor } = scene;
    host.children[0]!.exit(1);
    await settle();
    host.children[1]!.exit(1);
    await settle();
    const done = supervisor.restart(same(1));
    await settle();
    await host.children[2]!.ready();
    assert.equal(await done, true);
    await host.advance(10_000);
    assert.deepEqual(pids(scene), [102]);
    assert.equal(host.children.length, 3);
  });
});

describe("single workers", () => {
  test("are replaced when they have served enough; the new one is ready first", async () => {
    const scene = await running(2);
    const { host } = scene;
    host.children[1]!.tell({ kind: "spent", requests: 1000 });
    await settle();
    assert.equal(host.children[2]!.index, 1);
    assert.deepEqual(host.children[1]!.received, ["start"]);
    await host.children[2]!.ready();
    assert.deepEqual(host.children[1]!.received, ["start", "drain"]);
    assert.deepEqual(pids(scene), [100, 102]);
    assert.equal(
      host.takeLines()[0],
      "info Child process [101] has served 1000 requests: replacing it",
    );
  });

  test("are replaced one at a time", async () => {
    const { host } = await running(3);
    for (const child of [...host.children]) {
      child.tell({ kind: "spent", requests: 1 });
    }
    await settle();
    assert.equal(host.children.length, 4);
    await letAllBecomeReady(host, 3);
    assert.equal(host.children.length, 6);
  });

  test("are replaced at their age", async () => {
    const { host } = await running(1, { maxAgeMs: 3000 });
    await host.advance(2750);
    assert.equal(host.children.length, 1);
    await host.advance(500);
    assert.equal(host.children.length, 2);
    assert.deepEqual(host.takeLines(), [
      "info Child process [100] is 3 seconds old: replacing it",
    ]);
  });

  test("are replaced when they hold too much memory for five samples in a row", async () => {
    const { host } = await running(1, { maxMemoryBytes: 2 ** 20 });
    const child = host.children[0]!;
    child.vitals = { memoryBytes: 3 * 2 ** 20 };
    await host.advance(4000);
    child.vitals = { memoryBytes: 1 };
    await host.advance(1000);
    child.vitals = { memoryBytes: 3 * 2 ** 20 };
    await host.advance(4000);
    assert.equal(host.children.length, 1);
    await host.advance(1250);
    assert.equal(host.children.length, 2);
    assert.deepEqual(host.takeLines(), [
      "info Child process [100] holds 3 MiB of memory: replacing it",
    ]);
  });

  test("stay if their replacement fails, and are not tried again and again", async () => {
    const scene = await running(1, { maxAgeMs: 1000 });
    const { host } = scene;
    await host.advance(1250);
    host.children[1]!.exit(3);
    await host.advance(60_000);
    assert.deepEqual(pids(scene), [100]);
    assert.equal(host.children.length, 2);
  });
});

describe("the number of workers", () => {
  test("grows and shrinks by one, the newest first (process:P-070, P-071)", async () => {
    const scene = await running(2);
    const { host, supervisor } = scene;
    supervisor.grow();
    await settle();
    assert.equal(host.children[2]!.index, 2);
    await host.children[2]!.ready();
    assert.equal(supervisor.shrink(), true);
    assert.deepEqual(host.children[2]!.received, ["start", "drain"]);
    await settle();
    assert.deepEqual(pids(scene), [100, 101]);
    assert.equal(host.children.length, 3);
  });

  test("does not fall below one (process:P-072)", async () => {
    const { host, supervisor } = await running(1);
    assert.equal(supervisor.shrink(), false);
    assert.deepEqual(host.children[0]!.received, ["start"]);
  });

  test("lets a new worker that fails be tried later", async () => {
    const { host, supervisor } = await running(1);
    supervisor.grow();
    await settle();
    host.children[1]!.exit(1);
    await settle();
    assert.equal(supervisor.phase, "running");
    assert.equal(host.children.length, 3);
  });
});

test("requests of workers that are gone are not forgotten", async () => {
  const { host, supervisor } = await running(1);
  const child: FakeChild = host.children[0]!;
  child.vitals = { totalRequests: 12 };
  await host.advance(1500);
  child.exit(0);
  await settle();
  assert.equal(supervisor.pool.pastRequests, 12);
});
