import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildApplication } from "../../../../src/application/build.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-fetch-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, "main.mjs"),
  'export const app = { fetch: () => new Response("a") };\n',
);
const build = (app: unknown) =>
  buildApplication(app, { cwd: folder, factory: false, onWarning() {} });

test("globals are left alone for an application that a program hands over", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Response");
  await build({ fetch: () => new Response("a") });
  const after = Object.getOwnPropertyDescriptor(globalThis, "Response");
  assert.deepEqual(after, before);
});

test("for one that is imported, responses remember what they were made of", async () => {
  const Native = Response;
  await build("main:app");
  const Remembering = Response;
  assert.notEqual(Remembering, Native);
  assert.ok(new Response("a") instanceof Native);
  await build("main:app");
  assert.equal(Response, Remembering);
});
