/** What the process tests start: one scenario each, named by the first argument. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { resolveTarget, runtime } from "../../src/runtime/mod.ts";
import type { SignalName, Transport } from "../../src/runtime/types.ts";

const [scenario, ...rest] = runtime.args;
const say = (line: string): void => runtime.stdout.write(`${line}\n`);

const SCENARIOS: Record<string, () => Promise<void> | void> = {
  args: () => say(JSON.stringify(rest)),

  exit: () => {
    say("x".repeat(300_000));
    runtime.exit(Number(rest[0]));
  },

  /** Counts signals until `rest[1]` of them came, then lets the next one kill. */
  signals: async () => {
    const [signal, count] = [rest[0] as SignalName, Number(rest[1])];
    let heard = 0;
    const done = new Promise<void>((resolve) => {
      const stop = runtime.onSignal(signal, () => {
        say(`heard ${++heard}`);
        if (heard < count) return;
        stop();
        resolve();
      });
    });
    say("ready");
    const keep = setInterval(() => {}, 1000);
    await done;
    runtime.dieBySignal(signal);
    await sleep(2000);
    clearInterval(keep);
    say("survived");
  },

  /** Handlers and intervals alone do not keep a process. */
  idle: () => {
    runtime.onSignal("SIGTERM", () => {});
    runtime.onSignal("SIGBREAK", () => {});
    runtime.every(10, () => {});
    say("idle");
  },

  /** Nor does a listener without a reference; with one again it does. */
  unref: async () => {
    const transport: Transport = rest[0] === "node"
      ? runtime.transports.node
      : runtime.transports.native;
    const listener = await transport.bind(
      { kind: "tcp", host: "127.0.0.1", port: 0 },
      { backlog: 1 },
    );
    listener.accept(
      () => {
        throw new Error("Cannot happen: nobody connects");
      },
    );
    listener.unref();
    if (rest[1] === "ref") listener.ref();
    say("listening");
  },

  /** Writes to an output that may be closed or full; tells the tale on stderr. */
  flood: () => {
    const line = "y".repeat(99) + "\n";
    for (let i = 0; i < Number(rest[0]); i++) runtime.stdout.write(line);
    runtime.stdout.write("z".repeat(200_000) + "\n");
    runtime.stderr.write("alive\n");
    runtime.exit(3);
  },

  /** Breaks in the way that `rest[0]` names, with or without anybody who hears of it. */
  uncaught: async () => {
    const stop = runtime.onUncaught((error, kind) => say(`${kind} ${error}`));
    if (rest[1] === "off") stop();
    const fail = (): never => {
      throw new Error("broken");
    };
    const ways: Record<string, () => void> = {
      reject: () => void Promise.reject(new Error("broken")),
      rejectWithNothing: () => void Promise.reject(),
      timer: () => void setTimeout(fail),
      microtask: () => queueMicrotask(fail),
      abortListener() {
        const controller = new AbortController();
        controller.signal.addEventListener("abort", fail);
        setTimeout(() => controller.abort());
      },
      eventListener() {
        const target = new EventTarget();
        target.addEventListener("it", fail);
        setTimeout(() => target.dispatchEvent(new Event("it")));
      },
      emitter() {
        const emitter = new EventEmitter();
        setTimeout(() => emitter.emit("error", new Error("broken")));
      },
    };
    ways[rest[0]!]!();
    await sleep(100);
    say("lives");
  },

  /** Writes to an output that nobody reads until stdin says so; tells of it on stderr. */
  stuck: async () => {
    const tell = (line: string): void => runtime.stderr.write(`${line}\n`);
    runtime.stdout.onDropped = (lines) => tell(`dropped ${lines}`);
    const count = Number(rest[0]);
    for (let i = 0; i < count; i++) say(`${i} ${"y".repeat(90)}`);
    tell("written");
    await new Promise((resolve) => process.stdin.once("data", resolve));
    // Whoever reads again is told of what is new, too.
    for (let i = 0; i < 100; i++) {
      await sleep(20);
      say(`later ${i}`);
    }
    runtime.exit(0);
  },

  capacity: async () => say(JSON.stringify(await runtime.capacity())),

  env: () => say(String(runtime.env("TRICORN_TEST_ENV"))),

  listen: async () => {
    const target = rest[1] === "unix"
      ? { kind: "unix", path: rest[2] } as const
      : { kind: "tcp", host: rest[2], port: Number(rest[3]) } as const;
    const transport = rest[0] === "node"
      ? runtime.transports.node
      : runtime.transports.native;
    try {
      const [first] = await resolveTarget(target);
      const listener = await transport.bind(first!, { backlog: 1 });
      await listener.close();
      say("listened");
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      say(`${code} ${message}`);
    }
  },
};

await SCENARIOS[scenario]();
