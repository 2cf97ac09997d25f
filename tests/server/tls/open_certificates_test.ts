/** From options to certificates in use; what of them is bad is in tls_material_test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Config } from "../../../src/config/config.ts";
import type { OptionsInput } from "../../../src/config/options/mod.ts";
import { ConfigError } from "../../../src/errors.ts";
import type { Logger, LogLevel } from "../../../src/logging/logger.ts";
import { openCertificates } from "../../../src/server/tls/open_certificates.ts";
import { TestAuthority } from "../../_support/certificates.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";

const authority = new TestAuthority();
const one = authority.server(["a.test"]);
const two = authority.server(["b.test"]);

/** Opens what `options` ask for, and says what went to the log. */
async function open(options: OptionsInput): Promise<readonly string[]> {
  const lines: string[] = [];
  const note = (text: string) => void lines.push(text);
  const logger = {
    debug: note,
    info: note,
    isEnabled: (_level: LogLevel) => true,
  } as unknown as Logger;
  const certificates = await openCertificates(
    new Config("main:app", options),
    logger,
  );
  certificates.close();
  return lines;
}

const several = {
  sslContextFactory: () => ({ identities: [one, two] }),
};

test("several certificates are chosen by name", async () => {
  const [line] = await open(several);
  assert.match(line!, /^TLS certificates: a\.test.*; b\.test/);
});

test("behind a PROXY header too, where the name is heard there", async () => {
  const opening = open({
    ...several,
    proxyProtocol: true,
    forwardedAllowIps: ["127.0.0.1"],
  });
  if (RUNTIME !== "bun") return void await opening;
  await assert.rejects(opening, (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(
      error.message,
      /^Cannot use several certificates with the option "proxyProtocol" on bun /,
    );
    return true;
  });
});

test("one certificate behind a PROXY header is for all names", async () => {
  const [line] = await open({
    sslContextFactory: () => ({ identities: [one] }),
    proxyProtocol: true,
    forwardedAllowIps: ["127.0.0.1"],
  });
  assert.match(line!, /^TLS certificates: a\.test/);
});

test("a development certificate is told with its fingerprint", async () => {
  const lines = await open({ sslDev: true });
  assert.match(
    lines.at(-1)!,
    /^Development certificate for localhost, .*SHA-256 fingerprint [0-9A-F:]{95}$/,
  );
});
