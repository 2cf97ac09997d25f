/** Workers without processes, and a log that is an array: the parent's side in small. */
import type { Child, ChildExit } from "../../src/runtime/types.ts";
import type { Logger, LogLevel } from "../../src/logging/logger.ts";
import type { Vitals } from "../../src/supervisor/messages.ts";
import type { WorkerPlan } from "../../src/supervisor/pool.ts";
import type { SupervisorHost } from "../../src/supervisor/supervisor.ts";
import { FakeClock, settle } from "../_support/fake_clock.ts";

/** A process that does what the test says. */
export class FakeChild implements Child {
  readonly pid: number;
  readonly index: number;
  /** What it was started with. */
  readonly plan: WorkerPlan;
  readonly exited: Promise<ChildExit>;
  onMessage: ((message: unknown) => void) | undefined;
  /** Kinds of the messages it got, and signals. */
  readonly received: string[] = [];
  /** Answers pings with these. */
  vitals: Partial<Vitals> = {};
  /** Whether pings are answered. */
  answers = true;
  /** Whether it ends when it is told to. */
  obeys = true;
  readonly #exited = Promise.withResolvers<ChildExit>();

  constructor(pid: number, index: number, plan: WorkerPlan) {
    this.pid = pid;
    this.index = index;
    this.plan = plan;
    this.exited = this.#exited.promise;
  }

  send(message: unknown): boolean {
    const { kind, id } = message as { kind: string; id?: number };
    if (kind !== "ping") this.received.push(kind);
    if (kind === "ping" && this.answers) {
      const vitals = {
        connections: 0,
        requestsInProgress: 0,
        totalRequests: 0,
        memoryBytes: 0,
        loopLagMs: 0,
        ...this.vitals,
      };
      this.tell({ kind: "pong", id, vitals });
    }
    if (kind === "drain" && this.answers) this.tell({ kind: "draining" });
    if ((kind === "drain" || kind === "stop") && this.obeys) this.exit(0);
    return true;
  }

  kill(signal: string): void {
    this.received.push(signal);
    this.exit(null, signal);
  }

  /** Says something to the parent. */
  tell(message: unknown): void {
    this.onMessage?.(message);
  }

  /** Says that it is ready. */
  async ready(): Promise<void> {
    this.tell({ kind: "ready" });
    await settle();
  }

  /** Ends. */
  exit(code: number | null, signal: string | null = null): void {
    this.#exited.resolve({ code, signal });
  }
}

/** What a supervisor runs on. */
export class FakeHost implements SupervisorHost {
  readonly clock: FakeClock = new FakeClock();
  /** All that were started, in order. */
  readonly children: FakeChild[] = [];
  readonly lines: string[] = [];
  readonly logger: Logger;
  /** What the next start fails with. */
  spawnError: Error | undefined;
  readonly random = (): number => 0;

  constructor() {
    const log = (level: LogLevel) => (message: string) =>
      void this.lines.push(`${level} ${message}`);
    this.logger = {
      name: "tricorn",
      isEnabled: () => true,
      critical: log("critical"),
      error: log("error"),
      warning: log("warning"),
      info: log("info"),
      debug: log("debug"),
      trace: log("trace"),
    };
  }

  readonly monotonicMs = (): number => this.clock.nowMs;
  readonly every = (ms: number, callback: () => void): () => void =>
    this.clock.every(ms, callback);
  readonly startTimer = (ms: number, callback: () => void): () => void => {
    const stop = this.clock.every(ms, () => {
      stop();
      callback();
    });
    return stop;
  };

  spawn(index: number, plan: WorkerPlan): Promise<Child> {
    if (this.spawnError !== undefined) return Promise.reject(this.spawnError);
    const child = new FakeChild(100 + this.children.length, index, plan);
    this.children.push(child);
    return Promise.resolve(child);
  }

  /** Lets time pass in steps that are looked at, and what follows from it happen. */
  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.clock.advance(Math.min(250, ms - passed));
      await settle();
    }
  }

  /** Those that have not ended, by their index. */
  of(index: number): FakeChild {
    return this.children.findLast((child) => child.index === index)!;
  }

  /** Takes the lines so far, those at level debug left out. */
  takeLines(): string[] {
    return this.lines.splice(0).filter((line) => !line.startsWith("debug"));
  }
}

/** A plan for `count` workers. */
export function planOf(
  count: number,
  rules: Partial<WorkerPlan["rules"]> = {},
): WorkerPlan {
  return {
    count,
    message: { kind: "start", app: "main:app", options: {}, sockets: [] },
    rules: {
      healthMs: 5000,
      readyMs: 60_000,
      endMs: 30_000,
      maxAgeMs: Infinity,
      maxAgeJitterMs: 0,
      maxMemoryBytes: Infinity,
      ...rules,
    },
    env: {},
  };
}
