import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { withSocketOptions } from "../../../../src/application/adapters/node/socket_options.ts";

const OptionedEmitter = withSocketOptions<[], EventEmitter>(EventEmitter);

describe("withSocketOptions", () => {
  test("gives each call back its socket, and changes nothing", () => {
    const socket = new OptionedEmitter();
    assert.equal(
      socket.setNoDelay().setKeepAlive().ref().unref().setTimeout(7),
      socket,
    );
    assert.equal(socket.listenerCount("timeout"), 0);
  });

  test("keeps the time that was set, and listens once", () => {
    const socket = new OptionedEmitter();
    assert.equal(socket.timeout, undefined);
    let calls = 0;
    socket.setTimeout(250, () => calls++);
    assert.equal(socket.timeout, 250);
    socket.emit("timeout");
    socket.emit("timeout");
    assert.equal(calls, 1);
  });

  test("passes on what the class is made with", () => {
    const OptionedDuplex = withSocketOptions(Duplex);
    const socket = new OptionedDuplex({ writableHighWaterMark: 3 });
    assert.ok(socket instanceof Duplex);
    assert.equal(socket.writableHighWaterMark, 3);
    assert.equal(socket.setNoDelay(), socket);
  });
});
