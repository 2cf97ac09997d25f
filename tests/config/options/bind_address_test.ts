import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bindText,
  checkBinds,
  readBind,
  targetOf,
} from "../../../src/config/options/bind_address.ts";

for (
  const [text, address, full] of [
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }, "127.0.0.1:80"],
    ["localhost", { host: "localhost", port: 8000 }, "localhost:8000"],
    ["a-b.example:0", { host: "a-b.example", port: 0 }, "a-b.example:0"],
    [":65535", { host: "", port: 65535 }, ":65535"],
    ["*:80", { host: "", port: 80 }, ":80"],
    ["*", { host: "", port: 8000 }, ":8000"],
    ["[::1]:80", { host: "::1", port: 80 }, "[::1]:80"],
    ["[::]", { host: "::", port: 8000 }, "[::]:8000"],
    ["[fe80::1%eth0]:80", { host: "fe80::1%eth0", port: 80 }, undefined],
    ["unix:app.sock", { path: "app.sock" }, "unix:app.sock"],
    ["unix:/run/a b:c", { path: "/run/a b:c" }, "unix:/run/a b:c"],
    ["unix:///run/app.sock", { path: "/run/app.sock" }, "unix:/run/app.sock"],
    ["fd://0", { fd: 0 }, "fd://0"],
    ["fd://12", { fd: 12 }, "fd://12"],
  ] as const
) {
  test(`readBind() takes ${text}`, () => {
    const kind = "host" in address ? "tcp" : "path" in address ? "unix" : "fd";
    const expected = { kind, ...address };
    assert.deepEqual(readBind(text), { value: expected });
    const verdict = readBind(text);
    assert.ok("value" in verdict);
    assert.equal(bindText(verdict.value), full ?? text);
    // The full spelling means the same.
    assert.deepEqual(readBind(bindText(verdict.value)), { value: expected });
  });
}

for (
  const [text, problem] of [
    ["", /^'' is not an address: expected 'host:port', /],
    ["8000", /^'8000' is not an address.* A port alone is ':8000'\.$/],
    ["::1", /An IPv6 address stands in brackets: '\[::1\]:8000'\.$/],
    ["::1:8000", /An IPv6 address stands in brackets/],
    ["[127.0.0.1]:80", /is not an address/],
    ["[]:80", /is not an address/],
    ["[::1]80", /is not an address/],
    ["[::1", /is not an address/],
    ["host:", /^'host:' has no valid port: expected 0 to 65535/],
    ["host:65536", /has no valid port/],
    ["host:-1", /has no valid port/],
    ["host:+80", /has no valid port/],
    ["host:8e1", /has no valid port/],
    ["host:http", /has no valid port/],
    ["a:b:c", /is not an address/],
    ["http://host:80", /is not an address/],
    ["ho st:80", /is not a host name/],
    ["user@host:80", /is not a host name/],
    ["unix:", /is not an address/],
    ["unix://", /is not an address/],
    ["unix:a\0b", /is not an address/],
    ["fd:3", /is not an address/],
    ["fd://", /is not an address/],
    ["fd://-1", /is not an address/],
    ["fd://3x", /is not an address/],
    ["fd://99999999999", /is not an address/],
  ] as const
) {
  test(`readBind() refuses ${JSON.stringify(text)}`, () => {
    const verdict = readBind(text);
    assert.ok("problem" in verdict);
    assert.match(verdict.problem, problem);
  });
}

test("checkBinds() gives every address its full spelling", () => {
  assert.deepEqual(checkBinds(["host", "*:1", "unix:///a"]), {
    value: ["host:8000", ":1", "unix:/a"],
  });
});

for (
  const [behaviour, texts, problem] of [
    ["an empty list", [], /the list is empty/],
    ["what is no text", [8000], /^8000 is not a string\.$/],
    ["a wrong address", ["host:1", "host:x"], /^'host:x' has no valid port/],
    ["a repeated address", ["a:1", "b:1", "a:1"], /^'a:1' names .* second/],
    ["one that is spelled differently", ["host", "host:8000"], /second time/],
    ["a repeated path", ["unix:/a", "unix:///a"], /second time/],
    ["a repeated descriptor", ["fd://3", "fd://3"], /second time/],
  ] as const
) {
  test(`checkBinds() refuses ${behaviour}`, () => {
    const verdict = checkBinds(texts);
    assert.ok("problem" in verdict);
    assert.match(verdict.problem, problem);
  });
}

test("checkBinds() takes port 0 again and again", () => {
  assert.ok("value" in checkBinds(["127.0.0.1:0", "127.0.0.1:0"]));
});

test("targetOf() gives the mode to UNIX sockets alone, and says where it is from", () => {
  assert.deepEqual(targetOf("unix:/a", 0o600), {
    kind: "unix",
    path: "/a",
    mode: 0o600,
    option: "--bind",
  });
  assert.deepEqual(targetOf("fd://3", 0o600), {
    kind: "fd",
    fd: 3,
    option: "--bind",
  });
});
