/**
 * A client that wants a server to come to harm: it runs the plans of _hostile_plans.ts over TCP, TLS
 * or UNIX sockets, many at a time, and leaves no socket of its own behind. What it tells is only what
 * it saw; whether the server has kept anything is for the test to find out.
 *
 * Clocks only bound the waiting: no outcome is right or wrong because of its time.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { Mailbox } from "../_support/mailbox.ts";
import {
  type HostilePaths,
  type HostilePlan,
  type HostileStep,
  MAX_PLAN_MS,
  planExchange,
} from "./_hostile_plans.ts";

/** One connection to the server, perhaps not established yet. */
export interface HostileConnection {
  /** What is spoken through; half-open. */
  readonly socket: Socket;
  /** What lies below, if that is another one: a reset is sent there. */
  readonly below?: Socket;
}

/** Where the server is. */
export type HostileTarget =
  & (
    | { readonly host: string; readonly port: number }
    | { readonly path: string }
  )
  & {
    /** Speaks TLS; any certificate is believed. `false` or absent: plain. */
    readonly tls?: boolean;
  };

/** What a run does. */
export interface HostileRun {
  /** Where the server is, or how to connect to it. */
  readonly connect: HostileTarget | (() => HostileConnection | Socket);
  /** The same seed gives the same exchanges. */
  readonly seed: number;
  /** How many, unless time runs out. */
  readonly exchanges: number;
  /** The first one: to repeat one alone, its number here and 1 as `exchanges`. Default: 0. */
  readonly first?: number;
  /** How many at a time; at least 1. */
  readonly concurrency: number;
  /** No exchange begins after this time, in milliseconds. */
  readonly maxMs: number;
  /** Default: `/` for all. */
  readonly paths?: Partial<HostilePaths>;
}

/** What came of a run. */
export interface HostileResult {
  /** Exchanges that were begun; all have ended. */
  readonly exchanges: number;
  /**
   * How often what happened: `<kind>: <status>, <end>`. The status is that of the first response, or
   * `nothing`; the end is `left` where this side ended it, `fin`, `reset`, or `unconnected`.
   */
  readonly outcomes: Record<string, number>;
}

/** Beyond the plan's own waits: until the connection stands, and for what the plan did not count. */
const GRACE_MS = 200;
/** For closed sockets to say so. */
const CLOSING_MS = 2_000;

/** Runs exchanges against a server. Rejects only if it is used wrongly. */
export async function runHostile(run: HostileRun): Promise<HostileResult> {
  const { seed, exchanges, first = 0, concurrency, maxMs } = run;
  const paths = { small: "/", large: "/", webSocket: "/", ...run.paths };
  const outcomes: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  const end = performance.now() + maxMs;
  let begun = 0;
  const work = async () => {
    while (begun < exchanges && performance.now() < end) {
      const plan = planExchange(seed, first + begun++, paths);
      const exchange = new Exchange(run.connect);
      open.add(exchange.closed);
      void exchange.closed.then(() => open.delete(exchange.closed));
      const outcome = `${plan.kind}: ${await exchange.run(plan)}`;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  await within(Promise.all(open), CLOSING_MS);
  return { exchanges: begun, outcomes };
}

function within(work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}

/** Connects as a target says. */
export function connectTo(target: HostileTarget): HostileConnection {
  const below = connectTcp({
    ..."path" in target
      ? { path: target.path }
      : { host: target.host, port: target.port },
    allowHalfOpen: true,
  });
  if (target.tls !== true) return { socket: below };
  const options: object = {
    socket: new Passage(below),
    // Nothing is entrusted to this server.
    rejectUnauthorized: false,
    servername: "localhost",
    ALPNProtocols: ["http/1.1"],
    allowHalfOpen: true,
  };
  const socket = connectTls(options as ConnectionOptions);
  return { socket, below };
}

/**
 * A socket as a stream of its own: TLS on Node 24.21 takes the handle of a plain socket, and the
 * process dies of SIGSEGV when that is reset.
 */
class Passage extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      if (!this.push(bytes)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(bytes, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.destroy();
    done(error);
  }
}

/** One plan on one connection. */
class Exchange {
  /** Resolves when every socket of it is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #below: Socket;
  #received = 0;
  #start = "";
  #isConnected = false;
  #end: "fin" | "reset" | "left" | undefined;
  #isFinished = false;
  readonly #mailbox = new Mailbox();

  constructor(connect: HostileRun["connect"]) {
    const made = typeof connect === "function" ? connect() : connectTo(connect);
    const { socket, below = socket } = "socket" in made
      ? made as HostileConnection
      : { socket: made as Socket };
    this.#socket = socket;
    this.#below = below;
    const standing = socket === below ? "connect" : "secureConnect";
    socket.on(standing, () => {
      this.#isConnected = true;
      this.#mailbox.notify();
    });
    socket.on("data", (bytes: Uint8Array) => {
      this.#received += bytes.length;
      if (this.#start.length < 16) {
        this.#start += String.fromCharCode(...bytes.subarray(0, 16));
      }
      this.#mailbox.notify();
    });
    socket.on("drain", () => this.#mailbox.notify());
    for (const each of new Set([socket, below])) {
      each.on("end", () => this.#ended("fin"));
      each.on("error", () => this.#ended("reset"));
    }
    this.closed = Promise.all(
      [...new Set([socket, below])].map((each) =>
        new Promise<void>((resolve) => {
          if (each.closed) resolve();
          else each.on("close", () => resolve());
        })
      ),
    ).then(() => {
      this.#ended("reset");
    });
  }

  #ended(how: "fin" | "reset"): void {
    this.#end ??= how;
    this.#mailbox.notify();
  }

  /** Resolves once `isTrue`, or after `ms`. */
  async #until(isTrue: () => boolean, ms: number): Promise<void> {
    await this.#mailbox.until(() => isTrue() || undefined, ms);
  }

  /** Does what the plan says and closes. @returns What came of it. */
  async run(plan: HostilePlan): Promise<string> {
    const limit = setTimeout(() => this.#leave(), MAX_PLAN_MS + GRACE_MS);
    try {
      if (!plan.isEarly) {
        await this.#until(
          () => this.#isConnected || this.#end !== undefined,
          GRACE_MS,
        );
        if (!this.#isConnected) return "nothing, unconnected";
      }
      for (const step of plan.steps) {
        if (this.#isFinished) break;
        await this.#do(step);
      }
      return `${this.#status}, ${this.#end ?? "left"}`;
    } finally {
      clearTimeout(limit);
      this.#leave();
    }
  }

  get #status(): string {
    const [, status] = /^HTTP\/1\.\d (\d{3})/.exec(this.#start) ?? [];
    return status ?? (this.#received === 0 ? "nothing" : "noise");
  }

  async #do(step: HostileStep): Promise<void> {
    switch (step.do) {
      case "send":
        if (this.#socket.writable && step.bytes.length > 0) {
          this.#socket.write(step.bytes);
        }
        if (step.flushes === undefined) return;
        return await this.#until(
          () => this.#socket.writableLength === 0 || this.#end !== undefined,
          step.flushes,
        );
      case "wait":
        if (step.ms > 0) return await sleep(step.ms);
        return await new Promise((resolve) => setImmediate(resolve));
      case "await":
        return await this.#until(
          () => this.#received >= step.bytes || this.#end !== undefined,
          step.ms,
        );
      case "pause":
        return void this.#socket.pause();
      case "resume":
        return void this.#socket.resume();
      case "halfClose":
        return void this.#socket.end();
      case "reset":
        this.#isFinished = true;
        this.#end ??= "left";
        if (canReset(this.#below)) this.#below.resetAndDestroy();
        return void this.#socket.destroy();
      case "vanish":
        this.#end ??= "left";
        return this.#leave();
    }
  }

  #leave(): void {
    this.#isFinished = true;
    this.#socket.destroy();
    this.#below.destroy();
    this.#mailbox.notify();
  }
}

/**
 * A UNIX socket has no RST, and Node throws. While a FIN is on its way Node 24.21 refuses too, and
 * never closes the handle.
 */
function canReset(socket: Socket): boolean {
  return socket.remoteAddress !== undefined &&
    (!socket.writableEnded || socket.writableFinished);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
