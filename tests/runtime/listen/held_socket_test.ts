/** Sockets that are held for children: who waits is answered, whatever becomes of the children. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { constants, existsSync, readFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ListenError } from "../../../src/errors.ts";
import { runtime } from "../../../src/runtime/mod.ts";
import { childCommand } from "../../../src/runtime/process/child_command.ts";
import { spawnChild } from "../../../src/runtime/process/children.ts";
import type {
  Address,
  Child,
  HeldSocket,
  ListenTarget,
  Transport,
} from "../../../src/runtime/types.ts";
import { SWITCH } from "../../../src/runtime/node/internals/fence.ts";
import { commandLine } from "../../_support/this_runtime.ts";
import { label, TRANSPORTS, withDirectory } from "../_wire.ts";

const OPTIONS = { backlog: 64 };
const SHARER = fileURLToPath(new URL("_sharer.ts", import.meta.url));
const skip = process.platform === "win32";

/** A child of the test, with the descriptor of `held` and the means to talk with it. */
class Sharer {
  readonly child: Child;
  readonly #messages: unknown[] = [];
  #waiting: ((message: unknown) => void) | undefined;

  constructor(child: Child) {
    this.child = child;
    child.onMessage = (message) => {
      if (this.#waiting === undefined) this.#messages.push(message);
      else this.#waiting(message);
    };
  }

  static async start(
    held: HeldSocket,
    transport: Transport["name"],
  ): Promise<Sharer> {
    const sharer = new Sharer(
      await spawnChild({
        args: [],
        env: {},
        descriptors: [held.descriptor!],
      }, childCommand(SHARER)),
    );
    const { address } = held;
    sharer.child.send({ kind: "bind", address, transport });
    assert.deepEqual(await sharer.hears(), { bound: address });
    return sharer;
  }

  async accept(): Promise<void> {
    this.child.send({ kind: "accept" });
    assert.deepEqual(await this.hears(), { accepting: true });
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
  }

  async hears(): Promise<unknown> {
    const message = this.#messages.shift() ??
      await Promise.race([
        new Promise((resolve) => this.#waiting = resolve),
        this.child.exited.then((end) => ({ end })),
      ]);
    this.#waiting = undefined;
    return message;
  }
}

/** Connects, and resolves once that has happened; then to what comes until the end. */
function client(address: Address): {
  readonly connected: Promise<void>;
  readonly answer: Promise<string>;
} {
  const socket = address.kind === "tcp"
    ? net.connect(address.port, address.host === "::" ? "::1" : address.host)
    : net.connect(address.path);
  let text = "";
  socket.setEncoding("utf8").on("data", (part) => text += part);
  const failed = new Promise<never>((_resolve, reject) =>
    socket.once("error", reject)
  );
  failed.catch(() => {});
  const connected = new Promise<void>((resolve) =>
    socket.once("connect", resolve)
  );
  const answer = new Promise<string>((resolve) =>
    socket.once("close", () => resolve(text))
  );
  return { connected: Promise.race([connected, failed]), answer };
}

/** `count` clients that are connected. */
async function queue(
  address: Address,
  count: number,
): Promise<Promise<string>[]> {
  const clients = Array.from({ length: count }, () => client(address));
  await Promise.all(clients.map(({ connected }) => connected));
  return clients.map(({ answer }) => answer);
}

async function answersOf(answers: readonly Promise<string>[]) {
  return new Set(await Promise.all(answers));
}

const PLACES: Readonly<Record<string, (directory: string) => ListenTarget>> = {
  "127.0.0.1": () => ({ kind: "tcp", host: "127.0.0.1", port: 0 }),
  "::1": () => ({ kind: "tcp", host: "::1", port: 0 }),
  "every interface": () => ({ kind: "tcp", host: "", port: 0 }),
  "a UNIX path": (directory) => ({
    kind: "unix",
    path: join(directory, "app.sock"),
  }),
};

for (const transport of TRANSPORTS) {
  // Deno's own sockets cannot be given a descriptor.
  if (transport.name === "native" && runtime.name === "deno") continue;
  // One of each kind: every child is a process that has to start.
  for (const place of ["every interface", "a UNIX path"] as const) {
    const targetIn = PLACES[place]!;
    const name = label(transport.name).replace("[deno] ", "");
    test(`${name}: who waits on ${place} is answered by the next child`, {
      skip,
    }, () =>
      withDirectory(async (directory) => {
        const target = targetIn(directory);
        const held = await runtime.holdSocket(target, OPTIONS);
        const children: Sharer[] = [];
        try {
          const before = await queue(held.address, 10);
          const first = await Sharer.start(held, transport.name);
          children.push(first);
          await first.accept();
          assert.deepEqual(
            await answersOf(before),
            new Set([String(first.child.pid)]),
          );
          await first.kill();

          // Bound, and still it takes nothing.
          const second = await Sharer.start(held, transport.name);
          children.push(second);
          const between = await queue(held.address, 10);
          await second.kill();
          const third = await Sharer.start(held, transport.name);
          const idle = await Sharer.start(held, transport.name);
          children.push(third, idle);
          await third.accept();
          const after = await queue(held.address, 10);
          assert.deepEqual(
            await answersOf([...between, ...after]),
            new Set([String(third.child.pid)]),
          );
        } finally {
          await Promise.all(children.map((one) => one.kill()));
          await held.close();
        }
        await assert.rejects(client(held.address).connected);
        if (target.kind === "unix") assert.ok(!existsSync(target.path));
      }));
  }
}

describe("an address that is held", { skip }, () => {
  for (const [place, targetIn] of Object.entries(PLACES)) {
    test(`cannot be bound again: ${place}`, () =>
      withDirectory(async (directory) => {
        const target = targetIn(directory);
        const held = await runtime.holdSocket(target, OPTIONS);
        const { address } = held;
        const again = address.kind === "tcp" ? address : target;
        const isInUse = (error: unknown) =>
          error instanceof ListenError && error.code === "EADDRINUSE";
        await assert.rejects(runtime.holdSocket(again, OPTIONS), isInUse);
        for (const transport of TRANSPORTS) {
          await assert.rejects(transport.bind(again, OPTIONS), isInUse);
        }
        await held.close();
        await held.close();
        const next = await runtime.holdSocket(again, OPTIONS);
        assert.deepEqual(next.address, address);
        await next.close();
      }));
  }

  test("by somebody else is an error that names it", async () => {
    const target = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    const transport = runtime.transports.node;
    const other = await transport.bind(target, OPTIONS);
    await assert.rejects(
      runtime.holdSocket(other.address as ListenTarget, OPTIONS),
      /^ListenError: Cannot listen on 127\.0\.0\.1:\d+: address already in use/,
    );
    await other.close();
  });
});

test(
  "an inherited socket is held as it is",
  { skip },
  () =>
    withDirectory(async (directory) => {
      for (const targetIn of Object.values(PLACES)) {
        const first = await runtime.holdSocket(targetIn(directory), OPTIONS);
        const fd = first.descriptor!;
        const held = await runtime.holdSocket({ kind: "fd", fd }, OPTIONS);
        assert.deepEqual(held.descriptor, fd);
        if (held.address.kind === "tcp") {
          assert.deepEqual(held.address, first.address);
        }
        await held.close();
        const [answer] = await queue(first.address, 1);
        const sharer = await Sharer.start(first, "node");
        await sharer.accept();
        assert.equal(await answer, String(sharer.child.pid));
        await sharer.kill();
        await first.close();
      }
    }),
);

test("what is no socket cannot be held", { skip }, async () => {
  await assert.rejects(
    runtime.holdSocket({ kind: "fd", fd: 2_000 }, OPTIONS),
    /Cannot listen on file descriptor 2000: it is not open/,
  );
  await assert.rejects(
    runtime.holdSocket({ kind: "server", server: {} }, OPTIONS),
    /other processes cannot accept from it/,
  );
});

test("an address that this machine lacks is an error that names it", async () => {
  await assert.rejects(
    runtime.holdSocket({ kind: "tcp", host: "192.0.2.1", port: 0 }, OPTIONS),
    /Cannot listen on 192\.0\.2\.1:0: this machine has no such address/,
  );
});

/** Runs `_holder.ts`, step by step; it is gone afterwards, whatever happens. */
async function withHolder(
  flags: readonly string[],
  internals: string,
  use: (next: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const command = commandLine("tests/runtime/listen/_holder.ts");
  const args = command.args.flatMap((arg) =>
    arg === "-A" ? ["--no-prompt", ...flags] : [arg]
  );
  const raw = spawn(command.program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, [SWITCH]: internals },
  });
  const gone = new Promise((resolve) => raw.once("close", resolve));
  const lines = createInterface({ input: raw.stdout })[Symbol.asyncIterator]();
  try {
    await use(async () => {
      raw.stdin.write("next\n");
      const { value, done } = await lines.next();
      assert.ok(!done, "the holder has ended");
      return JSON.parse(value);
    });
  } finally {
    raw.kill("SIGKILL");
    await gone;
  }
}

/** Whether whoever accepts from a descriptor of another process may hang in it. */
function isBlocking(pid: number, descriptor: number): boolean {
  const text = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, "utf8");
  const flags = parseInt(/^flags:\s+([0-7]+)$/m.exec(text)![1]!, 8);
  return (flags & constants.O_NONBLOCK) === 0;
}

describe("a socket with permissions and internals", { skip }, () => {
  /** Of Deno; the others allow everything. */
  const flags = {
    all: ["-A"],
    few: [
      "--allow-net=127.0.0.1",
      "--allow-read",
      "--allow-env",
      `--allow-run=${process.execPath}`,
    ],
  } as const;
  const isLinux = process.platform === "linux";
  for (const permissions of ["all", "few"] as const) {
    for (const internals of ["on", "off"]) {
      const isPublic = {
        deno: permissions === "all" && isLinux,
        bun: true,
        node: "BoundSocket" in net,
      };
      const isHeld = internals === "on" || isPublic[runtime.name];
      test(`${permissions}, ${internals}: is held, or left to the children`, () =>
        withHolder(flags[permissions], internals, async (next) => {
          const { pid, descriptor, again } = await next() as {
            readonly pid: number;
            readonly descriptor: number | null;
            readonly again: string;
          };
          assert.equal(descriptor !== null, isHeld);
          assert.equal(again, isHeld ? "EADDRINUSE" : "free");
          const child = await next();
          if (descriptor !== null) {
            assert.deepEqual(Object.keys(child as object), ["bound"]);
            // A child that starts must not hang those that accept.
            if (isLinux) assert.equal(isBlocking(pid, descriptor), false);
          }
          assert.equal(await next(), "free");
        }));
    }
  }
});

test("permissions that children need are asked for before anything is bound", async () => {
  for (
    const [flags, missing] of [
      [["--allow-env"], `--allow-run=${process.execPath}`],
      [[`--allow-run=${process.execPath}`], "--allow-env"],
    ] as const
  ) {
    const { program, args } = commandLine("tests/runtime/listen/_holder.ts");
    const all = args.flatMap((arg) =>
      arg === "-A"
        ? ["--no-prompt", "--allow-net", "--allow-read", ...flags]
        : [arg]
    );
    const { stderr, stdout } = spawnSync(program, all, {
      encoding: "utf8",
      input: "next\n",
    });
    if (runtime.name === "deno") {
      assert.ok(
        stderr.includes(
          `ConfigError: Cannot start other processes: Deno does not allow it, run it with ${missing}`,
        ),
        stderr,
      );
    } else assert.match(stdout, /descriptor/, "others allow everything");
  }
});
