import assert from "node:assert/strict";
import { test } from "node:test";
import { serveAddress } from "../../src/cli/serve_address.ts";
import { ConfigError } from "../../src/errors.ts";

for (
  const [text, address] of [
    ["tcp:127.0.0.1:9000", "127.0.0.1:9000"],
    ["tcp:0.0.0.0:0", "0.0.0.0:0"],
    ["tcp:[::]:9000", "[::]:9000"],
    ["tcp:localhost:9000", "localhost:9000"],
    ["unix:/run/app.sock", "unix:/run/app.sock"],
    ["unix:app.sock", "unix:app.sock"],
  ] as const
) {
  test(`serveAddress() reads ${text}`, () => {
    assert.equal(serveAddress(text), address);
  });
}

for (
  const text of [
    "9000",
    "tcp:9000",
    "tcp::9000",
    "tcp:127.0.0.1",
    "tcp:127.0.0.1:65536",
    "tcp:127.0.0.1:",
    "TCP:127.0.0.1:9000",
    "unix:",
    "vsock:1:9000",
    "duplicate,tcp:127.0.0.1:9000",
    "fd://3",
    "tcp:fd://3",
    "127.0.0.1:9000",
    "tcp:a\u001b[31m:80",
  ]
) {
  test(`serveAddress() refuses ${JSON.stringify(text)} in one line`, () => {
    assert.throws(() => serveAddress(text), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.exitCode, 2);
      assert.match(
        error.message,
        /^Invalid value for the environment variable DENO_SERVE_ADDRESS: '[\x20-\x7e]*': expected tcp:HOST:PORT or unix:PATH\.$/,
      );
      return true;
    });
  });
}
