/**
 * Every wait has an end: each state of a connection and its cycle, met by a peer that vanishes,
 * leaves, stalls or floods, and by an application that sleeps until it is told. After the limits
 * nothing may be left: no connection, no call, no timer.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp, ReceiveEvent, SendEvent } from "../../src/asgi.ts";
import { READ_HIGH_WATER } from "../../src/connection/output/write_gate.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import type { FakeSocket } from "../_support/fake_socket.ts";
import { Harness } from "../_support/harness.ts";
import {
  closeFrame,
  handshakeRequest,
  textFrame,
} from "../_support/websocket_frames.ts";

interface Scope {
  readonly type: string;
  readonly extensions: { readonly abort_signal?: { signal: AbortSignal } };
}
type Call = (
  scope: Scope,
  receive: () => Promise<ReceiveEvent>,
  send: (event: SendEvent) => Promise<void>,
) => Promise<void>;

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 600000\r\n\r\n";
const CHUNK = new Uint8Array(32 * 1024);

/** What an application does once it has brought its connection into the state: nothing, until told. */
const SLEEPERS: Readonly<Record<string, Call>> = {
  "until its signal is raised": (scope) =>
    new Promise((resolve) => {
      const { signal } = scope.extensions.abort_signal!;
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    }),
  "in receive()": async (_scope, receive) => {
    for (;;) {
      const { type } = await receive();
      if (type.endsWith(".disconnect")) return;
    }
  },
};

/** How a state is reached. */
interface State {
  readonly name: string;
  readonly bytes: readonly (string | Uint8Array)[];
  /** What the application does first. */
  readonly begin?: Call;
  readonly takesWrites?: boolean;
  /** The application has done all it was called for, and returns. */
  readonly isAnswered?: boolean;
  /** The peer is owed nothing and may wait: it has to be gone for this to end. */
  readonly isPatient?: boolean;
}

const startStream: Call = async (_scope, _receive, send) => {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "a", more_body: true });
};
const flood: Call = async (_scope, _receive, send) => {
  await send({ type: "http.response.start", status: 200 });
  for (let i = 0; i < 100; i++) {
    await send({ type: "http.response.body", body: CHUNK, more_body: true });
  }
};
const accept: Call = async (_scope, receive, send) => {
  await receive();
  await send({ type: "websocket.accept" });
};
const respond: Call = async (_scope, _receive, send) => {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "ok" });
};

/** What the test at hand sleeps by, for states whose later calls sleep. */
const sleepers: { current: Call } = { current: () => Promise.resolve() };

const STATES: readonly State[] = [
  { name: "no byte", bytes: [] },
  { name: "half a head", bytes: ["GET / HT"] },
  { name: "half a body", bytes: [POST, "some"] },
  {
    name: "half a chunk",
    bytes: [
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ],
  },
  { name: "a body that nobody reads", bytes: [POST, "x".repeat(80_000)] },
  {
    name: "100 Continue owed",
    bytes: [POST.replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n")],
    isPatient: true,
  },
  { name: "a whole request", bytes: [GET], isPatient: true },
  {
    name: "a whole request and pipelined ones behind it",
    bytes: [GET, GET.repeat(100)],
    isPatient: true,
  },
  {
    name: "a whole request and more pipelined ones than are held",
    bytes: [GET, GET.repeat(4_000)],
  },
  {
    name: "a second request behind an answered one, with more than is held",
    bytes: [GET.repeat(4_000)],
    begin: (() => {
      let calls = 0;
      return async (scope, receive, send) => {
        if (calls++ % 2 === 0) await respond(scope, receive, send);
        else await sleepers.current(scope, receive, send);
      };
    })(),
    isAnswered: true,
  },
  { name: "an open stream", bytes: [GET], begin: startStream, isPatient: true },
  {
    name: "an open stream whose request is not whole",
    bytes: [POST, "some"],
    begin: startStream,
  },
  {
    name: "a stream that the peer does not read",
    bytes: [GET],
    begin: flood,
    takesWrites: false,
  },
  {
    name: "an unread stream, and more pipelined than is held",
    bytes: [GET, GET.repeat(4_000)],
    begin: flood,
    takesWrites: false,
  },
  {
    name: "pipelined answers that the peer does not read",
    bytes: [GET.repeat(5_000)],
    begin: respond,
    isAnswered: true,
    takesWrites: false,
  },
  {
    name: "an answer, and idle",
    bytes: [GET],
    begin: respond,
    isAnswered: true,
  },
  {
    name: "an answer while the body still comes",
    bytes: [POST.replace("600000", "100000"), "some"],
    begin: respond,
    isAnswered: true,
  },
  {
    name: "an answer to a body that is too long to drop",
    bytes: [POST, "some"],
    begin: respond,
    isAnswered: true,
  },
  { name: "a refused request", bytes: ["GARBAGE\r\n\r\n"] },
  { name: "a handshake", bytes: [handshakeRequest()] },
  {
    name: "a handshake, and more frames than are held",
    bytes: [handshakeRequest(), textFrame("x".repeat(READ_HIGH_WATER))],
  },
  {
    name: "a handshake with a body",
    bytes: [
      handshakeRequest("/", ["Content-Length: 300000"]),
      "x".repeat(100_000),
    ],
  },
  {
    name: "an open WebSocket",
    bytes: [handshakeRequest(), textFrame("hello")],
    begin: accept,
  },
  {
    name: "half a frame",
    bytes: [handshakeRequest(), textFrame("hello").subarray(0, 7)],
    begin: accept,
  },
  {
    name: "a full queue of messages",
    bytes: [handshakeRequest(), ...Array(40).fill(textFrame("0123456789"))],
    begin: accept,
    isPatient: true, // once it has sent so much that its pongs are not read either
  },
  {
    name: "a full queue, and more than is read ahead",
    bytes: [
      handshakeRequest(),
      ...Array(40).fill(textFrame("0123456789")),
      textFrame("x".repeat(READ_HIGH_WATER)),
    ],
    begin: accept,
    isPatient: true,
  },
  {
    name: "messages that the peer does not read",
    bytes: [handshakeRequest()],
    begin: async (scope, receive, send) => {
      await accept(scope, receive, send);
      for (let i = 0; i < 100; i++) {
        await send({ type: "websocket.send", bytes: CHUNK });
      }
    },
    takesWrites: false,
  },
  {
    name: "our close frame, unanswered",
    bytes: [handshakeRequest()],
    begin: async (scope, receive, send) => {
      await accept(scope, receive, send);
      await send({ type: "websocket.close" });
    },
    isAnswered: true,
  },
  {
    name: "the peer's close frame, and no end",
    bytes: [handshakeRequest(), closeFrame(1000)],
    begin: accept,
  },
  {
    name: "half a denial",
    bytes: [handshakeRequest()],
    begin: async (_scope, _receive, send) => {
      await send({ type: "websocket.http.response.start", status: 401 });
      await send({
        type: "websocket.http.response.body",
        body: "no",
        more_body: true,
      });
    },
    isPatient: true,
  },
];

/** A fake socket whose peer has been as it is for some steps, and which may have written since. */
type Stepped = FakeSocket & { elapsedSteps: number; hasWrittenSince: boolean };

/** What a peer does, and what its kernel tells of it. */
interface Fate {
  readonly name: string;
  /** Whether a patient state ends by it. */
  readonly isGone: boolean;
  /** Called once the state is reached. */
  readonly start?: (socket: FakeSocket) => void;
  /** Called at each step of time. */
  readonly step?: (socket: Stepped) => void;
}

const FATES: readonly Fate[] = [
  {
    name: "is reset",
    isGone: true,
    start: (socket) => socket.close(lost("ECONNRESET")),
  },
  {
    name: "sends its FIN and is gone",
    isGone: true,
    // Behind bytes that nobody reads a FIN does not show; what is written is answered by a reset.
    start: (socket) => {
      if (!socket.isClosed && !socket.isPaused) socket.fin();
    },
    step: (socket) => {
      if (socket.hasWrittenSince) socket.close(lost("ECONNRESET"));
    },
  },
  {
    name: "vanishes",
    isGone: true,
    // The kernel finds out by keep-alive or by what it cannot deliver, and tells who reads or writes.
    step: (socket) => {
      if (
        socket.elapsedSteps > 3 && (!socket.isPaused || socket.hasWrittenSince)
      ) {
        socket.close(lost("ETIMEDOUT"));
      }
    },
  },
  { name: "stalls", isGone: false },
  {
    name: "floods",
    isGone: false,
    step: (socket) => {
      for (let i = 0; i < 4 && !socket.isPaused && !socket.isClosed; i++) {
        socket.receive("x".repeat(4_000));
      }
    },
  },
];

function lost(code: string): Error {
  return Object.assign(new Error(`read ${code}`), { code });
}

const STEP_MS = 20_000;
/** Far beyond every limit of the harness: 300 s for an application that does not read. */
const STEPS = 70;

async function meet(state: State, sleep: Call, fate: Fate) {
  sleepers.current = sleep;
  const app: Call = async (scope, receive, send) => {
    try {
      await state.begin?.(scope, receive, send);
      if (!state.isAnswered) await sleep(scope, receive, send);
    } catch {
      // It was told by a rejection.
    }
  };
  const harness = new Harness(app as unknown as HttpApp, {
    settings: {
      minBodyRate: 240,
      websocket: {
        limits: DEFAULT_WEBSOCKET_LIMITS,
        maxQueue: 32,
        pingIntervalMs: 20_000,
        pingTimeoutMs: 20_000,
        closeMs: 10_000,
        handshakeMs: 30_000,
        deflate: undefined,
      },
    },
  });
  const socket = harness.connect() as Stepped;
  for (const bytes of state.bytes) {
    if (socket.isPaused) break;
    socket.receive(bytes);
    await harness.turn();
    // The handshake's answer leaves, and what follows does not.
    if (state.takesWrites === false) socket.takesWrites = false;
  }
  await harness.turn();
  socket.elapsedSteps = 0;
  socket.hasWrittenSince = false;
  const written = () => socket.writes.length;
  const before = written();
  fate.start?.(socket);
  for (let i = 0; i < STEPS && !isOver(harness, socket); i++) {
    await endTurn(harness);
    harness.clock.advance(STEP_MS);
    await endTurn(harness);
    socket.elapsedSteps++;
    socket.hasWrittenSince = written() > before;
    fate.step?.(socket);
  }
  await harness.turn();
  return { harness, socket };
}

/** One turn, with what settles in it: less thorough than `harness.turn()`, and many times faster. */
async function endTurn(harness: Harness): Promise<void> {
  for (let i = 0; i < 12; i++) await null;
  harness.clock.endTurn();
  for (let i = 0; i < 12; i++) await null;
}

/** Whether there is nothing any more that could change. */
function isOver({ tracker, clock }: Harness, socket: FakeSocket): boolean {
  return socket.isClosed && tracker.connections.size === 0 &&
    tracker.runningCalls === 0 && !clock.isTicking;
}

function assertNothingLeft(harness: Harness, socket: FakeSocket): void {
  assert.equal(socket.isClosed, true, "the socket is closed");
  assert.equal(harness.tracker.connections.size, 0, "connections");
  assert.equal(harness.tracker.runningCalls, 0, "calls");
  assert.equal([...harness.tracker.detachedCalls].length, 0, "orphans");
  assert.equal(harness.clock.isTicking, false, "the clock sleeps");
  assert.deepEqual(
    harness.logger.lines.filter(({ level, error }) =>
      level === "error" && error !== undefined
    ),
    [],
    "no exception",
  );
}

for (const state of STATES) {
  describe(`in the state "${state.name}" nothing is left`, () => {
    for (const fate of FATES) {
      for (const [how, sleep] of Object.entries(SLEEPERS)) {
        test(`of a peer that ${fate.name}, with an application that sleeps ${how}`, async () => {
          const { harness, socket } = await meet(state, sleep, fate);
          if (!fate.isGone && state.isPatient && !socket.isClosed) {
            // A peer that waits is in order, for as long as the application takes: until the
            // server stops.
            for (const connection of harness.tracker.connections) {
              connection.abort(new Error("The server stops"));
            }
            await harness.turn();
            harness.clock.advance(STEP_MS);
            await harness.turn();
          }
          assertNothingLeft(harness, socket);
        });
      }
    }
  });
}
