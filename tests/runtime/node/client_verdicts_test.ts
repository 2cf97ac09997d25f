import assert from "node:assert/strict";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { ClientVerdicts } from "../../../src/runtime/node/client_verdicts.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";

const FUTURE = "Jan  1 00:00:00 2999 GMT";
const PAST = "Jan  1 00:00:00 2001 GMT";

/** A connection after its handshake, as far as it is looked at. */
function socketOf(
  fingerprint256: string | undefined,
  verdict: { authorized: boolean; error?: string },
  { isResumed = false, validTo = FUTURE } = {},
): TLSSocket {
  return {
    authorized: verdict.authorized,
    authorizationError: verdict.error ?? null,
    isSessionReused: () => isResumed,
    getPeerCertificate: () =>
      fingerprint256 === undefined ? {} : { fingerprint256, valid_to: validTo },
  } as unknown as TLSSocket;
}

const GOOD = { authorized: true };
const BAD = { authorized: false, error: "SELF_SIGNED_CERT" };
const RESUMED = { isResumed: true };
/** Node and Bun carry the result with the session, and there it is taken as it is. */
function onDeno(name: string, run: () => void): void {
  if (RUNTIME === "deno") test(`[deno] ${name}`, run);
}

test("judge() takes the result of a full handshake", () => {
  const verdicts = new ClientVerdicts();
  assert.equal(verdicts.judge(socketOf("A", GOOD)), null);
  assert.equal(verdicts.judge(socketOf("B", BAD)), "SELF_SIGNED_CERT");
  assert.equal(
    verdicts.judge(socketOf("C", { authorized: false })),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  );
});

test("judge() refuses a client without a certificate, whatever the runtime says", () => {
  const verdicts = new ClientVerdicts();
  for (const options of [{}, RESUMED]) {
    assert.equal(
      verdicts.judge(socketOf(undefined, GOOD, options)),
      "UNABLE_TO_GET_ISSUER_CERT",
    );
  }
});

test("judge() believes a resumed session whose certificate has passed", () => {
  const verdicts = new ClientVerdicts();
  verdicts.judge(socketOf("A", GOOD));
  assert.equal(verdicts.judge(socketOf("A", GOOD, RESUMED)), null);
});

onDeno(
  "judge() repeats the result for a resumed session, not what Deno says of it",
  () => {
    const verdicts = new ClientVerdicts();
    verdicts.judge(socketOf("B", BAD));
    assert.equal(verdicts.judge(socketOf("B", GOOD, RESUMED)), BAD.error);
    assert.equal(
      verdicts.judge(socketOf("unknown", GOOD, RESUMED)),
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    );
  },
);

onDeno(
  "judge() refuses a resumed session whose certificate has expired since",
  () => {
    const verdicts = new ClientVerdicts();
    for (const validTo of [PAST, "never"]) {
      verdicts.judge(socketOf(validTo, GOOD, { validTo }));
      assert.equal(
        verdicts.judge(socketOf(validTo, GOOD, RESUMED)),
        "CERT_HAS_EXPIRED",
      );
    }
  },
);

onDeno("invalid certificates do not evict valid ones", () => {
  const verdicts = new ClientVerdicts();
  verdicts.judge(socketOf("A", GOOD));
  for (let i = 0; i < 20_000; i++) verdicts.judge(socketOf(`bad ${i}`, BAD));
  assert.equal(verdicts.judge(socketOf("A", GOOD, RESUMED)), null);
});
