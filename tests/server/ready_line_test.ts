import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address, ListenTarget } from "../../src/runtime/types.ts";
import { readyLine, urlText } from "../../src/server/ready_line.ts";

const tcp = (host: string): Address => ({ kind: "tcp", host, port: 8000 });
const unix = (path: string): Address => ({ kind: "unix", path });
const fd: ListenTarget = { kind: "fd", fd: 3 };
const given: ListenTarget = { kind: "server", server: {} };
const asked: ListenTarget = { kind: "tcp", host: "localhost", port: 0 };
const path: ListenTarget = { kind: "unix", path: "app.sock" };

for (
  const [target, address, place] of [
    [asked, tcp("127.0.0.1"), "http://127.0.0.1:8000"],
    [asked, tcp("::1"), "http://[::1]:8000"],
    [path, unix("app.sock"), "unix socket app.sock"],
    [fd, tcp("0.0.0.0"), "socket http://0.0.0.0:8000"],
    [fd, unix("/run/app.sock"), "socket /run/app.sock"],
    [fd, unix("@app"), "socket @app"],
    [fd, unix(""), "socket fd://3"],
    [given, tcp("::"), "socket http://[::]:8000"],
    [given, unix(""), "socket without name"],
  ] as const
) {
  test(`readyLine() says "${place}" (process:P-007 to P-009)`, () => {
    const hint = " (Press CTRL+C to quit)";
    const { text, styled } = readyLine(target, address, "http", hint);
    assert.equal(text, `Tricorn running on ${place} (Press CTRL+C to quit)`);
    assert.equal(styled.replace(/\x1b\[\dm/g, ""), text);
    assert.match(styled, /\x1b\[1m\S.*\x1b\[0m \(Press/);
  });
}

test("readyLine() ends with the address where nothing ends the server by a key", () => {
  const { text } = readyLine(asked, tcp("::1"), "http", "");
  assert.equal(text, "Tricorn running on http://[::1]:8000");
});

test("urlText() takes the scheme, except for a path", () => {
  assert.equal(urlText(tcp("::1"), "https"), "https://[::1]:8000");
  assert.equal(urlText(unix("app.sock"), "https"), "app.sock");
});
