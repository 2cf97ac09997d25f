import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProxyHeaderConnection } from "../../../src/connection/proxy_header_connection.ts";
import type { Address } from "../../../src/runtime/types.ts";
import {
  Admission,
  type AdmissionLimits,
} from "../../../src/server/listening/admission.ts";
import { admissionLimits } from "../../../src/server/settings.ts";
import { resolveOptions } from "../../../src/config/resolve.ts";
import { settle } from "../../_support/fake_clock.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { answering, Harness } from "../../_support/harness.ts";
import { TrustedPeers } from "../../../src/proxy/trusted_peers.ts";
import type { TlsContext } from "../../../src/runtime/types.ts";

const ANY: AdmissionLimits = {
  connections: Infinity,
  connectionsPerClient: Infinity,
};

function door(limits: Partial<AdmissionLimits>) {
  const harness = new Harness(answering("ok"), { countsClients: true });
  const { context } = harness;
  const admission = new Admission(context, { ...ANY, ...limits });
  const knock = (host = "192.0.2.1") => {
    const socket = new FakeSocket();
    socket.remoteAddress = tcp(host);
    socket.handler = admission.admit(socket);
    return socket;
  };
  const warnings = () => harness.logger.at("warning");
  return { harness, admission, knock, warnings, context };
}

function tcp(host: string): Address {
  return { kind: "tcp", host, port: 1 };
}

describe("Admission", () => {
  test("closes whoever comes while all connections are open", async () => {
    const { knock } = door({ connections: 2 });
    const first = knock();
    assert.equal(knock().isClosed, false);
    assert.equal(knock().isClosed, true);
    first.close();
    await settle();
    assert.equal(knock().isClosed, false);
  });

  test("closes the connections of one client and not those of others", () => {
    const { knock } = door({ connectionsPerClient: 1 });
    knock("192.0.2.1");
    assert.equal(knock("192.0.2.1").isClosed, true);
    assert.equal(knock("192.0.2.2").isClosed, false);
    knock("2001:db8::1");
    assert.equal(knock("2001:db8::2").isClosed, true);
    assert.equal(knock("2001:db8:0:1::2").isClosed, false);
  });

  test("counts TLS handshakes until they end", () => {
    const { admission, knock } = door({ connections: 1 });
    const pending = { remoteAddress: tcp("192.0.2.1"), destroy() {} };
    const settled = admission.beforeHandshake(pending);
    assert.notEqual(settled, undefined);
    assert.equal(admission.beforeHandshake(pending), undefined);
    assert.equal(knock().isClosed, true);
    settled?.(true);
    assert.equal(knock().isClosed, false);
  });

  test("counts the handshakes of one client", () => {
    const { admission, knock } = door({ connectionsPerClient: 1 });
    const settled = admission.beforeHandshake({
      remoteAddress: tcp("192.0.2.1"),
      destroy() {},
    });
    assert.equal(knock("192.0.2.1").isClosed, true);
    assert.equal(knock("192.0.2.2").isClosed, false);
    settled?.(true);
    assert.equal(knock("192.0.2.1").isClosed, false);
  });

  test("tells of a flood in few lines", () => {
    const { harness, knock, warnings } = door({ connections: 1 });
    knock();
    for (let i = 0; i < 100; i++) knock();
    assert.deepEqual(warnings(), [
      "Refused a connection: all 1 are open (limit-connections)",
    ]);
    harness.clock.advance(11_000);
    knock();
    assert.equal(
      warnings()[1],
      "Refused 100 connections: all 1 are open (limit-connections)",
    );
  });
});

/** A door behind proxies that are trusted at 127.0.0.1. */
function proxied(limits: Partial<AdmissionLimits> = {}, tls?: TlsContext) {
  const made = door(limits);
  const { admission } = made;
  admission.demandProxyHeaders({
    newPreface: (...args) => new ProxyHeaderConnection(...args),
    peers: new TrustedPeers(["127.0.0.1"]),
    tls,
    beforeHandshake: (pending) => admission.beforeHandshake(pending),
  });
  const knock = (client?: string) => {
    const socket = made.knock("127.0.0.1");
    if (client !== undefined) socket.receive(header(client));
    return socket;
  };
  return { ...made, knock, knockFrom: made.knock };
}

function header(client: string): string {
  return `PROXY TCP4 ${client} 192.0.2.1 56324 443\r\n`;
}

describe("Admission behind proxies", () => {
  test("closes whoever is not trusted before anything is read", () => {
    const { knockFrom, warnings } = proxied();
    const socket = knockFrom("192.0.2.9");
    assert.equal(socket.isClosed, true);
    socket.receive(header("198.51.100.7"));
    assert.deepEqual(socket.remoteAddress, tcp("192.0.2.9"));
    assert.deepEqual(warnings(), [
      "Refused a connection: 192.0.2.9 is not in forwarded-allow-ips",
    ]);
  });

  test("names the UNIX socket whose peers are not trusted", () => {
    const { admission, warnings } = proxied();
    const socket = new FakeSocket();
    socket.remoteAddress = { kind: "unix", path: "" };
    socket.localAddress = { kind: "unix", path: "/run/a\n.sock" };
    admission.admit(socket);
    assert.equal(socket.isClosed, true);
    assert.deepEqual(warnings(), [
      "Refused a connection: unix:/run/a\\n.sock is not in forwarded-allow-ips",
    ]);
  });

  test("closes a peer that has gone, without a word", () => {
    const { admission, warnings } = proxied();
    const socket = new FakeSocket();
    socket.remoteAddress = undefined;
    admission.admit(socket);
    assert.equal(socket.isClosed, true);
    assert.deepEqual(warnings(), []);
  });

  test("tells of bad headers in few lines, and names the proxy", () => {
    const { knock, warnings, harness } = proxied();
    for (let i = 0; i < 100; i++) {
      const socket = knock();
      socket.receive("GET / HTTP/1.1\r\n\r\n");
      assert.equal(socket.isClosed, true);
    }
    assert.deepEqual(warnings(), [
      "Refused a connection: Cannot read PROXY header: the connection begins without one " +
      "(proxy-protocol), from 127.0.0.1",
    ]);
    assert.equal(harness.logger.at("debug").length, 100);
  });

  test("counts those whose header has not come", async () => {
    const { knock } = proxied({ connections: 2 });
    const first = knock();
    knock();
    assert.equal(knock().isClosed, true);
    first.close();
    await settle();
    assert.equal(knock().isClosed, false);
  });

  test("counts the clients of one proxy one by one", async () => {
    const { knock, context } = proxied({ connectionsPerClient: 1 });
    const first = knock("198.51.100.7");
    let progress = 0;
    context.tracker.observeProgress(() => progress++);
    assert.equal(knock("198.51.100.7").isClosed, true);
    assert.equal(progress, 1); // a drain may be waiting for it
    assert.equal(knock("198.51.100.8").isClosed, false);
    assert.equal(context.tracker.connections.countOf("127.0.0.1"), 0);
    first.close();
    await settle();
    assert.equal(knock("198.51.100.7").isClosed, false);
  });

  test("serves what comes with the header", async () => {
    const { knock, harness } = proxied();
    const socket = knock();
    socket.receive(
      `${header("198.51.100.7")}GET / HTTP/1.1\r\nhost: a\r\n\r\n`,
    );
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
    assert.deepEqual(harness.requests.map(({ client }) => client), [
      "198.51.100.7:56324",
    ]);
  });

  test("ends the connection after one answer while it drains", async () => {
    const { knock, harness, context } = proxied();
    context.tracker.startDraining();
    const socket = knock("198.51.100.7");
    socket.receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await harness.turn();
    assert.match(socket.text, /\r\nconnection: close\r\n/);
  });

  test("counts the TLS handshake behind a header for its client", () => {
    const handshakes: {
      settle: (isComplete: boolean) => void;
      first: string;
    }[] = [];
    const tls: TlsContext = {
      update() {},
      secure(_socket, first, _accept, settle = () => {}) {
        handshakes.push({ settle, first: String.fromCharCode(...first) });
      },
    };
    const { knock, context } = proxied({ connectionsPerClient: 1 }, tls);
    const socket = knock("198.51.100.7");
    assert.equal(handshakes.length, 0);
    socket.receive("\x16\x03");
    assert.deepEqual(handshakes.map(({ first }) => first), ["\x16\x03"]);
    assert.equal(context.tracker.connections.countOf("198.51.100.7"), 1);
    const second = knock("198.51.100.7");
    second.receive("\x16");
    assert.equal(second.isClosed, true);
    handshakes[0]!.settle(true);
    knock("198.51.100.7").receive("\x16");
    assert.equal(handshakes.length, 2);
  });
});

describe("admissionLimits()", () => {
  for (
    const [descriptors, given, expected] of [
      [1024, undefined, 921],
      [128, undefined, 64],
      [20, undefined, 1],
      [undefined, undefined, Infinity],
      [1024, 5, 5],
    ] as const
  ) {
    test(`with ${descriptors} descriptors and ${given} asked for: ${expected}`, () => {
      const options = resolveOptions({ limitConnections: given });
      assert.equal(
        admissionLimits(options, descriptors).connections,
        expected,
      );
    });
  }
});
