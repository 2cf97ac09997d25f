import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OpenConnections } from "../../src/connection/open_connections.ts";
import type { Address } from "../../src/runtime/types.ts";
import { Admission, type AdmissionLimits } from "../../src/server/admission.ts";
import { admissionLimits } from "../../src/server/settings.ts";
import { resolveOptions } from "../../src/config/resolve.ts";
import { settle } from "../_support/fake_clock.ts";
import { FakeSocket } from "../_support/fake_socket.ts";
import { answering, Harness } from "../_support/harness.ts";

const ANY: AdmissionLimits = {
  connections: Infinity,
  connectionsPerClient: Infinity,
};

function door(limits: Partial<AdmissionLimits>) {
  const harness = new Harness(answering("ok"));
  const context = {
    ...harness.context,
    connections: new OpenConnections(true),
  };
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
    settled?.();
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
    settled?.();
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

describe("admissionLimits()", () => {
  for (
    const [descriptors, given, expected] of [
      [1024, undefined, 921],
      [128, undefined, 96],
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
