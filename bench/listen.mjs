/**
 * What the ways to listen cost, and what slow clients cost the others:
 *
 *   node bench/listen.mjs [tls] [unix] [slow]
 *
 * `tls`: CPU per request on kept connections, and per handshake, beside the runtimes' own HTTPS
 * servers and Uvicorn. `unix`: UNIX sockets beside TCP. `slow`: the 99th percentile of ordinary
 * requests, alone and beside 1,000 connections that drip heads or bodies. Sides take turns.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryFolder } from "./load/cleanup.mjs";
import {
  BUN,
  DENO,
  describeMachine,
  NODE,
  PYTHON,
  ROOT,
} from "./load/machine.mjs";
import {
  clientCore,
  runClient,
  Server,
  serverCore,
  start,
  stop,
} from "./load/processes.mjs";
import { showSpread, spread, table } from "./load/stats.mjs";

const ROUNDS = 5;
const SLOW = 1_000;
const folder = temporaryFolder();
const CERT = join(folder, "cert.pem");
const KEY = join(folder, "key.pem");
const SERVERS = join(ROOT, "bench/load/servers");
const RUNTIMES = { deno: [DENO, "run", "-A"], bun: [BUN], node: [NODE] };

const tricorn = (runtime, port, ...args) => [
  ...RUNTIMES[runtime],
  join(ROOT, "cli.ts"),
  ...["--app-dir", SERVERS, "asgi_app:app", "--no-access-log"],
  ...["--log-level", "warning", "--lifespan", "off"],
  ...["--port", port],
  ...args,
];

/** What wrk counted: requests and the 99th percentile in microseconds. */
async function wrk(url, seconds, connections, ...args) {
  const output = await runClient(
    [
      "wrk",
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--latency",
      ...args,
      url,
    ],
    seconds * 1_000 + 15_000,
  );
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  const [, number, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(output) ?? [];
  const p99 = Number(number) * { us: 1, ms: 1e3, s: 1e6 }[unit];
  if (!(requests > 0)) throw new Error(`nothing was answered:\n${output}`);
  return { requests, p99 };
}

/** CPU time of `server` per unit of what `load` counts, in microseconds. */
async function cost(server, load) {
  const before = server.cpuSeconds();
  const count = await load();
  return (server.cpuSeconds() - before) * 1e6 / count;
}

/** A server that need not answer plain HTTP on its port. */
class SecureServer {
  static async start(side) {
    const server = new SecureServer();
    server.port = String(20_000 + Math.floor(Math.random() * 20_000));
    server.child = start(serverCore, side.command(server.port));
    server.pid = server.child.pid;
    server.cpuSeconds = Server.prototype.cpuSeconds;
    server.url = `https://127.0.0.1:${server.port}/`;
    for (let tries = 0; tries < 100; tries++) {
      const { status } = spawnSync("curl", [
        "-ksS",
        "-o",
        "/dev/null",
        server.url,
      ], {
        stdio: "ignore",
      });
      if (status === 0) return server;
      await sleep(100);
    }
    throw new Error(`Cannot start ${side.name}: ${server.child.errors}`);
  }

  stop() {
    return stop(this.child);
  }
}

async function tls() {
  spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-keyout", KEY, "-out", CERT, "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
  ], { stdio: "ignore" });
  const files = ["--ssl-certfile", CERT, "--ssl-keyfile", KEY];
  const sides = Object.keys(RUNTIMES).flatMap((runtime) => [
    {
      name: `tricorn-${runtime}`,
      command: (port) => tricorn(runtime, port, ...files),
    },
    {
      name: `${runtime} itself`,
      command: (port) => [
        ...RUNTIMES[runtime],
        join(SERVERS, "tls_hello.mjs"),
        ...[port, CERT, KEY],
      ],
    },
  ]);
  sides.push({
    name: "uvicorn",
    command: (port) => [
      ...[PYTHON, "-m", "uvicorn", "--app-dir", SERVERS, "uvicorn_app:app"],
      ...["--port", port, "--loop", "uvloop", "--http", "httptools"],
      ...["--no-access-log", "--log-level", "warning", "--lifespan", "off"],
      ...files,
    ],
  });
  const servers = [];
  for (const side of sides) {
    servers.push({
      ...side,
      server: await SecureServer.start(side),
      kept: [],
      fresh: [],
    });
  }
  for (let round = -1; round < ROUNDS; round++) {
    for (const { server, kept, fresh } of servers) {
      const load = async (...args) =>
        (await wrk(server.url, 1, 50, ...args)).requests;
      const keptUs = await cost(server, () => load());
      const freshUs = await cost(server, () => load("-H", "Connection: close"));
      if (round < 0) continue; // warming up
      kept.push(keptUs);
      fresh.push(freshUs);
    }
  }
  for (const { server } of servers) await server.stop();
  show(
    "TLS 1.3, ECDSA P-256, 50 connections: CPU in microseconds",
    [
      "server",
      "request on a kept connection",
      "request with its own handshake",
    ],
    servers.map((
      { name, kept, fresh },
    ) => [name, figures(kept), figures(fresh)]),
  );
}

async function unix() {
  const rows = [];
  for (const runtime of Object.keys(RUNTIMES)) {
    const path = join(folder, `${runtime}.sock`);
    const both = await Server.start({
      name: runtime,
      command: (port) => {
        const command = tricorn(runtime, port);
        command.splice(command.indexOf("--port"), 2);
        return [...command, "-b", `127.0.0.1:${port}`, "-b", `unix:${path}`];
      },
    });
    const ask = async (where) =>
      JSON.parse(
        await runClient(
          [BUN, join(ROOT, "bench/load/socket_client.mjs"), String(where), "1"],
          20_000,
        ),
      ).answered;
    const tcp = [];
    const uds = [];
    for (let round = -1; round < ROUNDS; round++) {
      const tcpUs = await cost(both, () => ask(both.port));
      const udsUs = await cost(both, () => ask(path));
      if (round < 0) continue;
      tcp.push(tcpUs);
      uds.push(udsUs);
    }
    await both.stop();
    rows.push([`tricorn-${runtime}`, figures(tcp), figures(uds)]);
  }
  show(
    "GET / over 50 kept connections: CPU in microseconds",
    ["server", "TCP", "UNIX socket"],
    rows,
  );
}

async function slow() {
  const rows = [];
  for (const runtime of Object.keys(RUNTIMES)) {
    const server = await Server.start({
      name: runtime,
      command: (port) => tricorn(runtime, port),
    });
    const url = `http://127.0.0.1:${server.port}/`;
    await wrk(url, 2, 10);
    const quiet = [];
    const beside = { head: [], body: [] };
    let memoryMb = 0;
    for (let round = 0; round < ROUNDS; round++) {
      quiet.push((await wrk(url, 2, 10)).p99);
      for (const part of ["head", "body"]) {
        const client = start(clientCore, [
          NODE,
          join(ROOT, "bench/load/slow_client.mjs"),
          ...[String(server.port), part, String(SLOW)],
        ]);
        while (!client.output.includes("ready")) await sleep(50);
        beside[part].push((await wrk(url, 2, 10)).p99);
        memoryMb = Math.max(memoryMb, server.memoryMb().now);
        await stop(client);
      }
    }
    await server.stop();
    rows.push([
      `tricorn-${runtime}`,
      figures(quiet),
      figures(beside.head),
      figures(beside.body),
      `${Math.round(memoryMb)}`,
    ]);
  }
  show(
    `99th percentile of GET / over 10 connections, in microseconds, beside ${SLOW} slow ones`,
    ["server", "alone", "slow heads", "slow bodies", "peak MB"],
    rows,
  );
}

function figures(values) {
  const value = spread(values);
  return showSpread(value, value.median < 100 ? 1 : 0);
}

function show(title, header, rows) {
  console.log(`\n${title}\n\n${table(header, rows)}`);
}

const PARTS = { tls, unix, slow };
const names = process.argv.slice(2);
for (const name of names) {
  if (name in PARTS) continue;
  console.error(`Cannot measure "${name}": expected tls, unix or slow`);
  process.exit(2);
}
const { machine, versions } = describeMachine();
console.log(
  `${machine.model}, ${machine.cores} cores, Linux ${machine.kernel}; deno ${versions.deno}, ` +
    `bun ${versions.bun}, node ${versions.node}`,
);
for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
  await PARTS[name]();
}
process.exit(0);
