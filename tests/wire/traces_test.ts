/** Requests and WebSockets as tools for traces see them, through the real SDK of OpenTelemetry. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  type ClientTarget,
  exchange,
  pause,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import {
  ServerProcess,
  sharedServer,
  withServer,
} from "../_support/spawn_server.ts";
import { RUNTIME } from "../_support/this_runtime.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { closeFrame } from "../_support/websocket_frames.ts";
import { withWorkers } from "./_workers.ts";

interface SeenSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly events: readonly string[];
}

/** What the application in `apps/traced.ts` has seen. */
interface Seen {
  readonly pid: number;
  readonly spans: readonly SeenSpan[];
  readonly durations: readonly Readonly<Record<string, unknown>>[];
  readonly heard: readonly string[];
}

async function look(target: ClientTarget): Promise<Seen> {
  const { body } = await exchange(
    target,
    request("GET /seen", ["Connection: close"]),
  );
  return JSON.parse(body);
}

/** Looks until `find` finds something. */
async function lookFor<T>(
  target: ClientTarget,
  find: (seen: Seen) => T | undefined,
): Promise<T> {
  let seen: Seen | undefined;
  for (let tries = 0; tries < 400; tries++) {
    seen = await look(target);
    const found = find(seen);
    if (found !== undefined) return found;
    await pause(25);
  }
  assert.fail(`Nothing like that is in ${JSON.stringify(seen, undefined, 1)}`);
}

/** The span of the request for `path`. */
function spanOf(target: ClientTarget, path: string): Promise<SeenSpan> {
  return lookFor(
    target,
    ({ spans }) =>
      spans.find(({ attributes }) => attributes["url.path"] === path),
  );
}

const get = (path: string, fields: readonly string[] = []) =>
  request(`GET ${path}`, ["Connection: close", ...fields]);

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const TRACEPARENT = `traceparent: 00-${TRACE}-${PARENT}-01`;
const OK = 0;
const ERROR = 2;

describe("--otel", () => {
  const shared = sharedServer({
    app: "traced:app",
    args: ["--otel", "--no-access-log"],
  });
  const target = () => shared.server.target;

  test("makes a span of a request, around those of the application", async () => {
    const { body } = await exchange(target(), get("/inner", [TRACEPARENT]));
    assert.equal(body, "undefined"); // the channels are off
    const span = await spanOf(target(), "/inner");
    assert.equal(span.name, "GET /inner");
    assert.equal(span.status.code, OK);
    assert.equal(span.attributes["http.route"], "/inner");
    assert.equal(span.attributes["http.response.status_code"], 200);
    assert.equal(span.attributes["server.address"], "test");
    // The client is on this machine: trusted.
    assert.equal(span.trace, TRACE);
    assert.equal(span.parent, PARENT);
    const { spans, heard } = await look(target());
    const inner = spans.find(({ name }) => name === "inner")!;
    assert.equal(inner.parent, span.id);
    assert.deepEqual(heard, []);
  });

  test("an exception is recorded, and the span has failed", async () => {
    const { status } = await exchange(target(), get("/throw"));
    assert.equal(status, 500);
    const span = await spanOf(target(), "/throw");
    assert.deepEqual(span.status, { code: ERROR, message: "as asked" });
    assert.deepEqual(span.events, ["exception"]);
    assert.equal(span.attributes["error.type"], "RangeError");
    assert.equal(span.attributes["http.response.status_code"], 500);
  });

  test("a response that breaks off has failed, whatever its status", async () => {
    const client = await RawClient.connect(target());
    client.send(get("/cut"));
    await client.ended();
    const span = await spanOf(target(), "/cut");
    assert.equal(span.status.code, ERROR);
    assert.equal(span.attributes["http.response.status_code"], 200);
    client.close();
  });

  test("a client that leaves ends the span, without a failure", async () => {
    const client = await RawClient.connect(target());
    client.send(get("/wait"));
    await pause(50);
    client.close();
    const span = await spanOf(target(), "/wait");
    assert.equal(span.status.code, OK);
    assert.deepEqual(span.events, []);
    assert.equal(span.attributes["error.type"], "client_disconnected");
  });

  test("a WebSocket is a span for its handshake and one for its life", async () => {
    const client = await FrameClient.connect(target(), "/chat");
    const handshake = await spanOf(target(), "/chat");
    assert.equal(handshake.name, "GET");
    assert.equal(handshake.attributes["http.response.status_code"], 101);
    client.send(closeFrame(1001));
    const life = await lookFor(
      target(),
      ({ spans }) => spans.find(({ parent }) => parent === handshake.id),
    );
    assert.equal(life.name, "websocket");
    assert.equal(life.attributes["tricorn.websocket.close_code"], 1001);
    assert.equal(life.status.code, OK);
    client.close();
  });

  test("a WebSocket whose application throws has failed, its handshake has not", async () => {
    const client = await FrameClient.connect(target(), "/throw");
    const life = await lookFor(
      target(),
      ({ spans }) =>
        spans.find(({ name, status }) =>
          name === "websocket" && status.code === ERROR
        ),
    );
    assert.deepEqual(life.events, ["exception"]);
    assert.equal(life.attributes["tricorn.websocket.close_code"], 1011);
    client.close();
  });

  test("a refused handshake is one span, with its status", async () => {
    const client = await FrameClient.connect(target(), "/refused");
    client.close();
    const span = await spanOf(target(), "/refused");
    assert.equal(span.attributes["http.response.status_code"], 500);
    assert.equal(span.status.code, ERROR);
  });

  test("durations are measured, of what cannot be read as well", async () => {
    const { status } = await exchange(target(), "BROKEN\r\n\r\n");
    assert.equal(status, 400);
    const broken = await lookFor(
      target(),
      ({ durations }) =>
        durations.find((attributes) =>
          attributes["http.response.status_code"] === 400
        ),
    );
    assert.equal(broken["http.request.method"], "_OTHER");
  });
});

for (
  const [args, isContinued] of [
    [["--forwarded-allow-ips", "192.0.2.1"], false],
    [["--forwarded-allow-ips", "192.0.2.1", "--otel-context", "any"], true],
    [["--otel-context", "none"], false],
  ] as const
) {
  const what = isContinued ? "continues" : "does not continue";
  test(`with ${args.join(" ")} a request ${what} its traceparent`, async () => {
    const start = { app: "traced:app", args: ["--otel", ...args] };
    await withServer(start, async ({ target }) => {
      await exchange(target, get("/inner", [TRACEPARENT]));
      const span = await spanOf(target, "/inner");
      assert.equal(span.trace === TRACE, isContinued);
      assert.equal(span.parent === PARENT, isContinued);
    });
  });
}

test("--otel works in workers, and around --reset-contextvars", async () => {
  const args = ["--otel", "--reset-contextvars"];
  await withWorkers(2, async ({ target }) => {
    // Both by the same worker.
    const client = await RawClient.connect(target);
    await client.request(request("GET /inner"));
    const { body } = await client.request(request("GET /seen"));
    const { spans } = JSON.parse(body) as Seen;
    const inner = spans.find(({ name }) => name === "inner")!;
    const outer = spans.find(({ name }) => name === "GET /inner")!;
    assert.equal(inner.parent, outer.id);
    client.close();
  }, { app: "traced:app", args });
});

describe("--tracing-channels", () => {
  const shared = sharedServer({
    app: "traced:app",
    args: ["--tracing-channels", "--no-access-log"],
  });
  const target = () => shared.server.target;
  const heardOf = (path: string, last: RegExp) =>
    lookFor(target(), ({ heard }) => {
      const lines = heard.filter((line) => line.includes(path));
      return last.test(lines.at(-1) ?? "") ? lines : undefined;
    });

  test("publish a request, whose call runs in the stores that are bound", async () => {
    const { body } = await exchange(target(), get("/inner"));
    assert.equal(body, "/inner");
    assert.deepEqual(await heardOf("/inner", /asyncEnd/), [
      "request start /inner",
      "request asyncStart /inner 200",
      "request asyncEnd /inner 200",
    ]);
    const { spans } = await look(target());
    assert.deepEqual(spans.filter(({ name }) => name !== "inner"), []);
  });

  test("publish what the application throws", async () => {
    await exchange(target(), get("/throw"));
    assert.deepEqual(await heardOf("/throw", /asyncEnd/), [
      "request start /throw",
      "request error /throw as asked",
      "request asyncStart /throw 500 as asked",
      "request asyncEnd /throw 500 as asked",
    ]);
  });

  test("publish a client that leaves", async () => {
    const client = await RawClient.connect(target());
    client.send(get("/wait"));
    await pause(50);
    client.close();
    assert.deepEqual(await heardOf("/wait", /asyncEnd/), [
      "request start /wait",
      "request asyncStart /wait 499 client_disconnected",
      "request asyncEnd /wait 499 client_disconnected",
    ]);
  });

  test("publish a WebSocket up to its close", async () => {
    const client = await FrameClient.connect(target(), "/chat");
    client.send(closeFrame(1001));
    assert.deepEqual(await heardOf("/chat", /asyncEnd/), [
      "websocket start /chat",
      "websocket asyncStart /chat 101",
      "websocket asyncEnd /chat 101 1001",
    ]);
    client.close();
  });

  test("publish connections", async () => {
    const count = ({ heard }: Seen, event: string) =>
      heard.filter((line) => line === `connection ${event}`).length;
    const before = await look(target());
    const client = await RawClient.connect(target());
    await lookFor(target(), (seen) =>
      // That of the looks as well.
      count(seen, "start") >= count(before, "start") + 2 || undefined);
    client.close();
    await lookFor(
      target(),
      (seen) =>
        count(seen, "asyncEnd") >= count(seen, "start") - 1 || undefined,
    );
  });
});

test("--otel without the package says how to install it; Deno takes it from npm", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-otel-"));
  // With a folder of packages Bun installs nothing by itself.
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(
    join(folder, "main.mjs"),
    "export const app = async (scope, receive, send) => {};",
  );
  const server = new ServerProcess({
    args: ["--otel", "--port", "0", "main:app"],
    cwd: folder,
  });
  try {
    await server.line(
      "stderr",
      RUNTIME === "deno"
        ? /^WARNING: {2}No OpenTelemetry SDK is registered/
        : /^ERROR: {4}Cannot use --otel: .* "npm install @opentelemetry\/api"$/,
    );
    if (RUNTIME !== "deno") assert.equal((await server.end()).code, 3);
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true });
  }
});
