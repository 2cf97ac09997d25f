import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { RequestSocket } from "../../../../src/application/adapters/node/request_socket.ts";
import { UpgradeSocket } from "../../../../src/application/adapters/node/upgrade_socket.ts";
import type { HttpScope } from "../../../../src/asgi.ts";

/** An upgrade socket over a connection that keeps what it is asked for. */
function setUp({ isFull = false } = {}) {
  const asked: string[] = [];
  const scope = {
    scheme: "https",
    client: ["127.0.0.1", 4711],
    server: ["::1", 8000],
    extensions: {},
  } as unknown as HttpScope;
  const socket = new UpgradeSocket(new RequestSocket(scope, { cut() {} }));
  socket.attach({
    write(bytes) {
      asked.push(`write ${new TextDecoder().decode(bytes)}`);
      return !isFull;
    },
    pause: () => void asked.push("pause"),
    resume: () => void asked.push("resume"),
    end: () => void asked.push("end"),
    destroy: () => void asked.push("destroy"),
  });
  return { socket, asked };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the socket of an upgrade", () => {
  test("gives what the peer sends, and its end", async () => {
    const { socket } = setUp();
    let text = "";
    socket.on("data", (chunk) => text += chunk);
    socket.onData(bytes("ab"));
    socket.onData(bytes("c"));
    socket.onEnd();
    await once(socket, "end");
    assert.equal(text, "abc");
  });

  test("holds the peer back while nobody reads, and goes on then", async () => {
    const { socket, asked } = setUp();
    socket.onData(new Uint8Array(socket.readableHighWaterMark));
    assert.deepEqual(asked, ["pause"]);
    socket.resume();
    await once(socket, "data");
    await new Promise(setImmediate);
    assert.equal(asked.at(-1), "resume");
  });

  test("calls back when what it wrote has left", async () => {
    const { socket, asked } = setUp({ isFull: true });
    let isCalled = false;
    const called = new Promise<void>((resolve) =>
      socket.write("x", () => {
        isCalled = true;
        resolve();
      })
    );
    await new Promise(setImmediate);
    assert.deepEqual([asked, isCalled], [["write x"], false]);
    socket.onDrain();
    await called;
  });

  test("sends the end behind what was written", async () => {
    const { socket, asked } = setUp();
    socket.write("x");
    socket.end("y");
    await once(socket, "finish");
    assert.deepEqual(asked.filter((one) => one !== "resume"), [
      "write x",
      "write y",
      "end",
    ]);
  });

  test("closes a connection that is destroyed, but not one that has closed", async () => {
    const { socket, asked } = setUp();
    socket.destroy();
    await once(socket, "close");
    assert.deepEqual(asked, ["destroy"]);

    const other = setUp();
    other.socket.onClose();
    await once(other.socket, "close");
    assert.equal(other.asked.includes("destroy"), false);
  });

  test("lets no write wait for a connection that has closed", async () => {
    const { socket } = setUp({ isFull: true });
    const called = new Promise((resolve) => socket.write("x", resolve));
    await new Promise(setImmediate);
    socket.onClose();
    await called;
  });

  test("closes when what was written has left, if it is asked to", async () => {
    const { socket, asked } = setUp({ isFull: true });
    socket.write("x");
    socket.destroySoon();
    await new Promise(setImmediate);
    assert.equal(socket.destroyed, false);
    socket.onDrain();
    await once(socket, "close");
    assert.deepEqual(asked.filter((one) => one !== "resume"), [
      "write x",
      "end",
      "destroy",
    ]);
  });

  test("hands over what a listener throws", () => {
    const { socket } = setUp();
    const thrown: unknown[] = [];
    socket.onThrow = (error) => thrown.push(error);
    const error = new Error("in the application");
    socket.push = () => {
      throw error;
    };
    socket.onData(bytes("x"));
    assert.deepEqual(thrown, [error]);
  });

  test("knows what the socket of the request knows", () => {
    const { socket } = setUp();
    assert.equal(socket.remoteAddress, "127.0.0.1");
    assert.equal(socket.remotePort, 4711);
    assert.equal(socket.remoteFamily, "IPv4");
    assert.equal(socket.localAddress, "::1");
    assert.equal(socket.localPort, 8000);
    assert.equal(socket.encrypted, true);
    assert.equal(socket.authorized, false);
    assert.deepEqual(socket.getPeerCertificate(), {});
    assert.equal(socket.address().port, 8000);
    assert.equal(socket.setNoDelay().setTimeout(5), socket);
  });
});
