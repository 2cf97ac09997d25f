import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogMessage } from "../../src/logging/logger.ts";
import type { Address, ListenTarget } from "../../src/runtime/types.ts";
import { textFormat } from "../../src/logging/text_format.ts";
import {
  processLine,
  readyLine,
  urlText,
  versionLine,
} from "../../src/server/ready_line.ts";
import { VERSION } from "../../src/version.ts";

const tcp = (host: string): Address => ({ kind: "tcp", host, port: 8000 });
const unix = (path: string): Address => ({ kind: "unix", path });
const fd: ListenTarget = { kind: "fd", fd: 3 };
const given: ListenTarget = { kind: "server", server: {} };
const asked: ListenTarget = { kind: "tcp", host: "localhost", port: 0 };
const path: ListenTarget = { kind: "unix", path: "app.sock" };

/** The message as the log shows it where colours are on. */
function coloured(line: LogMessage): string {
  const text = textFormat(true)({
    time: 0,
    level: "info",
    logger: "tricorn",
    message: line.message,
    fields: {},
    spans: line.fields,
  });
  return text.slice(text.indexOf("     ") + 5, -1);
}

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
    const line = readyLine(target, address, "http", hint);
    assert.equal(
      line.message,
      `Tricorn running on ${place} (Press CTRL+C to quit)`,
    );
    const styled = coloured(line);
    assert.ok(styled.endsWith(`\x1b[1m${line.fields[0]!.value}\x1b[0m${hint}`));
    assert.equal(styled.replace(/\x1b\[\dm/g, ""), line.message);
    assert.match(styled, /\x1b\[1m\S.*\x1b\[0m \(Press/);
  });
}

test("readyLine() ends with the address where nothing ends the server by a key", () => {
  const { message } = readyLine(asked, tcp("::1"), "http", "");
  assert.equal(message, "Tricorn running on http://[::1]:8000");
});

test("processLine() has the process id as a field", () => {
  const line = processLine("Started", 12);
  assert.equal(line.message, "Started server process [12]");
  assert.equal(coloured(line), "Started server process [\x1b[36m12\x1b[0m]");
});

test("urlText() takes the scheme, except for a path", () => {
  assert.equal(urlText(tcp("::1"), "https"), "https://[::1]:8000");
  assert.equal(urlText(unix("app.sock"), "https"), "app.sock");
});

test("versionLine() says how to have Bun where Bun has started the command on Node", () => {
  const node = { name: "node", version: "24.22.3" };
  const bun = { name: "bun", version: "1.4.5" };
  const plain = `Tricorn ${VERSION} on node 24.22.3`;
  assert.equal(versionLine(node, undefined), plain);
  assert.equal(versionLine(node, "npm/11.0.0 node/v24.22.3"), plain);
  assert.equal(
    versionLine(node, "bun/1.4.5 npm/? node/v24"),
    `${plain}; "bunx --bun" or "bun --bun run" would run it on Bun`,
  );
  assert.equal(
    versionLine(bun, "bun/1.4.5 npm/? node/v24"),
    `Tricorn ${VERSION} on bun 1.4.5`,
  );
});
