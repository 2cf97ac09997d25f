// The WebSocket load generator.
//
//   websocket_client.mjs echo PORT LOAD        each connection sends, awaits its echo, sends again
//   websocket_client.mjs broadcast PORT LOAD   one sends, all receive, then it sends again
//   websocket_client.mjs idle PORT LOAD        one echo each, then nothing until SIGTERM
//
// LOAD is JSON: path, bytes, connections, isBinary, isCompressed, seconds. Prints "ready" once all
// connections are open and warm; begins on SIGUSR2, prints a line of JSON, and stays until SIGTERM,
// so that neither opening nor closing is in the figures.
//
// Frames are built once and every connection has one message under way. Uncompressed, a reply is one
// of known bytes: length and header of each are checked, and one in `SAMPLE_EVERY` is compared byte
// by byte. Compressed, its bytes depend on what went before: the header of each is checked and its
// length counted, and a few connections inflate and compare whatever they receive.
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import process from "node:process";
import { performance } from "node:perf_hooks";
import {
  clientFrame,
  firstOctet,
  frameSize,
  headerSize,
  Inflater,
  messageOf,
  serverFrame,
} from "./websocket_frames.mjs";

const BATCH = 100;
/** How long replies may take once nothing is sent any more. */
const DRAIN_MS = 15_000;
const MAX_SAMPLES = 1_000_000;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3

/** Replies of a connection until one is timed, and compared. Large ones always are. */
const SAMPLE_EVERY = 16;
const ALWAYS_BYTES = 16_384;
/** One connection in this many inflates what it receives. */
const INFLATE_EVERY = 25;
/** Different messages, so that a window full of them does not make the next one nothing. */
const VARIANTS = 64;

const [kind, port, json] = process.argv.slice(2);
const load = JSON.parse(json);
const sampleEvery = load.bytes < ALWAYS_BYTES ? SAMPLE_EVERY : 1;
const messages = Array.from(
  { length: load.isCompressed ? VARIANTS : 1 },
  (_, variant) => messageOf(load.bytes, variant),
);
const frames = messages.map((message) => clientFrame(message, load));
/** The reply to the first message where nothing is compressed, and where its payload begins. */
const reply = serverFrame(messages[0], load);
const replyHeader = headerSize(reply);
const first = firstOctet(load);
const samples = [];

function fail(why) {
  console.error(why instanceof Error ? why.message : why);
  process.exit(1);
}

function signal(name) {
  return new Promise((resolve) => {
    const timer = setInterval(() => {}, 1_000);
    process.once(name, () => {
      clearInterval(timer);
      resolve();
    });
  });
}

/** Opens a WebSocket; resolves to its socket. */
function open() {
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1").update(key + GUID).digest("base64");
  const lines = [
    `GET ${load.path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
  ];
  if (load.isCompressed) {
    // As browsers ask. Windows may be kept, and the frames built before make no use of it.
    lines.push(
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    );
  }
  return new Promise((resolve) => {
    let head = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", fail);
    socket.on("close", () => fail("A connection was closed"));
    socket.on("connect", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
    socket.on("data", function read(bytes) {
      head += bytes.latin1Slice();
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!head.startsWith("HTTP/1.1 101 ") || !head.includes(accept)) {
        fail(`The handshake was answered "${head.split("\r\n", 1)[0]}"`);
      }
      if (end + 4 !== head.length) fail("Bytes behind the handshake");
      const isAgreed = /^sec-websocket-extensions: *permessage-deflate/im;
      if (isAgreed.test(head) !== (load.isCompressed === true)) {
        fail("Compression was not agreed on as asked");
      }
      socket.off("data", read);
      resolve(socket);
    });
  });
}

async function openAll() {
  const peers = [];
  while (peers.length < load.connections) {
    const size = Math.min(BATCH, load.connections - peers.length);
    const sockets = await Promise.all(Array.from({ length: size }, open));
    for (const socket of sockets) {
      peers.push(new Peer(socket, peers.length));
    }
  }
  return peers;
}

/** One connection: what it awaits, and how it is checked. */
class Peer {
  /** Bytes of the reply that is under way. */
  at = 0;
  isSampled = false;
  sentAt = 0;
  /** Called when it is whole. */
  onReply = () => fail("A message nobody asked for");
  /** Which message is under way. */
  variant = 0;
  #turns;
  #inflater;
  #pieces = [];

  constructor(socket, number) {
    this.socket = socket;
    this.#turns = number; // so that not all take their samples at once
    if (load.isCompressed && number % INFLATE_EVERY === 0) {
      this.#inflater = new Inflater();
    }
    socket.peer = this;
    socket.on("data", load.isCompressed ? onCompressed : onData);
  }

  ask() {
    this.expect();
    this.socket.write(frames[this.variant]);
  }

  /** Without asking: somebody else does. */
  expect() {
    this.isSampled = ++this.#turns % sampleEvery === 0;
    if (frames.length > 1) this.variant = this.#turns % VARIANTS;
    if (this.isSampled) this.sentAt = performance.now();
  }

  receiveCompressed(bytes) {
    let all = bytes;
    if (this.#pieces.length > 0) all = Buffer.concat([...this.#pieces, bytes]);
    const size = frameSize(all);
    if (size === undefined || all.length < size) {
      this.#pieces = [all];
      return;
    }
    this.#pieces = [];
    if (all[0] !== first) fail(`A frame that begins with ${all[0]}`);
    if (all.length > size) fail(`${all.length - size} bytes too many`);
    if (this.#inflater !== undefined) {
      const message = this.#inflater.inflate(all.subarray(headerSize(all)));
      if (!message.equals(messages[this.variant])) {
        fail("A reply that does not inflate to the message");
      }
    }
    this.onReply(this);
  }
}

function onCompressed(bytes) {
  this.peer.receiveCompressed(bytes);
}

function onData(bytes) {
  const { peer } = this;
  const { at } = peer;
  const end = at + bytes.length;
  if (end > reply.length) fail(`${end - reply.length} bytes too many`);
  const headerEnd = end < replyHeader ? end : replyHeader;
  for (let i = at; i < headerEnd; i++) {
    if (bytes[i - at] !== reply[i]) fail("A reply with another header");
  }
  if (peer.isSampled && bytes.compare(reply, at, end) !== 0) {
    fail("A reply that is not the message");
  }
  if (end < reply.length) {
    peer.at = end;
    return;
  }
  peer.at = 0;
  peer.onReply(peer);
}

function sampleSince(startMs) {
  if (samples.length < MAX_SAMPLES) samples.push(performance.now() - startMs);
}

function percentileUs(share) {
  const at = Math.min(samples.length - 1, Math.floor(samples.length * share));
  return Math.round(samples[at] * 1_000);
}

function report(count, startMs, startCpu) {
  const seconds = (performance.now() - startMs) / 1_000;
  const cpu = process.cpuUsage(startCpu);
  samples.sort((a, b) => a - b);
  console.log(JSON.stringify({
    messages: count,
    seconds,
    clientCpuSeconds: (cpu.user + cpu.system) / 1e6,
    p50Us: percentileUs(0.5),
    p99Us: percentileUs(0.99),
  }));
}

/** Each of `peers` asks until `isOver` says so; resolves when every reply is there. */
function echoes(peers, isOver, onEach) {
  let underWay = peers.length;
  return inTime(
    new Promise((resolve) => {
      for (const peer of peers) {
        peer.onReply = () => {
          onEach(peer);
          if (!isOver()) peer.ask();
          else if (--underWay === 0) resolve();
        };
        peer.ask();
      }
    }),
  );
}

async function runEcho() {
  const peers = await openAll();
  await echoes(peers, () => true, () => {});
  let count = 0;
  let isOver = false;
  const go = signal("SIGUSR2");
  console.log("ready");
  await go;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  setTimeout(() => isOver = true, load.seconds * 1_000);
  await echoes(peers, () => isOver, (peer) => {
    count++;
    if (peer.isSampled) sampleSince(peer.sentAt);
  });
  report(count, startMs, startCpu);
}

/** The first of `peers` sends until `isOver` says so, each time when all have received. */
function broadcasts(peers, isOver, onEach) {
  let missing = 0;
  let sentAt = 0;
  const send = () => {
    missing = peers.length;
    for (const peer of peers) peer.expect();
    sentAt = performance.now();
    peers[0].socket.write(frames[0]);
  };
  return inTime(
    new Promise((resolve) => {
      const onReply = () => {
        if (--missing > 0) return;
        onEach(sentAt);
        if (isOver()) resolve();
        else send();
      };
      for (const peer of peers) peer.onReply = onReply;
      send();
    }),
  );
}

async function runBroadcast() {
  const peers = await openAll();
  // Tells that everybody has joined.
  await broadcasts(peers, () => true, () => {});
  let rounds = 0;
  let isOver = false;
  const go = signal("SIGUSR2");
  console.log("ready");
  await go;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  setTimeout(() => isOver = true, load.seconds * 1_000);
  await broadcasts(peers, () => isOver, (sentAt) => {
    rounds++;
    sampleSince(sentAt);
  });
  report(rounds * peers.length, startMs, startCpu);
}

async function runIdle() {
  const peers = await openAll();
  for (let i = 0; i < peers.length; i += BATCH) {
    await echoes(peers.slice(i, i + BATCH), () => true, () => {});
  }
  const over = signal("SIGTERM");
  console.log("ready");
  await over;
  const held = peers.filter(({ socket }) =>
    !socket.destroyed && !socket.readableEnded
  );
  // The connections must still be good for a message, not merely open.
  const asked = held.slice(0, BATCH);
  let alive = 0;
  await echoes(asked, () => true, () => alive++);
  console.log(JSON.stringify({
    held: held.length,
    asked: asked.length,
    alive,
  }));
}

async function inTime(promise) {
  const ms = (load.seconds ?? 0) * 1_000 + DRAIN_MS;
  const timer = setTimeout(() => fail("Replies are missing"), ms);
  await promise;
  clearTimeout(timer);
}

if (kind === "idle") {
  await runIdle();
} else {
  const over = signal("SIGTERM");
  await (kind === "echo" ? runEcho() : runBroadcast());
  await over;
}
process.exit(0);
