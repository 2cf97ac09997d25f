import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adminProblem,
  HEALTH_OPTIONS,
} from "../../../src/config/options/health.ts";

const { adminBind, healthPath, readyProbe } = HEALTH_OPTIONS;

describe("--admin-bind", () => {
  for (
    const [text, value] of [
      ["127.0.0.1:9000", "127.0.0.1:9000"],
      ["localhost:0", "localhost:0"],
      ["[::1]:9000", "[::1]:9000"],
      ["unix:/run/a.sock", "unix:/run/a.sock"],
      ["unix:///run/a.sock", "unix:/run/a.sock"],
    ] as const
  ) {
    test(`takes ${text}`, () => {
      assert.deepEqual(adminBind.check!(text), { value });
    });
  }

  for (
    const text of [
      "",
      "9000",
      "localhost",
      "fd://3",
      "::1",
      "[::1]",
      "unix:",
      "a:b:1",
      "h:99999",
    ]
  ) {
    test(`refuses '${text}'`, () => {
      const verdict = adminBind.check!(text) as { readonly problem: string };
      assert.match(verdict.problem, /is not an address: expected 'host:port'/);
    });
  }
});

describe("an admin listener on", () => {
  const problemOf = (adminBind: string, adminPublic = false) =>
    adminProblem({ adminBind, adminPublic }, (name) => `<${name}>`);

  for (
    const address of [
      "127.0.0.1:1",
      "127.8.8.8:1",
      "localhost:1",
      "LOCALHOST:1",
      "[::1]:1",
      "unix:/a",
    ]
  ) {
    test(`${address} needs no leave`, () => {
      assert.equal(problemOf(address), undefined);
    });
  }

  for (
    const address of [
      "0.0.0.0:1",
      ":1",
      "*:1",
      "[::]:1",
      "10.0.0.1:1",
      "192.168.1.1:1",
      "example.com:1",
      "localhost.example.com:1",
      "127.0.0.1.example.com:1",
      "[::ffff:8.8.8.8]:1",
      "[::2]:1",
    ]
  ) {
    test(`${address} needs --admin-public`, () => {
      assert.match(
        problemOf(address)!,
        /^Cannot use <adminBind> .*: other machines may reach this address, expected a loopback address, or <adminPublic>$/,
      );
      assert.equal(problemOf(address, true), undefined);
    });
  }
});

describe("--health-path", () => {
  for (
    const [text, isTaken] of [
      ["/healthz", true],
      ["/", true],
      ["/a%20b/c", true],
      ["healthz", false],
      ["", false],
      ["/a b", false],
      ["/ä", false],
      ["/a?b", false],
      ["/a#b", false],
      ["http://a/healthz", false],
    ] as const
  ) {
    test(`${isTaken ? "takes" : "refuses"} '${text}'`, () => {
      assert.equal("value" in healthPath.check!(text), isTaken);
    });
  }
});

test("--ready-probe takes a query", () => {
  assert.deepEqual(readyProbe.check!("/ready?deep"), { value: "/ready?deep" });
  assert.ok("problem" in readyProbe.check!("ready"));
});
