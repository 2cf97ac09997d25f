// Real servers over loopback: starts them, lets them take turns, and hands back every raw figure.
import process from "node:process";
import {
  measureGigabyte,
  measureIdle,
  measureIdleWebSockets,
  measureLoad,
  measureLogged,
  measureManyRequests,
  measureMessages,
  measurePipelined,
  measureRequests,
  measureUpload,
} from "./measure.mjs";
import { Server, swapCores } from "./processes.mjs";
import { TARGETS } from "./report.mjs";
import {
  loadOfBody,
  loadOfFields,
  LOADS,
  MESSAGE_LOADS,
  PIPELINED,
  STEPS,
} from "./scenarios.mjs";
import { SIDES } from "./sides.mjs";
import { runWrk } from "./wrk.mjs";
import { exchange } from "./exchange.mjs";

const UPLOAD_BYTES = 100_000_000;
const UPLOADS_PER_ROUND = 5;
const GIGABYTE = 1_000_000_000;
const MILLION = 1_000_000;
const IDLE_CONNECTIONS = 10_000;
/** Answers after which a runtime has compiled what it will; on a busy machine a second is not enough. */
const WARM_ANSWERS = 50_000;
/** Most turns of warming up. */
const WARM_TURNS = 4;

const isTricorn = (side) => side.role === "tricorn";
const isFloor = (side) => side.role === "floor";
const isHttp = (side) => side.speaks !== "websocket";
const isServer = (side) => !isFloor(side) && isHttp(side);
const isWebSocket = (side) => !isFloor(side) && side.speaks !== "http";
/** Deno 2.9 agrees to no compression. */
const isCompressing = (side) => isWebSocket(side) && side.name !== "deno-serve";

/** Rounds of a load scenario; with `--full` those that no target speaks of take fewer. */
const roundsOf = (name) => ({ rounds, minorRounds }) =>
  TARGETS[name] === undefined ? minorRounds : rounds;

/**
 * @typedef {object} Scenario
 * @property {"load" | "pipelined" | "paced" | "upload" | "messages" | "idle" | "memory" | "steps"} kind
 * @property {string} title
 * @property {(side: import("./sides.mjs").Side) => boolean} takes Which servers it is put to.
 * @property {(side: import("./sides.mjs").Side) => boolean} [suits] Which could answer, if asked
 * for by name; without, those that `takes` says.
 * @property {(settings: object) => number} rounds
 * @property {(server: Server, settings: object) => Promise<void>} [warmUp]
 * @property {(server: Server, settings: object, step?: number) => Promise<object>} measure
 * @property {string} [unit] What its steps count.
 * @property {number[]} [steps] Each round measures every server at each of them.
 * @property {boolean} [isAlone] Whether servers run one after the other and anew each round, so
 * that none carries the memory of an earlier one.
 */

/** @type {Record<string, Scenario>} */
export const SCENARIOS = {};
for (const [name, load] of Object.entries(LOADS)) {
  SCENARIOS[name] = {
    kind: "load",
    title: load.title,
    takes: load.hasFloor ? isHttp : isServer,
    rounds: roundsOf(name),
    warmUp: (server, { warmUpSeconds }) => warmUp(server, load, warmUpSeconds),
    // The small GET is what the targets speak of: it gets twice the time.
    measure: (server, { seconds }) =>
      measureLoad(server, load, name === "get" ? seconds * 2 : seconds),
  };
}
SCENARIOS.log = {
  kind: "load",
  title: "GET / with the access log written to a file, and without",
  takes: (side) => isTricorn(side),
  rounds: ({ rounds }) => rounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server, { seconds }) => measureLogged(server, LOADS.get, seconds),
};
SCENARIOS.express = {
  kind: "load",
  title: "GET / of an Express application, behind Tricorn and by app.listen()",
  takes: (side) => side.only === "express",
  rounds: ({ rounds }) => rounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server, { seconds }) => measureLoad(server, LOADS.get, seconds),
};
SCENARIOS.hono = {
  kind: "load",
  title: "GET / of a Hono application, 50 connections",
  takes: (side) => side.only === "hono",
  rounds: ({ rounds }) => rounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server, { seconds }) => measureLoad(server, LOADS.get, seconds),
};
SCENARIOS.pipelined = {
  kind: "pipelined",
  title: "GET / pipelined, 16 under way on each of 50 connections",
  takes: isServer,
  rounds: ({ rounds }) => rounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server, { seconds }) =>
    measurePipelined(
      server,
      { plain: LOADS.get, pipelined: PIPELINED },
      seconds,
    ),
};
SCENARIOS["half-load"] = {
  kind: "paced",
  title: "GET / at half of each server's own rate, 50 connections",
  takes: isServer,
  rounds: ({ rounds }) => rounds,
  warmUp: async (server, { warmUpSeconds }) => {
    await warmUp(server, LOADS.get, warmUpSeconds);
    const saturated = await measureLoad(server, LOADS.get, warmUpSeconds);
    server.rate = saturated.requestsPerSecond;
  },
  measure: (server, { seconds }) =>
    measureRequests(
      server,
      "open",
      { ...LOADS.get, rate: server.rate / 2 },
      seconds,
    ),
};
SCENARIOS.connections = {
  kind: "steps",
  title: "GET / over more and more connections",
  unit: "connections",
  steps: STEPS.connections,
  takes: isServer,
  rounds: ({ stepRounds }) => stepRounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server, { stepSeconds }, connections) =>
    measureRequests(
      server,
      "closed",
      { ...LOADS.get, connections },
      stepSeconds,
    ),
};
SCENARIOS.fields = {
  kind: "steps",
  title: "GET / with more and more header fields, 50 connections",
  unit: "header fields",
  steps: STEPS.fields,
  takes: isServer,
  rounds: ({ stepRounds }) => stepRounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.browser, warmUpSeconds),
  measure: (server, { stepSeconds }, fields) =>
    measureLoad(server, loadOfFields(fields), stepSeconds),
};
SCENARIOS.body = {
  kind: "steps",
  title: "POST /echo of larger and larger bodies, 10 connections",
  unit: "bytes",
  steps: STEPS.body,
  takes: isServer,
  rounds: ({ stepRounds }) => stepRounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.echo, warmUpSeconds),
  measure: (server, { stepSeconds }, bytes) =>
    measureLoad(server, loadOfBody(bytes), stepSeconds),
};
SCENARIOS.upload = {
  kind: "upload",
  title: "POST /discard of 100 MB, one connection",
  takes: isServer,
  rounds: roundsOf("upload"),
  warmUp: (server) => measureUpload(server, UPLOAD_BYTES, 1),
  measure: (server) => measureUpload(server, UPLOAD_BYTES, UPLOADS_PER_ROUND),
};
SCENARIOS.idle = {
  kind: "idle",
  title: "10,000 idle keep-alive connections, each asked once",
  takes: isServer,
  rounds: ({ memoryRounds }) => memoryRounds,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server) => measureIdle(server, IDLE_CONNECTIONS),
  isAlone: true,
};
SCENARIOS.million = {
  kind: "memory",
  title: "Memory over a million GET / (three million with --full)",
  takes: isTricorn,
  isPreferredFor: isServer,
  rounds: () => 1,
  warmUp: (server, { warmUpSeconds }) =>
    warmUp(server, LOADS.get, warmUpSeconds),
  measure: (server, { full }) =>
    measureManyRequests(server, LOADS.get, {
      requests: full ? 3 * MILLION : MILLION,
      seconds: full ? 3 : 1,
      limitSeconds: 180,
    }),
  isAlone: true,
};
SCENARIOS.gigabyte = {
  kind: "memory",
  title: "Memory over an upload of 1 GB that is discarded",
  takes: isTricorn,
  isPreferredFor: isServer,
  rounds: ({ memoryRounds }) => memoryRounds,
  warmUp: (server) => measureUpload(server, GIGABYTE, 1),
  measure: (server) => measureGigabyte(server, GIGABYTE),
  isAlone: true,
};
for (const [name, load] of Object.entries(MESSAGE_LOADS)) {
  SCENARIOS[name] = {
    kind: "messages",
    title: load.title,
    takes: load.isCompressed ? isCompressing : isWebSocket,
    rounds: roundsOf(name),
    warmUp: (server, settings) => warmUpMessages(server, load, settings),
    measure: (server, { seconds }) =>
      // The small echo is what the targets speak of: it gets twice the time.
      measureMessages(
        server,
        load,
        name === "ws-echo-125" ? seconds * 2 : seconds,
      ),
  };
}
SCENARIOS["ws-idle"] = {
  kind: "idle",
  title: "10,000 idle WebSockets, each had one echo",
  takes: (side) => isWebSocket(side) || side.name === "least-asgi-node",
  rounds: ({ memoryRounds }) => memoryRounds,
  warmUp: (server, settings) =>
    warmUpMessages(server, MESSAGE_LOADS["ws-echo-125"], settings),
  measure: (server) =>
    measureIdleWebSockets(server, {
      ...MESSAGE_LOADS["ws-echo-125"],
      connections: IDLE_CONNECTIONS,
    }),
  isAlone: true,
};

async function warmUp(server, load, seconds) {
  const { size } = await exchange(server.port, load);
  await untilWarm(async () =>
    (await runWrk(server, load, { seconds, answerSize: size })).requests
  );
}

async function warmUpMessages(server, load, { warmUpSeconds }) {
  await untilWarm(async () =>
    (await measureMessages(server, load, warmUpSeconds)).messages
  );
}

async function untilWarm(turn) {
  let answers = 0;
  for (let i = 0; i < WARM_TURNS && answers < WARM_ANSWERS; i++) {
    answers += await turn();
  }
}

/** Which of `sides` a scenario runs: those it is made for, and those asked for by name. */
export function sidesOf(scenario, { servers }) {
  return SIDES.filter((side) => {
    if (side.only !== undefined && SCENARIOS[side.only] !== scenario) {
      return false;
    }
    if (servers !== undefined) {
      return servers.includes(side.name) &&
        (scenario.isPreferredFor ?? scenario.takes)(side);
    }
    return !side.extra && scenario.takes(side);
  });
}

/**
 * Runs one scenario over `sides`.
 *
 * @param progress Told what happens, a few words at a time.
 * @returns For each side its rounds, raw, and the failures, in words.
 */
export async function runScenario(scenario, sides, settings, progress) {
  const sidesResults = Object.fromEntries(
    sides.map((side) => [side.name, { rounds: [], failures: [] }]),
  );
  const measure = async (server, round, step) => {
    const { rounds, failures } = sidesResults[server.side.name];
    progress(".");
    try {
      const figures = await scenario.measure(server, settings, step);
      rounds.push({ round, ...step === undefined ? {} : { step }, ...figures });
    } catch (error) {
      const where = step === undefined ? "" : `, ${step} ${scenario.unit}`;
      failures.push(
        inBrief(
          `round ${round + 1}${where}: ${error.message} ${server.errors}`,
        ),
      );
    }
  };
  const startWarm = async (side) => {
    const server = await Server.start(side);
    try {
      await scenario.warmUp?.(server, settings);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  };

  progress(`${scenario.title} `);
  const servers = [];
  try {
    if (!scenario.isAlone) {
      for (const side of sides) {
        try {
          servers.push(await startWarm(side));
        } catch (error) {
          sidesResults[side.name].failures.push(inBrief(error.message));
        }
      }
    }
    for (let round = 0; round < scenario.rounds(settings); round++) {
      // Cores need not be alike, nor what else runs on them.
      if (round > 0) swapCores(servers.filter((server) => server.isRunning));
      // Rotated, so that nobody is always measured behind the same neighbour.
      if (!scenario.isAlone) {
        for (const step of scenario.steps ?? [undefined]) {
          for (const server of rotated(servers, round)) {
            await measure(server, round, step);
          }
        }
        continue;
      }
      for (const side of rotated(sides, round)) {
        let server;
        try {
          server = await startWarm(side);
          await measure(server, round);
        } catch (error) {
          sidesResults[side.name].failures.push(inBrief(error.message));
        } finally {
          await server?.stop();
        }
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    progress("\n");
  }
  const { kind, title, unit, steps } = scenario;
  return { kind, title, unit, steps, sides: sidesResults };
}

/** A failure without the stack that may follow. */
function inBrief(text) {
  return text.trim().split("\n").slice(0, 4).join(" ").slice(0, 400);
}

function rotated(list, by) {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** Writes progress where it does not end up in a report that is piped away. */
export function printProgress(text) {
  process.stderr.write(text);
}
