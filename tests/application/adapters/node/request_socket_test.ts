import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RequestSocket } from "../../../../src/application/adapters/node/request_socket.ts";
import type { HttpScope } from "../../../../src/asgi.ts";

const TLS = {
  tls_version: 0x0304,
  client_cert_chain: ["a certificate"],
  client_cert_error: null,
};

function setUp(parts: object = {}) {
  const cuts: (Error | undefined)[] = [];
  const scope = {
    scheme: "http",
    client: ["127.0.0.1", 4711],
    server: ["::1", 8000],
    extensions: {},
    ...parts,
  } as unknown as HttpScope;
  const socket = new RequestSocket(scope, { cut: (error) => cuts.push(error) });
  return { socket, cuts };
}

/** Resolves with what the socket says of its end. */
function closeOf(socket: RequestSocket): Promise<unknown> {
  return new Promise((resolve) => socket.once("close", resolve));
}

describe("the socket of a request", () => {
  test("has both ends of the connection", () => {
    const { socket } = setUp();
    assert.equal(socket.remoteAddress, "127.0.0.1");
    assert.equal(socket.remotePort, 4711);
    assert.equal(socket.remoteFamily, "IPv4");
    assert.equal(socket.localAddress, "::1");
    assert.equal(socket.localPort, 8000);
    assert.equal(socket.localFamily, "IPv6");
    assert.deepEqual(socket.address(), {
      address: "::1",
      family: "IPv6",
      port: 8000,
    });
  });

  test("has no addresses on a UNIX socket", () => {
    const { socket } = setUp({ client: null, server: ["/run/app", null] });
    for (
      const name of [
        "remoteAddress",
        "remotePort",
        "remoteFamily",
        "localAddress",
        "localPort",
        "localFamily",
      ] as const
    ) {
      assert.equal(socket[name], undefined, name);
    }
    assert.deepEqual(socket.address(), {});
  });

  test("has no TLS on a plain connection", () => {
    const { socket } = setUp();
    assert.equal(socket.encrypted, false);
    assert.equal(socket.authorized, false);
    assert.equal(socket.authorizationError, null);
    assert.equal(socket.alpnProtocol, false);
    assert.equal(socket.getProtocol(), null);
    assert.deepEqual(socket.getPeerCertificate(), {});
  });

  test("has what the handshake agreed on", () => {
    const { socket } = setUp({
      scheme: "https",
      extensions: { tls: TLS, connection: { alpn: "http/1.1" } },
    });
    assert.equal(socket.encrypted, true);
    assert.equal(socket.authorized, true);
    assert.equal(socket.alpnProtocol, "http/1.1");
    assert.equal(socket.getProtocol(), "TLSv1.3");
  });

  for (
    const [what, tls, error] of [
      ["no certificate", { ...TLS, client_cert_chain: [] }, null],
      [
        "a certificate that does not verify",
        { ...TLS, client_cert_error: "CERT_HAS_EXPIRED" },
        "CERT_HAS_EXPIRED",
      ],
    ] as const
  ) {
    test(`has not authorized a client with ${what}`, () => {
      const { socket } = setUp({ scheme: "https", extensions: { tls } });
      assert.equal(socket.authorized, false);
      assert.equal(socket.authorizationError, error);
    });
  }
});

describe("the end of a connection", () => {
  test("is asked for by each way to end a socket", () => {
    for (const end of ["destroySoon", "resetAndDestroy", "end"] as const) {
      const { socket, cuts } = setUp();
      socket[end]();
      assert.deepEqual(cuts, [undefined], end);
    }
    const error = new Error("enough");
    const { socket, cuts } = setUp();
    assert.equal(socket.destroy(error), socket);
    assert.deepEqual(cuts, [error]);
  });

  test("is told once, and seen in what the socket says of itself", async () => {
    const { socket, cuts } = setUp();
    const closes: unknown[] = [];
    socket.on("close", (hadError) => closes.push(hadError));
    assert.equal(socket.readyState, "open");
    assert.equal(socket.writable && socket.readable, true);
    const closed = closeOf(socket);
    socket.markClosed(undefined);
    socket.markClosed(new Error("too late"));
    assert.deepEqual(closes, [], "not before the caller has gone on");
    assert.equal(socket.readyState, "closed");
    assert.equal(socket.writable || socket.readable, false);
    await closed;
    await new Promise(setImmediate);
    assert.deepEqual(closes, [false]);
    socket.destroy();
    assert.deepEqual(cuts, []);
  });

  test("comes with its error for those who listen", async () => {
    const { socket } = setUp();
    const error = new Error("cut");
    const closed = closeOf(socket);
    const errors: unknown[] = [];
    socket.on("error", (one) => errors.push(one));
    socket.markClosed(error);
    assert.equal(await closed, true);
    assert.deepEqual(errors, [error]);
  });

  test("throws nothing where nobody listens for errors", async () => {
    const { socket } = setUp();
    const closed = closeOf(socket);
    socket.markClosed(new Error("cut"));
    assert.equal(await closed, true);
  });
});

test("raw bytes are refused, with the reason", async () => {
  const { socket } = setUp();
  const { promise, resolve } = Promise.withResolvers<Error>();
  assert.equal(socket.write("x", "utf8", resolve), false);
  assert.match((await promise).message, /use the response, or an upgrade/);
  assert.equal(socket.write("x"), false);
});
