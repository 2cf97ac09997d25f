// One round of one server, for each kind of scenario. Every function returns raw figures or throws.
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "./exchange.mjs";
import { BUN, NODE, ROOT } from "./machine.mjs";
import { clientCore, runClient, start, stop } from "./processes.mjs";
import { checkAnswer } from "./scenarios.mjs";
import { runWrk } from "./wrk.mjs";

const CLIENT = join(ROOT, "bench/load/client.mjs");
const HTTP_CLIENT = join(ROOT, "bench/load/http_client.mjs");
const WEBSOCKET_CLIENT = join(ROOT, "bench/load/websocket_client.mjs");
const SETTLE_MS = 500;
const IDLE_OPEN_MS = 60_000;
/** How long a client may take over what is not a round: opening, and the last replies. */
const CLIENT_SLACK_MS = 40_000;

/** What a round of requests came to, from what its client counted and the server's CPU seconds. */
function requestFigures(server, counted, cpu) {
  return {
    ...counted,
    cpuUs: cpu * 1e6 / counted.requests,
    requestsPerSecond: counted.requests / counted.seconds,
    busy: cpu / counted.seconds,
    peakMb: server.memoryMb().peak,
  };
}

/** Loads `server` with wrk; one answer is compared before and one after. */
export async function measureLoad(server, load, seconds) {
  const before = await exchange(server.port, load);
  checkAnswer(load, before);
  const cpuBefore = server.cpuSeconds();
  const counted = await runWrk(server, load, {
    seconds,
    answerSize: before.size,
  });
  const cpu = server.cpuSeconds() - cpuBefore;
  checkAnswer(load, await exchange(server.port, load));
  return requestFigures(server, counted, cpu);
}

/** The same, and every answer must have left its line in the access log. */
export async function measureLogged(server, load, seconds) {
  server.log?.empty();
  const round = await measureLoad(server, load, seconds);
  if (server.log === undefined) return round;
  const lines = await server.log.lines(`"GET ${load.path} HTTP/1.1" 200`);
  // The two answers that are compared, and those that were on their way when time was up.
  const least = round.requests + 2;
  const most = least + load.connections;
  if (lines < least || lines > most) {
    throw new Error(`${lines} lines logged, expected ${least} to ${most}`);
  }
  return { ...round, lines };
}

/** Loads `server` one request at a time and then pipelined; the figures are those of the latter. */
export async function measurePipelined(server, loads, seconds) {
  const plain = await measureLoad(server, loads.plain, seconds);
  const round = await measureLoad(server, loads.pipelined, seconds);
  return {
    ...round,
    plainCpuUs: plain.cpuUs,
    gain: plain.cpuUs / round.cpuUs,
  };
}

/**
 * Loads `server` with the client of our own, in a closed loop, or with requests that are due
 * `load.rate` times a second. Opening the connections is not in the figures.
 */
export async function measureRequests(server, mode, load, seconds) {
  const before = await exchange(server.port, load);
  checkAnswer(load, before);
  const { path, expects, connections, rate } = load;
  const args = JSON.stringify({
    path,
    expects,
    connections,
    rate,
    seconds,
    answerSize: before.size,
  });
  const client = start(clientCore, [
    // Bun answers more in a closed loop; between requests that are due, Node is on time more often.
    mode === "open" ? NODE : BUN,
    HTTP_CLIENT,
    mode,
    String(server.port),
    args,
  ]);
  const { cpu, ...counted } = await timed(server, client, seconds);
  checkAnswer(load, await exchange(server.port, load));
  return requestFigures(server, counted, cpu);
}

/** Uploads `times` bodies of `bytes` that the application counts; the figures are for one of them. */
export async function measureUpload(server, bytes, times) {
  const cpuBefore = server.cpuSeconds();
  const args = [CLIENT, "upload", server.port, bytes, times].map(String);
  const { seconds } = JSON.parse(await runClient([NODE, ...args], 120_000));
  return {
    cpuMs: (server.cpuSeconds() - cpuBefore) * 1_000 / times,
    megabytesPerSecond: bytes * times / 1e6 / seconds,
    peakMb: server.memoryMb().peak,
  };
}

/**
 * Sends messages over WebSockets for `seconds`. Opening and closing the connections is not in the
 * figures; with a broadcast every message received by a client counts.
 */
export async function measureMessages(server, load, seconds) {
  const client = startWebSocketClient(server, load.kind, { ...load, seconds });
  const { cpu, ...counted } = await timed(server, client, seconds);
  return {
    ...counted,
    cpuUs: cpu * 1e6 / counted.messages,
    messagesPerSecond: counted.messages / counted.seconds,
    busy: cpu / counted.seconds,
    peakMb: server.memoryMb().peak,
  };
}

/** Lets a client begin once it is ready. @returns What it counted, and `cpu`, the server's seconds. */
async function timed(server, client, seconds) {
  try {
    await printed(client, /^ready$/m, CLIENT_SLACK_MS);
    const cpuBefore = server.cpuSeconds();
    process.kill(client.pid, "SIGUSR2");
    const limitMs = seconds * 1_000 + CLIENT_SLACK_MS;
    const counted = JSON.parse(await printed(client, /^\{.*\}$/m, limitMs));
    return { ...counted, cpu: server.cpuSeconds() - cpuBefore };
  } finally {
    await stop(client);
  }
}

function startWebSocketClient(server, kind, load) {
  const args = [WEBSOCKET_CLIENT, kind, server.port, JSON.stringify(load)];
  // Bun's node:net is the cheaper one for most sizes, and no dearer for the others.
  return start(clientCore, [BUN, ...args.map(String)]);
}

/** Waits until `client` has printed a line that matches, and returns it. */
async function printed(client, pattern, limitMs) {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline;) {
    const match = client.output.match(pattern);
    if (match !== null) return match[0];
    if (client.exitCode !== null) throw new Error(client.errors.trim());
    await sleep(5);
  }
  throw new Error(`Nothing from the client: ${client.errors.trim()}`);
}

/** Opens `count` connections that each asked once, and weighs the server before and after. */
export function measureIdle(server, count) {
  return measureHeld(
    server,
    count,
    () =>
      start(clientCore, [
        NODE,
        CLIENT,
        "idle",
        String(server.port),
        String(count),
      ]),
  );
}

/** The same with WebSockets that each had one message echoed. */
export function measureIdleWebSockets(server, load) {
  return measureHeld(
    server,
    load.connections,
    () => startWebSocketClient(server, "idle", load),
  );
}

async function measureHeld(server, count, startClient) {
  await sleep(SETTLE_MS);
  const before = server.memoryMb().now;
  const client = startClient();
  try {
    await printed(client, /^ready$/m, IDLE_OPEN_MS);
    await sleep(SETTLE_MS);
    const cpuBefore = server.cpuSeconds();
    await sleep(SETTLE_MS);
    const after = server.memoryMb();
    const idleCpu = (server.cpuSeconds() - cpuBefore) / (SETTLE_MS / 1_000);
    process.kill(client.pid, "SIGTERM");
    const code = await client.ended;
    if (code !== 0) {
      throw new Error(`Cannot hold ${count} connections: ${client.errors}`);
    }
    const report = JSON.parse(client.output.match(/^\{.*\}$/m)?.[0] ?? "{}");
    if (report.held !== count || report.alive !== report.asked) {
      throw new Error(
        `${report.held} of ${count} connections held, ${report.alive} answered`,
      );
    }
    return {
      held: report.held,
      kbPerConnection: (after.now - before) * 1_024 / count,
      idleCpuPercent: idleCpu * 100,
      memoryMb: after.now,
    };
  } finally {
    await stop(client);
  }
}

/** Resident memory along `requests` requests in slices of `seconds`, weighed after each slice. */
export async function measureManyRequests(
  server,
  load,
  { requests, seconds, limitSeconds },
) {
  const samplesMb = [];
  let answered = 0;
  let elapsed = 0;
  while (answered < requests) {
    if (elapsed >= limitSeconds) {
      throw new Error(
        `${answered} of ${requests} requests in ${limitSeconds} s`,
      );
    }
    const round = await measureLoad(server, load, seconds);
    answered += round.requests;
    elapsed += round.seconds;
    samplesMb.push(server.memoryMb().now);
  }
  return {
    requests: answered,
    ...growth(samplesMb),
    peakMb: server.memoryMb().peak,
    samplesMb,
  };
}

/** Resident memory along one upload of `bytes` bytes, weighed every 50 ms. */
export async function measureGigabyte(server, bytes) {
  const samplesMb = [server.memoryMb().now];
  const timer = setInterval(() => {
    if (server.isRunning) samplesMb.push(server.memoryMb().now);
  }, 50);
  try {
    const round = await measureUpload(server, bytes, 1);
    samplesMb.push(server.memoryMb().now);
    return { bytes, ...round, ...growth(samplesMb), samplesMb };
  } finally {
    clearInterval(timer);
  }
}

/** The peak of the first half of the way against that of the second: a heap swings, a leak climbs. */
function growth(samplesMb) {
  const half = Math.ceil(samplesMb.length / 2);
  const early = Math.max(...samplesMb.slice(0, half));
  const late = Math.max(...samplesMb.slice(-half));
  return {
    startMb: samplesMb[0],
    earlyMb: early,
    lateMb: late,
    growthMb: late - early,
  };
}
