/** The site is served: files, the page for missing ones, nothing outside of its folder. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { siteApp } from "../../site/app.ts";
import { testClient } from "../../src/testing/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-site-app-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "site/api"), { recursive: true });
writeFileSync(join(folder, "secret.html"), "secret");
writeFileSync(join(folder, "site/index.html"), "home");
writeFileSync(join(folder, "site/404.html"), "missing");
writeFileSync(join(folder, "site/api/index.html"), "api");

for (
  const [path, status, body] of [
    ["/", 200, "home"],
    ["/api/", 200, "api"],
    ["/index.html", 200, "home"],
    ["/gone.html", 404, "missing"],
    ["/%2e%2e/secret.html", 404, "missing"],
    ["/api/..%2f..%2fsecret.html", 404, "missing"],
    ["/a%00b", 404, "missing"],
  ] as const
) {
  test(`GET ${path} is ${status}`, async () => {
    const client = await testClient(siteApp(join(folder, "site")));
    try {
      const response = await client.fetch(path);
      assert.equal(response.status, status);
      assert.equal(await response.text(), body);
    } finally {
      await client.close();
    }
  });
}
