import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveOptions } from "../../src/config/resolve.ts";
import {
  hasLogConfig,
  hasLogFiles,
} from "../../src/logging/logging_options.ts";

for (
  const [options, config, files] of [
    [{}, false, false],
    [{ logConfig: null }, false, false],
    [{ logConfig: "log.json" }, true, true],
    [{ logConfig: {} }, true, true],
    [{ accessLogFile: "access.log" }, false, true],
  ] as const
) {
  test(`of ${JSON.stringify(options)} a configuration is read: ${config}, a file opened: ${files}`, () => {
    const resolved = resolveOptions(options);
    assert.equal(hasLogConfig(resolved), config);
    assert.equal(hasLogFiles(resolved), files);
  });
}
