import assert from "node:assert/strict";
import { once } from "node:events";
import process from "node:process";
import { describe, test } from "node:test";
import {
  asError,
  attachHandler,
  NOBODY,
  tellClosed,
} from "../../src/runtime/socket_events.ts";
import type { SocketHandler } from "../../src/runtime/types.ts";
import { FakeSocket } from "../_support/fake_socket.ts";

/** The next warning of this process while `run` runs, and after. */
async function warningOf(run: () => void): Promise<Error> {
  const warned = once(process, "warning");
  run();
  const [warning] = await warned;
  return warning;
}

describe("attachHandler()", () => {
  test("sets the handler that is made for the socket", () => {
    const socket = new FakeSocket();
    const handler: SocketHandler = { ...NOBODY };
    let made: unknown;
    attachHandler(socket, (one) => {
      made = one;
      return handler;
    });
    assert.equal(made, socket);
    assert.equal(socket.handler, handler);
  });

  test("destroys the socket when making a handler throws, and warns", async () => {
    const socket = new FakeSocket();
    const warning = await warningOf(() =>
      attachHandler(socket, () => {
        throw new Error("no handler");
      })
    );
    assert.equal(socket.isClosed, true);
    assert.equal(warning.message, "no handler");
  });
});

describe("tellClosed()", () => {
  test("hands over what broke the connection", () => {
    const told: unknown[] = [];
    const broken = new Error("broken");
    for (const error of [undefined, broken]) {
      tellClosed({ ...NOBODY, onClose: (one) => void told.push(one) }, error);
    }
    assert.deepEqual(told, [undefined, broken]);
  });

  test("warns of what the handler throws", async () => {
    const onClose = () => {
      throw new Error("in onClose");
    };
    const warning = await warningOf(() =>
      tellClosed({ ...NOBODY, onClose }, undefined)
    );
    assert.equal(warning.message, "in onClose");
  });
});

describe("asError()", () => {
  test("returns an error as it is", () => {
    const error = new TypeError("as it is");
    assert.equal(asError(error), error);
  });

  test("keeps anything else that was thrown as the cause", () => {
    for (const thrown of ["a text", undefined, 7]) {
      const error = asError(thrown);
      assert.equal(error.message, String(thrown));
      assert.equal(error.cause, thrown);
    }
  });
});
