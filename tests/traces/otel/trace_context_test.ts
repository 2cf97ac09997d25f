import assert from "node:assert/strict";
import { test } from "node:test";
import { TrustedPeers } from "../../../src/proxy/trusted_peers.ts";
import type { OtelApi } from "../../../src/traces/otel/api.ts";
import { parentOf } from "../../../src/traces/otel/trace_context.ts";
import { httpScope } from "../../_support/scopes.ts";

const ROOT_CONTEXT = {};

/** An API whose propagator tells what it reads. */
function fakeApi() {
  const read: unknown[] = [];
  const api = {
    ROOT_CONTEXT,
    propagation: {
      extract(context, carrier, reader) {
        assert.equal(context, ROOT_CONTEXT);
        for (const name of ["TraceParent", "tracestate", "baggage"]) {
          read.push(reader.get(carrier, name));
        }
        read.push(reader.keys(carrier));
        return { extracted: true };
      },
    },
  } as Pick<OtelApi, "ROOT_CONTEXT" | "propagation"> as OtelApi;
  return { api, read };
}

test("fields are read in any case; repeated ones are a list", () => {
  const { api, read } = fakeApi();
  const scope = httpScope({
    headers: [["traceparent", "00-1"], ["tracestate", "a=1"], [
      "tracestate",
      "b=2",
    ]],
  });
  parentOf(api, { trusts: () => true })(scope);
  assert.deepEqual(read, ["00-1", ["a=1", "b=2"], undefined, [
    "traceparent",
    "tracestate",
  ]]);
});

for (
  const [name, peers, peer, isContinued] of [
    ["a trusted proxy", ["10.0.0.0/8"], ["10.1.2.3", 1], true],
    ["another peer", ["10.0.0.0/8"], ["192.0.2.1", 1], false],
    ["a proxy behind a UNIX socket", ["unix:"], null, true],
    ["a UNIX socket that is not trusted", ["127.0.0.1"], null, false],
  ] as const
) {
  test(`${name} ${isContinued ? "is" : "is not"} continued`, () => {
    const { api } = fakeApi();
    const scope = httpScope({
      // What a trusted proxy says of its client changes nothing.
      client: ["198.51.100.1", 1],
      peer,
      server: peer === null ? ["/run/app.sock", null] : ["10.0.0.9", 8000],
    });
    const parent = parentOf(api, new TrustedPeers(peers))(scope);
    assert.equal(parent === ROOT_CONTEXT, !isContinued);
  });
}

test("without peers nobody is", () => {
  const { api } = fakeApi();
  assert.equal(parentOf(api, undefined)(httpScope()), ROOT_CONTEXT);
});
