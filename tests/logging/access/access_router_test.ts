import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRouter } from "../../../src/logging/access/access_router.ts";
import { TextHandler } from "../../../src/logging/handler.ts";
import type { LogRecord } from "../../../src/logging/record.ts";
import type { RequestRecord } from "../../../src/logging/access/request_record.ts";
import { RECORD } from "../../_support/request_records.ts";

/** A router over one handler that keeps records, and one that writes a line of its own. */
function routerOf(isLogged?: (record: RequestRecord) => boolean) {
  const records: LogRecord[] = [];
  const written: string[] = [];
  const turns: (() => void)[] = [];
  const router = new AccessRouter((callback) => void turns.push(callback));
  const line = new TextHandler({
    format: () => "unused\n",
    write: (text) => void written.push(text),
    accessLines: {
      format: {
        format: ({ path }) => `${path}\n`,
        needs: { firstByte: false, responseFields: true },
      },
      write: (text) => void written.push(text),
    },
  });
  const sink = {
    threshold: 5,
    handle: (record: LogRecord) => void records.push(record),
  };
  router.reroute({ threshold: 20, handlers: [line, sink] }, isLogged);
  return { router, records, written, turns };
}

test("AccessRouter hands a request to each handler in its own form", () => {
  const { router, records, written, turns } = routerOf();
  router.onRequestEnd({
    ...RECORD,
    query: "a b",
    isWebSocket: true,
    status: 101,
    abortReason: "shutdown",
    firstByteMs: 0.12345,
    requestFields: [["user-agent", "curl"], ["referer", "x"]],
    requestId: "r",
    tlsVersion: "TLSv1.3",
  });
  assert.deepEqual(records.map(({ time: _, ...rest }) => rest), [{
    level: "info",
    logger: "tricorn.access",
    message: '127.0.0.1:5000 - "WebSocket /?a%20b" 101',
    fields: {
      client: "127.0.0.1:5000",
      method: "GET",
      path: "/",
      query: "a b",
      http_version: "1.1",
      scheme: "http",
      status: 101,
      duration_ms: 1,
      first_byte_ms: 0.123,
      bytes_in: 0,
      bytes_out: 2,
      user_agent: "curl",
      referer: "x",
      websocket: true,
      abort_reason: "shutdown",
      tls_version: "TLSv1.3",
      connection_id: "1",
      request_id: "r",
    },
  }]);
  assert.deepEqual(written, []);
  turns.forEach((callback) => callback());
  assert.deepEqual(written, ["/\n"]);
});

test("AccessRouter filters once for all handlers", () => {
  const { router, records, written } = routerOf(({ path }) => path !== "/no");
  router.onRequestEnd({ ...RECORD, path: "/no" });
  router.onRequestEnd({ ...RECORD, path: "/yes" });
  router.flush();
  assert.equal(records.length, 1);
  assert.deepEqual(written, ["/yes\n"]);
});

test("AccessRouter needs what its handlers need, or may come to need", () => {
  const { router } = routerOf();
  assert.deepEqual(router.needs, {
    firstByte: true,
    responseFields: true,
    coarseTimes: false,
  });
  router.reroute({ threshold: 20, handlers: [] }, undefined);
  assert.deepEqual(router.needs, {
    firstByte: false,
    responseFields: false,
    coarseTimes: true,
  });
  const expected = {
    firstByte: true,
    responseFields: false,
    coarseTimes: false,
  };
  assert.deepEqual(new AccessRouter(() => {}, expected).needs, expected);
});

test("AccessRouter is off where nobody takes the level of responses", () => {
  const { router, written } = routerOf();
  assert.equal(router.isOff, false);
  const handlers = [{ threshold: 30, handle: () => assert.fail() }];
  router.onRequestEnd(RECORD);
  router.reroute({ threshold: 20, handlers }, undefined);
  assert.deepEqual(written, ["/\n"], "what was buffered is written before");
  assert.equal(router.isOff, true);
  router.onRequestEnd(RECORD);
});
