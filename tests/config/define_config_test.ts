import assert from "node:assert/strict";
import { test } from "node:test";
import { defineConfig } from "../../src/config/define_config.ts";

test("defineConfig() returns what it is given", () => {
  const config = { app: "main:app", port: 1 };
  assert.equal(defineConfig(config), config);
});
