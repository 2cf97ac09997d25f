/** The tools of the wire tests: a client that misreads would make every test with it worthless. */
import assert from "node:assert/strict";
import {
  type AddressInfo,
  createServer,
  type Server,
  type Socket,
} from "node:net";
import { test } from "node:test";
import { exchange, latin1, pause, RawClient, request } from "./raw_client.ts";

/** A peer that does as told with each connection. */
async function withPeer(
  onConnection: (socket: Socket) => void,
  use: (target: { host: string; port: number }) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use({
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Answers each connection with fixed bytes, one at a time, and ends it if asked to. */
function answering(bytes: string, end = false): (socket: Socket) => void {
  return (socket) => {
    socket.once("data", async () => {
      for (const unit of bytes) {
        socket.write(unit, "latin1");
        await pause(0);
      }
      if (end) socket.end();
    });
  };
}

const HEAD = "HTTP/1.1 200 OK\r\n";

for (
  const [behaviour, bytes, framing, body, isComplete] of [
    [
      "reads a body by its length",
      `${HEAD}content-length: 3\r\n\r\nabc`,
      "length",
      "abc",
      true,
    ],
    [
      "reads chunks and trailers",
      `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nx: y\r\n\r\n`,
      "chunked",
      "abcd",
      true,
    ],
    ["reads a body to the end", `${HEAD}\r\nab`, "close", "ab", true],
    [
      "notices a body cut short",
      `${HEAD}content-length: 9\r\n\r\nab`,
      "length",
      "ab",
      false,
    ],
    [
      "notices missing chunks",
      `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`,
      "chunked",
      "abc",
      false,
    ],
    [
      "reads no body after 204",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "none",
      "",
      true,
    ],
  ] as const
) {
  test(`RawClient ${behaviour}`, () =>
    withPeer(answering(bytes, true), async (target) => {
      const response = await exchange(target, request("GET /"));
      assert.equal(response.framing, framing);
      assert.equal(response.body, body);
      assert.equal(response.isComplete, isComplete);
    }));
}

test("RawClient leaves what follows a response for the next read", () =>
  withPeer(
    answering(
      `HTTP/1.1 100 Continue\r\n\r\n${HEAD}a: 1\r\nA: 2\r\ncontent-length: 0\r\n\r\nextra`,
    ),
    async (target) => {
      const client = await RawClient.connect(target);
      client.send("x");
      assert.equal((await client.readResponse()).status, 100);
      const response = await client.readResponse();
      assert.deepEqual(response.all("a"), ["1", "2"]);
      assert.deepEqual(response.headers[1], ["A", "2"]);
      assert.equal(await client.readUntil("extra"), "extra");
      client.close();
    },
  ));

test("RawClient answers to HEAD have no body", () =>
  withPeer(answering(`${HEAD}content-length: 5\r\n\r\n`), async (target) => {
    const response = await exchange(target, request("HEAD /"));
    assert.equal(response.framing, "none");
    assert.equal(response.header("content-length"), "5");
  }));

test("RawClient sends octets in pieces, half-closes and goes on reading", () =>
  withPeer((socket) => {
    let received = "";
    socket.on("data", (bytes: Uint8Array) => {
      received += latin1(bytes);
    });
    socket.on(
      "end",
      () => socket.end(`got ${received.length} ${received.charCodeAt(1)}`),
    );
  }, async (target) => {
    const client = await RawClient.connect(target);
    await client.sendInPieces("a\xffc");
    client.halfClose();
    assert.deepEqual(await client.readToEnd(), {
      bytes: "got 3 255",
      end: "fin",
    });
    client.close();
  }));

test("RawClient tells a reset from an orderly end", () =>
  withPeer((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  }, async (target) => {
    const client = await RawClient.connect(target);
    client.send("x");
    assert.equal(await client.ended(), "reset");
  }));

test("RawClient cuts a connection with a reset", async () => {
  const seen = Promise.withResolvers<string>();
  await withPeer((socket) => {
    socket.on("data", () => {});
    socket.on(
      "error",
      (error) => seen.resolve((error as { code?: string }).code ?? ""),
    );
    socket.on("end", () => seen.resolve("end"));
  }, async (target) => {
    const client = await RawClient.connect(target);
    await client.sendAll("x");
    client.reset();
    assert.equal(await seen.promise, "ECONNRESET");
  });
});

test("RawClient refuses to forgive a bad chunk line", () =>
  withPeer(
    answering(`${HEAD}transfer-encoding: chunked\r\n\r\n 3\r\nabc\r\n`),
    async (target) => {
      await assert.rejects(
        exchange(target, request("GET /")),
        /Cannot read chunk line/,
      );
    },
  ));

test("RawClient says what it waited for and what came instead", () =>
  withPeer(answering("HTTP/1.1 2", true), async (target) => {
    await assert.rejects(
      exchange(target, request("GET /")),
      /ended \(fin\) before a response head; got "HTTP\/1.1 2"/,
    );
  }));
