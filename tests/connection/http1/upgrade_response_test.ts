import assert from "node:assert/strict";
import { test } from "node:test";
import { UpgradeResponse } from "../../../src/connection/http1/upgrade_response.ts";
import type { Http1RequestHead } from "../../../src/http1/request_head.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { answering, Harness } from "../../_support/harness.ts";

function setUp() {
  const harness = new Harness(answering(""));
  const socket = new FakeSocket();
  const head = { method: "GET", version: "1.1", acceptsTrailers: false };
  const response: UpgradeResponse = new UpgradeResponse(
    socket,
    harness.context,
    head as Http1RequestHead,
    {
      beforeTurnEnd: () => response.endHead(),
      afterTurnEnd: () => {},
      onWriteStall: () => {},
      onFailure(thrown) {
        throw thrown;
      },
    },
  );
  return { harness, socket, response };
}

test("UpgradeResponse answers 403 without a body, and a failure with a short text", () => {
  for (
    const [status, expected] of [
      [
        403,
        /^HTTP\/1\.1 403 [^]*content-length: 0\r\nconnection: close\r\n\r\n$/,
      ],
      [
        500,
        /^HTTP\/1\.1 500 [^]*connection: close\r\n\r\nInternal Server Error$/,
      ],
    ] as const
  ) {
    const { socket, response } = setUp();
    response.answer(status);
    response.flow.flushAll();
    assert.match(socket.text, expected);
    assert.equal(response.status, status);
  }
});

test("UpgradeResponse holds the head of a denial to the end of the turn", () => {
  const { harness, socket, response } = setUp();
  assert.equal(response.start(401, [["x-a", "1"]]), undefined);
  response.flow.scheduleFlush();
  response.flow.flush();
  assert.deepEqual([socket.text, response.isHeadCommitted], ["", false]);
  harness.clock.endTurn();
  assert.match(socket.text, /^HTTP\/1\.1 401 [^]*connection: close\r\n/);
  assert.equal(response.isHeadCommitted, true);
});

test("UpgradeResponse replaces a head that has not left", () => {
  const { socket, response } = setUp();
  response.start(200, [["x-a", "1"]]);
  response.answer(500);
  response.flow.flushAll();
  assert.match(socket.text, /^HTTP\/1\.1 500 /);
  assert.ok(!socket.text.includes("x-a"));
});

test("UpgradeResponse warns once of a body that its status does not allow", () => {
  const { harness, response } = setUp();
  response.start(304, []);
  response.write("a", false);
  response.write("b", true);
  assert.equal(harness.logger.at("warning").length, 1);
});
