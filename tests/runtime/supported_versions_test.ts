/** Which releases are refused, and in which words. tests/matrix/ runs the real ones. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  isUnmarkedMain,
  supportedReleases,
  whyUnsupported,
  whyUnsupportedHere,
} from "../../src/runtime/supported_versions.ts";

const NODE = "Node 22 from 22.18 on, 24 from 24.3 on, or 26 or later";

describe("whyUnsupported()", () => {
  for (
    const [name, version, wanted] of [
      ["deno", "2.8.3", "Deno 2.9 or later"],
      ["deno", "1.46.3", "Deno 2.9 or later"],
      ["bun", "1.3.14", "Bun 1.4 or later"],
      ["bun", "0.8.1", "Bun 1.4 or later"],
      ["node", "18.20.8", NODE],
      ["node", "22.17.1", NODE],
      ["node", "23.11.1", NODE],
      ["node", "24.2.0", NODE],
      ["node", "25.9.0", NODE],
    ] as const
  ) {
    test(`refuses ${name} ${version} in one line that names both versions`, () => {
      const reason = whyUnsupported(name, version, false);
      assert.ok(reason !== undefined);
      assert.doesNotMatch(reason, /\n/);
      assert.match(
        reason,
        new RegExp(`^Cannot run Tricorn on \\w+ ${version}: expected `),
      );
      assert.ok(reason.includes(` expected ${wanted}; `), reason);
    });
  }

  for (
    const [name, version, wayOut] of [
      ["node", "20.20.2", "install Node 26 or later"],
      ["node", "22.3.0", "install Node 22.18 or later"],
      ["node", "24.2.0", "install Node 24.3 or later"],
      ["node", "25.0.0", "install Node 26 or later"],
      ["deno", "2.8.3", '"deno upgrade" brings it up to date'],
      ["bun", "1.3.14", '"bun upgrade" brings it up to date'],
    ] as const
  ) {
    test(`tells ${name} ${version} the way out`, () => {
      const reason = whyUnsupported(name, version, false) ?? "";
      assert.ok(reason.endsWith(`; ${wayOut}`), reason);
    });
  }

  for (
    const [name, version] of [
      ["deno", "2.9.0"],
      ["deno", "2.9.0-rc.1"],
      ["deno", "2.10.0"],
      ["deno", "3.0.0"],
      ["bun", "1.4.0"],
      ["bun", "1.4.6-canary.20+0a1b2c3d"],
      ["bun", "2.0.0"],
      ["node", "22.18.0"],
      ["node", "22.100.0"],
      ["node", "24.3.0"],
      ["node", "26.0.0"],
      ["node", "27.0.0-nightly20261101"],
      ["node", "30.1.0"],
      // Forks may call themselves anything.
      ["node", "development"],
    ] as const
  ) {
    test(`takes ${name} ${version}`, () => {
      assert.equal(whyUnsupported(name, version, false), undefined);
    });
  }

  test("takes Node 24.0 for the compiled package, and no older line", () => {
    assert.equal(whyUnsupported("node", "24.0.0", true), undefined);
    assert.equal(whyUnsupported("node", "22.18.0", true), undefined);
    for (const version of ["20.20.2", "22.17.1", "23.11.1", "25.9.0"]) {
      assert.match(
        whyUnsupported("node", version, true) ?? "",
        /expected Node 22 from 22\.18 on, 24, or 26 or later; install Node /,
      );
    }
  });
});

test("supportedReleases() names the runtime and its releases", () => {
  assert.equal(supportedReleases("deno", false), "Deno 2.9 or later");
  assert.equal(supportedReleases("bun", true), "Bun 1.4 or later");
  assert.equal(supportedReleases("node", false), NODE);
});

test("the runtimes that run the tests are supported", () => {
  assert.equal(whyUnsupportedHere(), undefined);
});

test("isUnmarkedMain() leaves the answer to import.meta.main on supported releases", () => {
  assert.equal(isUnmarkedMain(import.meta.url), false);
});
