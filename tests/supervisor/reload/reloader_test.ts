/** Restarts, over server processes that the test makes and a clock that it moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChildExit } from "../../../src/runtime/types.ts";
import {
  KILL_AFTER_MS,
  Reloader,
} from "../../../src/supervisor/reload/reloader.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";

class FakeChild {
  readonly told: string[] = [];
  readonly #exited = Promise.withResolvers<ChildExit>();
  readonly exited = this.#exited.promise;
  readonly #ready = Promise.withResolvers<void>();
  readonly ready = this.#ready.promise;
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  begin(): void {
    this.told.push("begin");
  }

  drain(ms: number | undefined): void {
    this.told.push(`drain ${ms}`);
  }

  kill(): void {
    this.told.push("kill");
    this.end({ code: null, signal: "SIGKILL" });
  }

  listen(): void {
    this.#ready.resolve();
  }

  end(exit: ChildExit = { code: 0, signal: null }): void {
    this.#exited.resolve(exit);
  }
}

async function setUp() {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const log: string[] = [];
  const failures: unknown[] = [];
  const fresh: boolean[] = [];
  let found = Promise.withResolvers<readonly string[] | undefined>();
  const reloader = new Reloader({
    start(isFresh) {
      fresh.push(isFresh);
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure);
      const child = new FakeChild(children.length + 1);
      children.push(child);
      return Promise.resolve(child);
    },
    changes: {
      next: () => (found = Promise.withResolvers()).promise,
      close: () => found.resolve(undefined),
    },
    describe: (paths) => paths.join(" "),
    watcher: "Watcher",
    logger: {
      info: (message) => void log.push(`info ${message}`),
      warning: (message) => void log.push(`warning ${message}`),
      error: (message) => void log.push(`error ${message}`),
    },
    reloadMs: 1_000,
    startTimer(ms, callback) {
      const stop = clock.every(ms, () => {
        stop();
        callback();
      });
      return stop;
    },
  });
  let hasEnded = false;
  const running = reloader.run().then(() => void (hasEnded = true));
  await settle();
  const change = async (...paths: string[]) => {
    found.resolve(paths);
    await settle();
  };
  return {
    clock,
    children,
    log,
    failures,
    fresh,
    reloader,
    running,
    change,
    hasEnded: () => hasEnded,
  };
}

test("Reloader names what has changed, ends the process and starts another (process:P-083)", async () => {
  const { children, log, change } = await setUp();
  await change("a.ts", "b.ts");
  assert.deepEqual(log, [
    "warning Watcher detected changes in a.ts b.ts. Reloading...",
  ]);
  assert.deepEqual(children[0]!.told, ["begin", "drain 1000"]);
  // The other one starts meanwhile, and waits.
  assert.deepEqual(children[1]!.told, []);
  children[0]!.end();
  await settle();
  assert.deepEqual(children[1]!.told, ["begin"]);
  assert.equal(children.length, 2);
  assert.equal(log.length, 1);
});

test("Reloader kills a process that does not end in time (process:P-084)", async () => {
  const { clock, children, log, change } = await setUp();
  await change("a.ts");
  clock.advance(1_000 + KILL_AFTER_MS - 1);
  await settle();
  assert.deepEqual(children[0]!.told, ["begin", "drain 1000"]);
  clock.advance(1);
  await settle();
  assert.deepEqual(children[0]!.told, ["begin", "drain 1000", "kill"]);
  assert.equal(children.length, 2);
  assert.equal(
    log[1],
    "warning Server process [1] has not ended in time. Killing it.",
  );
});

test("Reloader restarts once more for a change during a restart", async () => {
  const { children, change } = await setUp();
  await change("a.ts");
  await change("b.ts");
  children[0]!.end();
  await settle();
  assert.equal(children.length, 3);
  assert.deepEqual(children[1]!.told, ["begin", "drain 1000"]);
  children[1]!.end();
  await settle();
  assert.equal(children.length, 3);
  assert.deepEqual(children[2]!.told, ["begin"]);
});

test("Reloader waits for a change after the process has ended by itself (process:P-085)", async () => {
  const { children, log, change } = await setUp();
  children[0]!.end({ code: 3, signal: null });
  await settle();
  assert.deepEqual(log, [
    "warning Server process [1] ended with code 3. Waiting for changes to start it again.",
  ]);
  assert.equal(children.length, 1);
  await change("a.ts");
  assert.equal(children.length, 2);
  children[1]!.end({ code: null, signal: "SIGSEGV" });
  await settle();
  assert.match(log.at(-1)!, /ended by SIGSEGV\./);
});

test("Reloader waits for a change if no process can be started", async () => {
  const { children, log, failures, change } = await setUp();
  failures.push(new Error("EAGAIN"));
  await change("a.ts");
  children[0]!.end();
  await settle();
  assert.deepEqual(log.slice(1), [
    "error Cannot start the server process: EAGAIN",
  ]);
  await change("a.ts");
  assert.equal(children.length, 2);
});

test("Reloader restarts when it is asked to, as often as it is asked", async () => {
  const { children, reloader, change } = await setUp();
  for (let round = 0; round < 2; round++) {
    reloader.restart();
    await settle();
    assert.deepEqual(children[round]!.told, ["begin", "drain 1000"]);
    children[round]!.end();
    await settle();
    assert.equal(children.length, round + 2);
  }
  await change("a.ts");
  assert.deepEqual(children[2]!.told, ["begin", "drain 1000"]);
});

test("Reloader ends the process and itself when it is stopped (process:P-086)", async () => {
  const { children, log, reloader, running, hasEnded } = await setUp();
  reloader.stop();
  await settle();
  assert.deepEqual(children[0]!.told, ["begin", "drain undefined"]);
  assert.equal(hasEnded(), false);
  children[0]!.end();
  await running;
  assert.equal(children.length, 1);
  assert.deepEqual(log, []);
});

test("Reloader does not start a process again once it was stopped", async () => {
  const { children, reloader, running, change } = await setUp();
  await change("a.ts");
  reloader.stop();
  children[0]!.end();
  await running;
  assert.deepEqual(children.map(({ told }) => told), [
    ["begin", "drain 1000"],
    ["kill"],
  ]);
});

test("Reloader kills the process when it is forced, also while that drains", async () => {
  for (const isStopped of [false, true]) {
    const { children, reloader, running } = await setUp();
    if (isStopped) {
      reloader.stop();
      await settle();
    }
    reloader.forceStop();
    await running;
    assert.equal(children[0]!.told.at(-1), "kill");
    assert.equal(children.length, 1);
  }
});

test("Reloader starts nothing any more once it is forced", async () => {
  const { children, reloader, running, change } = await setUp();
  await change("a.ts");
  children[0]!.end();
  reloader.forceStop();
  await running;
  assert.equal(children.length, 2);
  assert.deepEqual(children[1]!.told, ["kill"]);
});

test("Reloader demands a process that is started now at first, and where one is asked for", async () => {
  const { children, fresh, reloader, change } = await setUp();
  await change("a.ts");
  children[0]!.end();
  await settle();
  void reloader.restart();
  await settle();
  assert.deepEqual(fresh, [true, false, true]);
});

/** What a promise has come to by now. */
async function outcome(promise: Promise<boolean>): Promise<boolean | "none"> {
  await settle();
  return await Promise.race([promise, Promise.resolve("none" as const)]);
}

test("Reloader.restart() resolves when the new process accepts connections", async () => {
  const { children, reloader } = await setUp();
  const done = reloader.restart();
  await settle();
  children[0]!.listen(); // too late: it was told to end
  children[0]!.end();
  assert.equal(await outcome(done), "none");
  children[1]!.listen();
  assert.equal(await outcome(done), true);
});

test("Reloader.restart() counts the process that a change puts in the place of the new one", async () => {
  const { children, reloader, change } = await setUp();
  const done = reloader.restart();
  await settle();
  children[0]!.end();
  await settle();
  await change("a.ts");
  children[1]!.end();
  assert.equal(await outcome(done), "none");
  children[2]!.listen();
  assert.equal(await outcome(done), true);
});

test("Reloader.restart() is in vain if the new process ends, or cannot be started, or all ends", async () => {
  const { children, failures, reloader, running } = await setUp();
  const first = reloader.restart();
  await settle();
  children[0]!.end();
  await settle();
  children[1]!.end({ code: 3, signal: null });
  assert.equal(await outcome(first), false);
  failures.push(new Error("no"));
  assert.equal(await outcome(reloader.restart()), false);
  const third = reloader.restart();
  await settle();
  reloader.stop();
  assert.equal(await outcome(third), false);
  children[2]!.end();
  await running;
  assert.equal(await outcome(reloader.restart()), false);
});
