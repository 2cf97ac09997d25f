/**
 * Connections that are cut off in every phase leave nothing behind: no descriptor, no connection
 * that the server still counts, and no memory that grows with their number.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ScratchFolder, TestAuthority } from "../_support/certificates.ts";
import { exchange, latin1, pause, request } from "../_support/raw_client.ts";
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

type Farewell = "resetAndDestroy" | "destroy";

function abort(
  { target }: ServerProcess,
  bytes: string,
  how: Farewell,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(target);
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("connect", () => {
      socket.off("error", reject).on("error", () => {});
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

const skip = process.platform === "linux" ? false : "reads /proc";
const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const memoryMib = (pid: number) =>
  Number(
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1],
  ) / 1024;

/** Deno may still hold some until their last read or write has been interrupted. */
async function fallTo(before: number, pid: number): Promise<void> {
  for (let i = 0; i < 200 && descriptors(pid) > before; i++) await pause(50);
  assert.ok(descriptors(pid) <= before, `${before}, ${descriptors(pid)}`);
}

test(
  "connections cut off in every phase leave no descriptor and no memory behind",
  { skip, timeout: 120_000 },
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
        await fallTo(before, pid);
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

/** Rounds with TLS, where a connection costs far more. */
const TLS_ROUNDS = 6;
/** Time for a handshake: on Deno, nothing else tells that a peer in one was reset. */
const HANDSHAKE_MS = 2000;

const folder = new ScratchFolder();
after(() => folder.remove());
const authority = new TestAuthority();
const own = authority.server();
const TLS = [
  ...["--ssl-certfile", folder.write("cert.pem", own.cert)],
  ...["--ssl-keyfile", folder.write("key.pem", own.key)],
  ...["--timeout-tls-handshake", `${HANDSHAKE_MS / 1000}`],
  // On Node 24, what is written to a peer that was reset behind its FIN waits until then.
  ...["--timeout-write-stall", "2"],
];

/** Bytes sent over TLS before the connection is cut off, by phase. */
const SECURE_PHASES: Readonly<Record<string, string>> = {
  "after the handshake": "",
  "mid head": PHASES["mid head"]!,
  "before the answer": PHASES["before the answer"]!,
  "mid answer": PHASES["mid answer"]!,
  "mid flood": PHASES["mid flood"]!,
};

/** What a client of TLS says first. */
async function clientHello(): Promise<string> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { port: number };
  const client = connectTls({ host: "127.0.0.1", port, ca: authority.cert });
  client.on("error", () => {});
  const [socket] = await once(listener, "connection") as [Socket];
  const [bytes] = await once(socket, "data") as [Uint8Array];
  client.destroy();
  socket.destroy();
  listener.close();
  return latin1(bytes);
}

/** @param preface Sent in front of TLS. */
async function abortSecure(
  { target }: ServerProcess,
  preface: string,
  bytes: string,
  how: Farewell,
): Promise<void> {
  const socket: Socket = connect(target);
  await once(socket, "connect");
  socket.on("error", () => {});
  if (preface !== "") {
    await new Promise((resolve) => socket.write(preface, resolve));
  }
  const secured = connectTls({
    socket,
    servername: "localhost",
    ca: authority.cert,
  });
  secured.on("error", () => {});
  await new Promise((resolve) => secured.once("secureConnect", resolve));
  if (bytes !== "") secured.write(bytes);
  await pause(10);
  // A TLSSocket has no reset.
  if (how === "destroy") secured.destroy();
  else socket.resetAndDestroy();
}

async function secureRound(
  server: ServerProcess,
  preface: string,
  hello: string,
): Promise<void> {
  const all: Promise<void>[] = [];
  for (let i = 0; i < SAME_PHASE; i++) {
    const how = i % 2 ? "resetAndDestroy" : "destroy";
    for (const begun of [hello.slice(0, 6), hello]) {
      all.push(abort(server, preface + begun, how));
    }
    for (const bytes of Object.values(SECURE_PHASES)) {
      all.push(abortSecure(server, preface, bytes, how));
    }
  }
  await Promise.all(all);
}

for (
  const [what, args, preface] of [
    ["TLS connections", [], ""],
    [
      "TLS connections behind a PROXY header",
      ["--proxy-protocol"],
      "PROXY UNKNOWN\r\n",
    ],
  ] as const
) {
  test(
    `${what} cut off in every phase leave no descriptor behind`,
    { skip, timeout: 120_000 },
    () =>
      withServer({
        app: "endings:app",
        args: ["--no-access-log", ...TLS, ...args],
      }, async (server) => {
        const { pid } = server;
        const hello = await clientHello();
        await secureRound(server, preface, hello);
        await pause(HANDSHAKE_MS + 500);
        const before = descriptors(pid);
        for (let i = 0; i < TLS_ROUNDS; i++) {
          await secureRound(server, preface, hello);
        }
        await fallTo(before, pid);
        server.signal("SIGTERM");
        assert.equal((await server.end()).signal, "SIGTERM");
        assert.ok(!/WARNING|ERROR/.test(server.output), server.output);
      }),
  );
}
