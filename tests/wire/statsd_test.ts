/** Reports to StatsD, as a receiver gets them from the command. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtime } from "../../src/runtime/mod.ts";
import { needsProgram, PYTHON } from "../_support/needs.ts";
import { exchange, pause, request } from "../_support/raw_client.ts";
import { Script, SCRIPTED_APP } from "../_support/script.ts";
import { type ServerStart, withServer } from "../_support/spawn_server.ts";

const PYTHON_RECEIVER = fileURLToPath(new URL("_statsd.py", import.meta.url));

/** Sends `requests` requests and waits until `lines` tell of all of them. */
async function report(
  statsdHost: string,
  lines: () => readonly string[],
  start: ServerStart = {},
): Promise<void> {
  await withServer({
    app: "echo:app",
    ...start,
    args: ["--statsd-host", statsdHost, "--no-access-log", ...start.args ?? []],
  }, async (server) => {
    for (let at = 0; at < 3; at++) {
      await exchange(server.target, request("GET /", ["connection: close"]));
    }
    for (let tries = 0; tries < 1200; tries++) {
      if (count(lines(), "tricorn.requests") >= 3) return;
      await pause(25);
    }
    assert.fail(`${lines().join("\n")}\n${server.output}`);
  });
}

/** What the counters of this name add up to. */
function count(lines: readonly string[], name: string): number {
  return lines.filter((line) => line.includes(`${name}:`))
    .reduce((sum, line) => sum + Number(/:(\d+)\|c/.exec(line)![1]), 0);
}

async function withReceiver(
  use: (port: number, lines: () => readonly string[]) => Promise<void>,
): Promise<void> {
  const lines: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (bytes) => void lines.push(...`${bytes}`.split("\n")));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  try {
    await use(socket.address().port, () => lines);
  } finally {
    socket.close();
  }
}

describe("--statsd-host", () => {
  test("tells a UDP receiver of requests, statuses and durations, with prefix and tags", () =>
    withReceiver(async (port, lines) => {
      await report(`127.0.0.1:${port}`, lines, {
        args: ["--statsd-prefix", "shop.", "--statsd-tags", "env:test,a"],
      });
      const tail = "|#env:test,a";
      assert.equal(count(lines(), "shop.tricorn.request.status.200"), 3);
      const times = lines().filter((line) =>
        /^shop\.tricorn\.request\.duration:[\d.]+\|ms/.test(line)
      );
      assert.equal(times.length, 3);
      assert.ok(lines().includes(`shop.tricorn.workers:1|g${tail}`));
      assert.ok(lines().every((line) => line.endsWith(tail)));
    }));

  test("tells of messages of the log", () =>
    withReceiver((port, lines) =>
      withServer({
        app: SCRIPTED_APP,
        args: ["--statsd-host", `127.0.0.1:${port}`],
      }, async (server) => {
        const { target } = new Script(["throw", "as asked"]);
        await exchange(server.target, request(`GET ${target}`));
        for (let tries = 0; tries < 1200; tries++) {
          if (lines().includes("tricorn.log.exception:1|c")) return;
          await pause(25);
        }
        assert.fail(`${lines().join("\n")}\n${server.output}`);
      })
    ));

  test("tells of all workers, and how many there are", () =>
    withReceiver(async (port, lines) => {
      await report(
        `localhost:${port}`.replace("localhost", "127.0.0.1"),
        lines,
        {
          args: ["--workers", "2"],
        },
      );
      for (let tries = 0; tries < 1200; tries++) {
        if (lines().includes("tricorn.workers:2|g")) return;
        await pause(25);
      }
      assert.fail(lines().join("\n"));
    }));

  test("serves on while nobody receives, and says so once at most", () =>
    withServer({
      app: "echo:app",
      args: ["--statsd-host", "127.0.0.1:9"],
    }, async (server) => {
      for (let at = 0; at < 3; at++) {
        await exchange(server.target, request("GET /", ["connection: close"]));
        await pause(400);
      }
      const complaints = server.stderr.filter((line) => /StatsD/.test(line));
      assert.ok(complaints.length <= 1, complaints.join("\n"));
    }));

  const isNode = runtime.name === "node";
  const skip = process.platform !== "linux" || needsProgram(PYTHON);
  test("tells a UNIX socket, or says in one line that this runtime cannot", {
    skip,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "tricorn-"));
    const path = join(folder, "statsd");
    const lines: string[] = [];
    const receiver: ChildProcess = spawn(PYTHON, [PYTHON_RECEIVER, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    receiver.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const whole = (rest + text).split("\n");
      rest = whole.pop()!;
      for (const line of whole) {
        lines.push(...(JSON.parse(line) as string).split("\n"));
      }
    });
    try {
      for (let tries = 0; tries < 1200 && lines.length === 0; tries++) {
        await pause(25);
      }
      const reported = report(`unix://${path}`, () => lines);
      if (isNode && Number(runtime.version.split(".")[0]) < 26) {
        await assert.rejects(
          reported,
          /Cannot send to "unix:.+": this runtime has no datagram sockets of UNIX; use host:port/,
        );
      } else await reported;
    } finally {
      receiver.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });

  for (
    const [host, why] of [
      ["localhost", "is not host:port"],
      ["localhost:0", "is not host:port"],
      ["a:70000", "is not host:port"],
      ["unix:", "is not host:port"],
    ] as const
  ) {
    test(`refuses "${host}" in one line`, async () => {
      await assert.rejects(
        withServer(
          { app: "echo:app", args: ["--statsd-host", host] },
          () => Promise.resolve(),
        ),
        new RegExp(why),
      );
    });
  }
});
