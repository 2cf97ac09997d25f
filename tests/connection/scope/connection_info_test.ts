import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  connectionInfo,
  ServerAddresses,
} from "../../../src/connection/scope/connection_info.ts";
import type { TlsConnection } from "../../../src/runtime/types.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { answering, Harness } from "../../_support/harness.ts";

function info(socket: FakeSocket = new FakeSocket(), rootPath = "") {
  const { context } = new Harness(answering(""), { settings: { rootPath } });
  return connectionInfo(socket, context);
}

describe("connectionInfo()", () => {
  test("numbers the connections of a server", () => {
    const { context } = new Harness(answering(""));
    const ids = [1, 2, 3].map(() => connectionInfo(new FakeSocket(), context));
    assert.deepEqual(ids.map(({ id }) => id), ["1", "2", "3"]);
  });

  test("is the origin of requests: the peer, the scheme, the mount point", () => {
    const { client, scheme, rootPath } = info(new FakeSocket(), "/api");
    assert.deepEqual({ ...client }, {
      kind: "tcp",
      host: "127.0.0.1",
      port: 50123,
    });
    assert.equal(scheme, "http");
    assert.equal(rootPath, "/api");
  });

  test("knows TLS by its scheme", () => {
    const socket = new FakeSocket();
    socket.tls = { alpn: "http/1.1" } as TlsConnection;
    const { scheme, tls } = info(socket);
    assert.deepEqual([scheme, tls], ["https", socket.tls]);
  });

  test("has no client where the peer has no address (http:H-010)", () => {
    const socket = new FakeSocket();
    socket.remoteAddress = { kind: "unix", path: "" };
    assert.equal(info(socket).client, undefined);
    socket.remoteAddress = undefined;
    assert.equal(info(socket).client, undefined);
  });
});

const tcp = (port: number) => ({ kind: "tcp", host: "::1", port }) as const;
const unix = (path: string) => ({ kind: "unix", path }) as const;

describe("ServerAddresses", () => {
  for (
    const [what, address, entry] of [
      ["a TCP address", tcp(8000), ["::1", 8000]],
      ["a UNIX path", unix("/run/a.sock"), ["/run/a.sock", null]],
      ["a UNIX socket that does not tell its path", unix(""), null],
    ] as const
  ) {
    test(`has an entry for ${what}`, () => {
      assert.deepEqual(new ServerAddresses().entryOf(address), entry);
    });
  }

  test("shares one frozen entry between connections at one address", () => {
    const addresses = new ServerAddresses();
    const here = tcp(8000);
    const entry = addresses.entryOf(here);
    assert.equal(addresses.entryOf(here), entry);
    assert.ok(Object.isFrozen(entry));
  });

  test("tells two addresses apart, however they take turns", () => {
    const addresses = new ServerAddresses();
    const [here, there] = [tcp(8000), tcp(8001)];
    for (const address of [here, there, here, there]) {
      assert.equal(addresses.entryOf(address)![1], address.port);
    }
  });

  test("shares nothing between servers", () => {
    const here = tcp(8000);
    assert.notEqual(
      new ServerAddresses().entryOf(here),
      new ServerAddresses().entryOf(here),
    );
  });
});
