/** Topics between hosts, over the real servers, which are killed and started again in the middle. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { freePort } from "../_support/free_port.ts";
import { TestAuthority } from "../_support/certificates.ts";
import { needsProgram } from "../_support/needs.ts";
import { ServerProcess, spawnServer } from "../_support/spawn_server.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";
import { say, TopicListener } from "../_support/topic_client.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-channels-"));
const started = new Set<ChildProcess>();
const killAll = () => {
  for (const child of started) child.kill("SIGKILL");
};
process.on("exit", killAll);
after(() => {
  killAll();
  rmSync(folder, { recursive: true, force: true });
});

/** A broker that can be killed and started anew on the same port. */
class Broker {
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(program: string, args: readonly string[]) {
    this.#program = program;
    this.#args = args;
  }

  start(): void {
    this.#child = spawn(this.#program, this.#args, {
      cwd: folder,
      stdio: "ignore",
    });
    started.add(this.#child);
  }

  async kill(): Promise<void> {
    const child = this.#child!;
    const gone = new Promise((resolve) => child.on("exit", resolve));
    process.kill(child.pid!, "SIGKILL");
    await gone;
    started.delete(child);
  }
}

const BROKERS = {
  redis: {
    program: "redis-server",
    args: (port: number) => [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
    ],
  },
  nats: {
    program: "nats-server",
    args: (port: number) => ["-a", "127.0.0.1", "-p", String(port)],
  },
} as const;

for (const scheme of ["redis", "nats"] as const) {
  const { program, args } = BROKERS[scheme];
  describe(`--channels ${scheme}://`, { skip: needsProgram(program) }, () => {
    test("carries messages between hosts, once each, and survives the broker's death", async () => {
      const port = await freePort();
      const broker = new Broker(program, args(port));
      const url = `${scheme}://127.0.0.1:${port}`;
      const start = { app: "topics:app", args: ["--channels", url] };
      // One host starts before the broker.
      const servers = [await spawnServer(start)];
      try {
        await servers[0]!.line(
          "stderr",
          /^WARNING: {2}Topics do not reach other hosts: \w+:\/\/127\.0\.0\.1:\d+: .*\. Trying again\.$/,
        );
        broker.start();
        await servers[0]!.line("stderr", /Topics reach other hosts over /);
        servers.push(await spawnServer(start));
        const [here, there] = servers as [ServerProcess, ServerProcess];
        await there.line("stderr", /Topics reach other hosts over /);
        const listeners = [
          await TopicListener.open(here),
          await TopicListener.open(there),
        ];
        await say(here, "one");
        for (const listener of listeners) await listener.until("one");
        const lines = servers.map(({ stderr }) => stderr.length);
        await broker.kill();
        for (const [at, server] of servers.entries()) {
          await server.line("stderr", /do not reach other hosts/, lines[at]);
        }
        await say(here, "here alone");
        await listeners[0]!.until("here alone");
        await here.line("stderr", /Messages to other hosts are dropped: /);
        broker.start();
        for (const [at, server] of servers.entries()) {
          await server.line("stderr", /Connected to .* again/, lines[at]);
        }
        await say(there, "octets");
        await say(there, "two");
        for (const listener of listeners) await listener.until("two");
        assert.deepEqual(listeners.map((listener) => listener.lines), [
          ["one", "here alone", "octets 0,255", "two"],
          ["one", "octets 0,255", "two"],
        ]);
        await say(here, "three");
        await here.line("stderr", /1 message to other hosts could not be sent/);
        for (const listener of listeners) listener.close();
      } finally {
        for (const server of servers) await server.kill();
        await broker.kill().catch(() => {});
      }
    });

    test("leaves other channels and other programs alone", async () => {
      const port = await freePort();
      const broker = new Broker(program, args(port));
      broker.start();
      const url = `${scheme}://127.0.0.1:${port}`;
      const start = (channel: string) =>
        spawnServer({
          app: "topics:app",
          args: ["--channels", `${url}?channel=${channel}`],
        });
      const servers: ServerProcess[] = [];
      try {
        for (const channel of ["a", "a", "b"]) {
          servers.push(await start(channel));
          await servers.at(-1)!.line("stderr", /Topics reach other hosts/);
        }
        const [first, second, other] = servers as [
          ServerProcess,
          ServerProcess,
          ServerProcess,
        ];
        const inA = await TopicListener.open(second);
        const inB = await TopicListener.open(other);
        await say(first, "for a");
        await inA.until("for a");
        await say(other, "for b");
        await inB.until("for b");
        assert.deepEqual([inA.lines, inB.lines], [["for a"], ["for b"]]);
        inA.close();
        inB.close();
      } finally {
        for (const server of servers) await server.kill();
        await broker.kill();
      }
    });
  });
}

describe("--channels over TLS", () => {
  const authority = new TestAuthority();
  const { cert, key } = authority.server();
  for (
    const [name, text] of [["cert", cert], ["key", key], [
      "ca",
      authority.cert,
    ]] as const
  ) writeFileSync(join(folder, `${name}.pem`), text);
  const ca = join(folder, "ca.pem");
  const env = { NODE_EXTRA_CA_CERTS: ca, DENO_CERT: ca };
  const encrypted = {
    "rediss:": {
      program: "redis-server",
      args: (port: number) => [
        ...["--port", "0", "--tls-port", `${port}`, "--bind", "127.0.0.1"],
        ...["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"],
        ...["--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no"],
        ...["--requirepass", "a b", "--save", ""],
      ],
      user: ":a%20b@",
    },
    "tls:": {
      program: "nats-server",
      args: (port: number) => [
        ...["-a", "127.0.0.1", "-p", `${port}`],
        ...["--tls", "--tlscert", "cert.pem", "--tlskey", "key.pem"],
        ...["--user", "me", "--pass", "a b"],
      ],
      user: "me:a%20b@",
    },
  } as const;
  for (const scheme of ["rediss:", "tls:"] as const) {
    const { program, args, user } = encrypted[scheme];
    test(`${scheme}//, with a password that is in no log`, {
      skip: needsProgram(program),
    }, async () => {
      const port = await freePort();
      const broker = new Broker(program, args(port));
      broker.start();
      const url = `${scheme}//${user}127.0.0.1:${port}`;
      const start = { app: "topics:app", args: ["--channels", url], env };
      const servers = [await spawnServer(start), await spawnServer(start)];
      try {
        for (const server of servers) {
          await server.line("stderr", /Topics reach other hosts over /);
          assert.doesNotMatch(server.output, /a%20b|a b@/);
        }
        const listener = await TopicListener.open(servers[1]!);
        await say(servers[0]!, "sealed");
        await listener.until("sealed");
        listener.close();
      } finally {
        for (const server of servers) await server.kill();
        await broker.kill();
      }
    });
  }
});

describe("--channels without a client package", () => {
  writeFileSync(
    join(folder, "main.mjs"),
    "export const app = async (scope, receive, send) => {};\n",
  );
  // A copy of the sources: Deno would find the packages of the repository for those in it. Neither a
  // registry nor a cache may have them.
  cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true });
  cpSync(join(ROOT, "cli.ts"), join(folder, "cli.ts"));
  const env = {
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:1",
    DENO_DIR: join(folder, "deno"),
    BUN_INSTALL_CACHE_DIR: join(folder, "bun"),
  };
  // Bun has its own client of Redis.
  if (RUNTIME !== "bun") {
    test("but ioredis uses that [deno] [node]", {
      skip: needsProgram("redis-server"),
    }, async () => {
      const own = join(folder, "ioredis");
      mkdirSync(join(own, "node_modules"), { recursive: true });
      symlinkSync(
        join(ROOT, "node_modules/ioredis"),
        join(own, "node_modules/ioredis"),
      );
      cpSync(join(ROOT, "tests/wire/apps/topics.ts"), join(own, "topics.ts"));
      const port = await freePort();
      const broker = new Broker("redis-server", BROKERS.redis.args(port));
      broker.start();
      const start = () =>
        spawnServer({
          cwd: own,
          command: join(folder, "cli.ts"),
          args: ["topics:app", "--channels", `redis://127.0.0.1:${port}`],
          env,
        });
      const servers: ServerProcess[] = [];
      try {
        for (let at = 0; at < 2; at++) {
          servers.push(await start());
          await servers[at]!.line("stderr", /Topics reach other hosts/);
        }
        const listener = await TopicListener.open(servers[1]!);
        await say(servers[0]!, "one");
        await listener.until("one");
        await broker.kill();
        for (const server of servers) {
          await server.line("stderr", /do not reach other hosts/);
        }
        broker.start();
        for (const server of servers) {
          await server.line("stderr", /Connected to .* again/);
        }
        await say(servers[0]!, "two");
        await listener.until("two");
        assert.deepEqual(listener.lines, ["one", "two"]);
        listener.close();
      } finally {
        for (const server of servers) await server.kill();
        await broker.kill();
      }
    });
  }

  for (
    const [url, message] of [
      [
        "nats://127.0.0.1:1",
        'Cannot use --channels nats://…: install the client with "npm install @nats-io/transport-node"',
      ],
      // Bun has its own client of Redis.
      ...RUNTIME === "bun" ? [] : [[
        "redis://127.0.0.1:1",
        'Cannot use --channels redis://…: install a client with "npm install redis", or ioredis',
      ]],
    ] as [string, string][]
  ) {
    test(`says in one line how to install it, code 3: ${url}${url.startsWith("redis") ? " [deno] [node]" : ""}`, async () => {
      const server = new ServerProcess({
        cwd: folder,
        command: join(folder, "cli.ts"),
        args: ["main:app", "--port=0", "--channels", url],
        env,
      });
      assert.equal((await server.end()).code, 3, server.output);
      const errors = server.stderr.filter((line) => line.startsWith("ERROR"));
      assert.deepEqual(errors, [`ERROR:    ${message}`]);
    });
  }
});
