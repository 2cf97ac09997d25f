// The HTTP load generator for what wrk cannot do: keep to a rate, and leave the opening of its
// connections out of the figures.
//
//   http_client.mjs closed PORT LOAD   each connection asks, awaits the answer, asks again
//   http_client.mjs open PORT LOAD     requests leave when they are due, `rate` of them a second
//
// LOAD is JSON: path, expects, answerSize, connections, seconds, rate. Prints "ready" once all
// connections are open and have had an answer; begins on SIGUSR2, prints a line of JSON, and stays
// until SIGTERM.
//
// A latency of `open` counts from the moment at which the request was due, not from the one at
// which it left: a server that stalls is charged for all that had to wait. Between requests the
// client does not sleep, since timers are late by a millisecond.
//
// Status and length of every answer are checked; the bodies of one in `COMPARE_EVERY` are compared.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import process from "node:process";

const BATCH = 100;
const COMPARE_EVERY = 16;
/** How long answers may take once nothing is sent any more. */
const DRAIN_MS = 15_000;
/** How much later than planned the last answer may come before the rate was not the one asked for. */
const LATE_MS = 250;

const [mode, port, json] = process.argv.slice(2);
const load = JSON.parse(json);
const REQUEST = Buffer.from(
  `GET ${load.path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
);
const STATUS = "HTTP/1.1 200";
const EXPECTED = Buffer.from(load.expects);
let compared = 0;

function fail(why) {
  console.error(why instanceof Error ? why.message : why);
  process.exit(1);
}

function check(answer) {
  if (answer.length !== load.answerSize) {
    fail(`An answer of ${answer.length} bytes, expected ${load.answerSize}`);
  }
  if (answer.latin1Slice(0, STATUS.length) !== STATUS) {
    fail(`Unexpected answer "${answer.latin1Slice(0, 100)}"`);
  }
  if (compared++ % COMPARE_EVERY > 0) return;
  if (!answer.subarray(-EXPECTED.length).equals(EXPECTED)) {
    fail("A body that is not the expected one");
  }
}

/** One connection with at most one request under way. */
class Peer {
  onAnswer = () => {};
  /** When the request under way was due. */
  dueMs = 0;
  #received;

  static async open() {
    const peer = new Peer();
    const socket = peer.socket = connect(Number(port), "127.0.0.1");
    socket.setNoDelay(true);
    await once(socket, "connect");
    socket.on("data", (bytes) => peer.#onData(bytes));
    socket.on("error", fail);
    socket.on("close", () => fail("A connection was closed"));
    return peer;
  }

  ask() {
    this.socket.write(REQUEST);
  }

  #onData(bytes) {
    const answer = this.#received === undefined
      ? bytes
      : Buffer.concat([this.#received, bytes]);
    if (answer.length < load.answerSize) {
      this.#received = Buffer.from(answer);
      return;
    }
    this.#received = undefined;
    check(answer);
    this.onAnswer(this);
  }
}

async function openAll() {
  const peers = [];
  const open = async () => {
    const peer = await Peer.open();
    peers.push(peer);
    await new Promise((resolve) => {
      peer.onAnswer = resolve;
      peer.ask();
    });
  };
  while (peers.length < load.connections) {
    const size = Math.min(BATCH, load.connections - peers.length);
    await Promise.all(Array.from({ length: size }, open));
  }
  return peers;
}

/** @returns How many were answered. */
function runClosed(peers) {
  let answered = 0;
  let isOver = false;
  let underWay = peers.length;
  setTimeout(() => isOver = true, load.seconds * 1_000);
  return new Promise((resolve) => {
    for (const peer of peers) {
      peer.onAnswer = () => {
        answered++;
        if (!isOver) peer.ask();
        else if (--underWay === 0) resolve({ requests: answered });
      };
      peer.ask();
    }
  });
}

/** @returns How many were answered, and the latencies. */
function runOpen(peers) {
  const total = Math.max(1, Math.floor(load.rate * load.seconds));
  const gapMs = 1_000 / load.rate;
  const latenciesMs = new Float64Array(total);
  const delaysMs = new Float64Array(total);
  const free = [...peers];
  let sent = 0;
  let answered = 0;
  return new Promise((resolve) => {
    const startMs = performance.now();
    for (const peer of peers) {
      peer.onAnswer = () => {
        latenciesMs[answered++] = performance.now() - peer.dueMs;
        free.push(peer);
      };
    }
    const turn = () => {
      const nowMs = performance.now();
      const due = Math.min(total, Math.floor((nowMs - startMs) / gapMs) + 1);
      // Longest free first: all connections are in use.
      for (; sent < due && free.length > 0; sent++) {
        const peer = free.shift();
        peer.dueMs = startMs + sent * gapMs;
        delaysMs[sent] = nowMs - peer.dueMs;
        peer.ask();
      }
      if (answered < total) return void setImmediate(turn);
      const lateMs = performance.now() - startMs - load.seconds * 1_000;
      if (lateMs > LATE_MS) {
        fail(`${total} requests took ${Math.round(lateMs)} ms longer`);
      }
      resolve({
        requests: total,
        rate: load.rate,
        p50Us: percentileUs(latenciesMs, 0.5),
        p99Us: percentileUs(latenciesMs, 0.99),
        // How late the client itself was: what is left of a latency is the server's.
        delayP50Us: percentileUs(delaysMs, 0.5),
        delayP99Us: percentileUs(delaysMs, 0.99),
      });
    };
    turn();
  });
}

function percentileUs(samplesMs, share) {
  samplesMs.sort();
  const at = Math.min(
    samplesMs.length - 1,
    Math.floor(samplesMs.length * share),
  );
  return Math.round(samplesMs[at] * 1_000);
}

const peers = await openAll();
const go = once(process, "SIGUSR2");
const over = once(process, "SIGTERM");
console.log("ready");
await go;
const limit = setTimeout(
  () => fail("Answers are missing"),
  load.seconds * 1_000 + DRAIN_MS,
);
const startMs = performance.now();
const counted = await (mode === "open" ? runOpen(peers) : runClosed(peers));
const seconds = (performance.now() - startMs) / 1_000;
clearTimeout(limit);
console.log(JSON.stringify({ ...counted, seconds }));
await over;
process.exit(0);
