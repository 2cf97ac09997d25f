import assert from "node:assert/strict";
import { test } from "node:test";
import { buildApplication } from "../../src/application/build.ts";
import { withMessageTrace } from "../../src/application/message_trace.ts";
import type {
  AsgiApp,
  HttpScope,
  LifespanScope,
  ReceiveEvent,
  SendEvent,
} from "../../src/asgi.ts";
import type { LogRecord } from "../../src/logging/record.ts";
import { RecordLogger } from "../../src/logging/record_logger.ts";

const SCOPE: HttpScope = {
  type: "http",
  asgi: { version: "3.0", spec_version: "2.5" },
  http_version: "1.1",
  method: "GET",
  scheme: "http",
  path: "/a",
  raw_path: "/a",
  query_string: "b=1",
  root_path: "",
  headers: [["cookie", "secret"]],
  client: ["127.0.0.1", 5000],
  server: ["127.0.0.1", 8000],
  state: { password: "secret" },
  extensions: {
    abort_signal: {
      get signal(): AbortSignal {
        throw new Error("made only when it is asked for");
      },
      abort: () => {},
    },
    drain_signal: {
      get signal(): AbortSignal {
        throw new Error("made only when it is asked for");
      },
    },
  },
};
const LIFESPAN: LifespanScope = {
  type: "lifespan",
  asgi: { version: "3.0", spec_version: "2.0" },
  state: {},
  extensions: {},
};

/** Calls a traced application; returns what was logged. */
async function trace(
  app: AsgiApp,
  scope: HttpScope | LifespanScope = SCOPE,
  events: readonly ReceiveEvent[] = [],
): Promise<{ records: LogRecord[]; result: unknown }> {
  const records: LogRecord[] = [];
  const logger = new RecordLogger("tricorn.asgi", {
    threshold: 5,
    handlers: [{ threshold: 5, handle: (record) => void records.push(record) }],
  });
  const waiting = [...events];
  const result = await Promise.resolve(
    withMessageTrace(app, logger)(
      scope,
      () => Promise.resolve(waiting.shift()!),
      () => Promise.resolve(),
    ),
  ).catch((error: unknown) => error);
  return { records, result };
}

test("a call is traced with sizes in place of bodies and fields (process:P-116)", async () => {
  const { records } = await trace(
    async (_scope, receive, send) => {
      await receive();
      await send({
        type: "http.response.start",
        status: 200,
        headers: [["set-cookie", "secret"]],
      });
      await send({
        type: "http.response.body",
        body: "héllo",
        more_body: true,
      });
      await send({ type: "http.response.body", body: new Uint8Array(7) });
    },
    SCOPE,
    [{ type: "http.request", body: new Uint8Array(3), more_body: false }],
  );
  const prefix = "127.0.0.1:5000 - ASGI [1]";
  const lines = records.map(({ message }) => message);
  assert.match(
    lines[0]!,
    /^127\.0\.0\.1:5000 - ASGI \[1\] Started scope=\{"type":"http",.*"path":"\/a",.*"headers":"<\.\.\.>",.*"state":"<\.\.\.>","extensions":\["abort_signal","drain_signal"\]\}$/,
  );
  assert.deepEqual(lines.slice(1), [
    `${prefix} Receive {"type":"http.request","body":"<3 bytes>","more_body":false}`,
    `${prefix} Send {"type":"http.response.start","status":200,"headers":"<...>"}`,
    `${prefix} Send {"type":"http.response.body","body":"<5 chars>","more_body":true}`,
    `${prefix} Send {"type":"http.response.body","body":"<7 bytes>"}`,
    `${prefix} Completed`,
  ]);
  assert.ok(lines.every((line) => !line.includes("secret")));
  for (const { level, logger, fields } of records) {
    assert.deepEqual([level, logger, fields], [
      "trace",
      "tricorn.asgi",
      { call: 1 },
    ]);
  }
});

test("a call that throws is traced, and throws the same (process:P-116)", async () => {
  const error = new Error("boom");
  const { records, result } = await trace(() => {
    throw error;
  });
  assert.equal(result, error);
  assert.equal(
    records.at(-1)!.message,
    "127.0.0.1:5000 - ASGI [1] Raised exception",
  );
});

test("a call without a client, and text messages, are traced", async () => {
  const { records } = await trace(
    async (_scope, receive) => void await receive(),
    LIFESPAN,
    [{ type: "websocket.receive", text: "secret", bytes: null }],
  );
  assert.deepEqual(records.map(({ message }) => message), [
    'ASGI [1] Started scope={"type":"lifespan","asgi":{"version":"3.0","spec_version":"2.0"},"state":"<...>","extensions":[]}',
    'ASGI [1] Receive {"type":"websocket.receive","text":"<6 chars>","bytes":null}',
    "ASGI [1] Completed",
  ]);
});

test("whatever an application sends can be traced", async () => {
  const cycle: Record<string, unknown> = { type: "x" };
  cycle.self = cycle;
  const { records } = await trace(async (_scope, _receive, send) => {
    for (
      const event of [cycle, null, undefined, { big: 1n }, {
        type: "y".repeat(10_000),
      }]
    ) await send(event as unknown as SendEvent);
  });
  const sent = records.slice(1, -1).map(({ message }) =>
    message.replace(/^.* Send /, "")
  );
  assert.deepEqual(sent.slice(0, 4), [
    "<cannot be shown>",
    "null",
    "undefined",
    '{"big":"1"}',
  ]);
  assert.equal(sent[4]!.length, 2001);
});

test("an application is wrapped only where the trace level is on", async () => {
  const app: AsgiApp = async (_scope, _receive, _send) => {};
  const onWarning = () => {};
  for (const threshold of [5, 10]) {
    const trace = new RecordLogger("tricorn.asgi", {
      threshold,
      handlers: [{ threshold: 5, handle() {} }],
    });
    const built = await buildApplication(app, {
      factory: false,
      onWarning,
      trace,
    });
    assert.equal(built === app, threshold === 10);
  }
});
