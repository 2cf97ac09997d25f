/**
 * Connections that are cut off in every phase leave nothing behind: no descriptor, no connection
 * that the server still counts, and no memory that grows with their number.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { exchange, pause, request } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { handshakeRequest } from "../_support/websocket_frames.ts";

/** Rounds; the first ones warm up. One connection for each phase and way to leave in each. */
const ROUNDS = 60;
const WARM_ROUNDS = 30;
const SAME_PHASE = 10;
/** Growth, in MiB, that the collector may owe us. A leak of a buffer each is far more. */
const SLACK_MIB = 96;

/** Bytes sent before the connection is cut off, by phase. */
const PHASES: Readonly<Record<string, string>> = {
  "before a byte": "",
  "mid head": "GET /hea",
  "mid body": request("POST /length", ["Content-Length: 1000"], "abc"),
  "mid chunk": request(
    "POST /length",
    ["Transfer-Encoding: chunked"],
    "5\r\nab",
  ),
  "before the answer": request("GET /slow"),
  "mid answer": request("GET /trickle"),
  "mid flood": request("GET /flood"),
  "after the answer": request("GET /"),
  "as a WebSocket": handshakeRequest("/echo", []),
};

function abort(
  { target }: ServerProcess,
  bytes: string,
  how: "resetAndDestroy" | "destroy",
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(target);
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("connect", () => {
      if (bytes !== "") socket.write(bytes, "latin1");
      setTimeout(() => socket[how](), 10);
    });
  });
}

async function round(server: ServerProcess): Promise<number> {
  const all = Object.values(PHASES).flatMap((bytes) =>
    Array.from(
      { length: SAME_PHASE },
      (_, i) => abort(server, bytes, i % 2 ? "resetAndDestroy" : "destroy"),
    )
  );
  await Promise.all(all);
  return all.length;
}

const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const memoryMib = (pid: number) =>
  Number(
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1],
  ) / 1024;

test(
  "connections cut off in every phase leave no descriptor and no memory behind",
  {
    skip: process.platform === "linux" ? false : "reads /proc",
    timeout: 120_000,
  },
  () =>
    withServer(
      { app: "endings:app", args: ["--no-access-log"] },
      async (server) => {
        const { pid } = server;
        await exchange(server.target, request("GET /"));
        await pause(500);
        const before = descriptors(pid);
        let memory = 0;
        for (let i = 0; i < ROUNDS; i++) {
          if (i === WARM_ROUNDS) memory = memoryMib(pid);
          await round(server);
        }
        // Deno may still hold some until their last read or write has been interrupted.
        for (let i = 0; i < 200 && descriptors(pid) > before; i++) {
          await pause(
            50,
          );
        }
        assert.ok(descriptors(pid) <= before, `${before}, ${descriptors(pid)}`);
        const grown = memoryMib(pid) - memory;
        assert.ok(grown < SLACK_MIB, `grown by ${grown} MiB`);
        assert.equal(
          (await exchange(server.target, request("GET /"))).body,
          "hello",
        );
        server.signal("SIGTERM");
        assert.equal((await server.end()).signal, "SIGTERM");
        assert.ok(!/WARNING|ERROR/.test(server.output), server.output);
      },
    ),
);
