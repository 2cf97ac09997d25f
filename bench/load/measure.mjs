// One round of one server, for each kind of scenario. Every function returns raw figures or throws.
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "./exchange.mjs";
import { NODE, ROOT } from "./machine.mjs";
import { CLIENT_CORE, runClient, start, stop } from "./processes.mjs";
import { checkAnswer } from "./scenarios.mjs";
import { runWrk } from "./wrk.mjs";

const CLIENT = join(ROOT, "bench/load/client.mjs");
const SETTLE_MS = 500;
const IDLE_OPEN_MS = 60_000;

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
  return {
    ...counted,
    cpuUs: cpu * 1e6 / counted.requests,
    requestsPerSecond: counted.requests / counted.seconds,
    busy: cpu / counted.seconds,
    peakMb: server.memoryMb().peak,
  };
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

/** Opens `count` connections that each asked once, and weighs the server before and after. */
export async function measureIdle(server, count) {
  await sleep(SETTLE_MS);
  const before = server.memoryMb().now;
  const client = start(CLIENT_CORE, [
    NODE,
    CLIENT,
    "idle",
    String(server.port),
    String(count),
  ]);
  try {
    for (
      const deadline = Date.now() + IDLE_OPEN_MS;
      !client.output.includes("ready");
    ) {
      if (client.exitCode !== null || Date.now() > deadline) {
        throw new Error(`Cannot open ${count} connections: ${client.errors}`);
      }
      await sleep(20);
    }
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
