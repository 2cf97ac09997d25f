// The servers that are compared: how each is started, and what it can be asked.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { BUN, DENO, NODE, PYTHON, ROOT } from "./machine.mjs";

const SERVERS = join(ROOT, "bench/load/servers");
const CLI = join(ROOT, "cli.ts");
const at = (name) => join(SERVERS, name);

/** Idle connections outlive their count, and none is pinged. */
const TRICORN_LOGGING = (port) => [
  CLI,
  "--app-dir",
  SERVERS,
  "asgi_app:app",
  "--port",
  port,
  "--timeout-keep-alive",
  "120",
  "--ws-ping-interval",
  "3600",
];

/** An Express application, with nothing written per request. */
const TRICORN_EXPRESS = (port) => [
  CLI,
  "--app-dir",
  SERVERS,
  "express_app.mjs:app",
  "--port",
  port,
  "--no-access-log",
  "--log-level",
  "warning",
];

/** The same with nothing written per request. */
const TRICORN = (port) => [
  ...TRICORN_LOGGING(port),
  "--no-access-log",
  "--log-level",
  "warning",
];

const UVICORN = (port) => [
  "-m",
  "uvicorn",
  "--app-dir",
  SERVERS,
  "uvicorn_app:app",
  "--port",
  port,
  "--loop",
  "uvloop",
  "--http",
  "httptools",
  "--no-access-log",
  "--log-level",
  "warning",
  "--timeout-keep-alive",
  "120",
  "--ws",
  "websockets",
  "--ws-ping-interval",
  "3600",
];

/** A Hono application, with nothing written per request. */
const TRICORN_HONO = (port, module = "hono_app") => [
  CLI,
  "--app-dir",
  SERVERS,
  `${module}:app`,
  "--port",
  port,
  "--no-access-log",
  "--log-level",
  "warning",
];

const RUNTIMES = { deno: [DENO, "run", "-A"], bun: [BUN], node: [NODE] };

/** Sides of the scenario `hono`: Tricorn, and what Hono's users have. */
function honoSides() {
  const sides = [];
  for (const [runtime, program] of Object.entries(RUNTIMES)) {
    const elsewhere = runtime === "node"
      ? ["node-server", "node-server-plain", "srvx"]
      : ["native", "srvx"];
    sides.push({
      name: `tricorn-${runtime}-hono`,
      role: "tricorn",
      runtime,
      command: (port) => [...program, ...TRICORN_HONO(port)],
      needs: CLI,
      only: "hono",
    });
    // Deno needs no classes of ours.
    if (runtime !== "deno") {
      sides.push({
        name: `tricorn-${runtime}-hono-light`,
        role: "tricorn",
        runtime,
        command: (
          port,
        ) => [...program, ...TRICORN_HONO(port, "hono_light_app")],
        needs: CLI,
        only: "hono",
      });
    }
    for (const server of elsewhere) {
      sides.push({
        name: `${
          server === "native" ? `${runtime}-serve` : server
        }-${runtime}-hono`,
        role: "native",
        runtime,
        command: (port) => [...program, at("hono_elsewhere.ts"), server, port],
        needs: at("hono_elsewhere.ts"),
        only: "hono",
      });
    }
  }
  return sides;
}

/**
 * @typedef {object} Side
 * @property {string} name
 * @property {"tricorn" | "native" | "uvicorn" | "floor"} role A floor answers "/" alone, or short WebSocket messages.
 * @property {"deno" | "bun" | "node" | "python"} runtime
 * @property {(port: string) => string[]} command
 * @property {string} needs A file that must exist.
 * @property {"http" | "websocket"} [speaks] Only this; without, both.
 * @property {boolean} [extra] Runs only when it is asked for by name.
 * @property {string} [only] The one scenario it takes part in.
 * @property {boolean} [logs] Writes a line for each answer to standard output, which is a file.
 */

/** @type {Side[]} */
export const SIDES = [
  {
    name: "tricorn-deno",
    role: "tricorn",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", ...TRICORN(port)],
    needs: CLI,
  },
  {
    name: "tricorn-bun",
    role: "tricorn",
    runtime: "bun",
    command: (port) => [BUN, ...TRICORN(port)],
    needs: CLI,
  },
  {
    name: "tricorn-node",
    role: "tricorn",
    runtime: "node",
    command: (port) => [NODE, ...TRICORN(port)],
    needs: CLI,
  },
  {
    name: "tricorn-deno-log",
    role: "tricorn",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", ...TRICORN_LOGGING(port)],
    needs: CLI,
    only: "log",
    logs: true,
  },
  {
    name: "tricorn-bun-log",
    role: "tricorn",
    runtime: "bun",
    command: (port) => [BUN, ...TRICORN_LOGGING(port)],
    needs: CLI,
    only: "log",
    logs: true,
  },
  {
    name: "tricorn-node-log",
    role: "tricorn",
    runtime: "node",
    command: (port) => [NODE, ...TRICORN_LOGGING(port)],
    needs: CLI,
    only: "log",
    logs: true,
  },
  ...[
    ["deno", [DENO, "run", "-A"]],
    ["bun", [BUN]],
    ["node", [NODE]],
  ].flatMap(([runtime, program]) => [
    {
      name: `tricorn-${runtime}-express`,
      role: "tricorn",
      runtime,
      command: (port) => [...program, ...TRICORN_EXPRESS(port)],
      needs: join(ROOT, "node_modules/express/package.json"),
      speaks: "http",
      only: "express",
    },
    {
      name: `${runtime}-express`,
      role: "native",
      runtime,
      command: (port) => [...program, at("express_listen.mjs"), port],
      needs: join(ROOT, "node_modules/express/package.json"),
      speaks: "http",
      only: "express",
    },
  ]),
  {
    name: "tricorn-deno-net",
    role: "tricorn",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", ...TRICORN(port), "--loop", "node"],
    needs: CLI,
    extra: true,
  },
  {
    name: "tricorn-bun-net",
    role: "tricorn",
    runtime: "bun",
    command: (port) => [BUN, ...TRICORN(port), "--loop", "node"],
    needs: CLI,
    extra: true,
  },
  {
    name: "deno-serve",
    role: "native",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", at("deno_serve.ts"), port],
    needs: at("deno_serve.ts"),
  },
  {
    name: "bun-serve",
    role: "native",
    runtime: "bun",
    command: (port) => [BUN, at("bun_serve.ts"), port],
    needs: at("bun_serve.ts"),
  },
  {
    name: "node-http",
    role: "native",
    runtime: "node",
    command: (port) => [NODE, at("node_http.mjs"), port],
    needs: at("node_http.mjs"),
    speaks: "http",
  },
  {
    name: "node-ws",
    role: "native",
    runtime: "node",
    command: (port) => [NODE, at("node_ws.mjs"), port],
    needs: join(ROOT, "node_modules/ws/package.json"),
    speaks: "websocket",
  },
  {
    name: "uvicorn",
    role: "uvicorn",
    runtime: "python",
    command: (port) => [PYTHON, ...UVICORN(port)],
    needs: PYTHON,
  },
  {
    name: "raw-deno",
    role: "floor",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", at("raw_deno.ts"), port],
    needs: at("raw_deno.ts"),
  },
  {
    name: "raw-deno-hono",
    role: "floor",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", at("raw_deno_hono.ts"), port],
    needs: at("raw_deno_hono.ts"),
    only: "hono",
  },
  {
    name: "raw-bun",
    role: "floor",
    runtime: "bun",
    command: (port) => [BUN, at("raw_bun.ts"), port],
    needs: at("raw_bun.ts"),
  },
  {
    name: "raw-node",
    role: "floor",
    runtime: "node",
    command: (port) => [NODE, at("raw_node.mjs"), port],
    needs: at("raw_node.mjs"),
  },
  {
    name: "least-asgi-node",
    role: "floor",
    runtime: "node",
    command: (port) => [NODE, at("least_asgi_node.mjs"), port],
    needs: at("least_asgi_node.mjs"),
    speaks: "websocket",
  },
  {
    name: "raw-deno-net",
    role: "floor",
    runtime: "deno",
    command: (port) => [DENO, "run", "-A", at("raw_node.mjs"), port],
    needs: at("raw_node.mjs"),
    extra: true,
  },
  {
    name: "raw-bun-net",
    role: "floor",
    runtime: "bun",
    command: (port) => [BUN, at("raw_node.mjs"), port],
    needs: at("raw_node.mjs"),
    extra: true,
  },
  ...honoSides(),
];

/** Why `side` cannot run here, or `undefined` if it can. */
export function whyNot(side) {
  if (!existsSync(side.needs)) return `no ${side.needs.slice(ROOT.length + 1)}`;
  if (side.role !== "uvicorn") return undefined;
  const { status } = spawnSync(PYTHON, [
    "-c",
    "import uvicorn, uvloop, httptools, websockets",
  ]);
  return status === 0
    ? undefined
    : "install it with: apt-get install python3-uvicorn python3-uvloop python3-httptools python3-websockets";
}
