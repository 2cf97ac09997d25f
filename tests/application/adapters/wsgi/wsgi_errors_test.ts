import assert from "node:assert/strict";
import { test } from "node:test";
import { WsgiErrors } from "../../../../src/application/adapters/wsgi/wsgi_errors.ts";
import { FakeLogger } from "../../../_support/harness.ts";

function setUp() {
  const logger = new FakeLogger();
  return { errors: new WsgiErrors(logger), lines: () => logger.at("error") };
}

test("WsgiErrors logs whole lines, and the rest when it is flushed", () => {
  const { errors, lines } = setUp();
  errors.write("one\ntw");
  assert.deepEqual(lines(), ["one"]);
  errors.writelines(["o\n\n", "three"]);
  assert.deepEqual(lines(), ["one", "two"]);
  errors.flush();
  errors.flush();
  assert.deepEqual(lines(), ["one", "two", "three"]);
});

test("WsgiErrors escapes what could forge lines, and keeps no endless line", () => {
  const { errors, lines } = setUp();
  errors.write("\x1b[31mred\r\n");
  assert.deepEqual(lines(), ["\\x1b[31mred\\r"]);
  errors.write("x".repeat(9000));
  assert.equal(lines().length, 2);
});
