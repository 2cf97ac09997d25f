import assert from "node:assert/strict";
import { test } from "node:test";
import { callFactory, whyNoFactory } from "../../src/application/factory.ts";
import { AppLoadError } from "../../src/errors.ts";
import * as fixture from "./fixtures/main.ts";

test("callFactory() awaits what a factory makes", async () => {
  assert.equal(await callFactory(fixture.create, "it"), fixture.app);
  assert.equal(await callFactory(fixture.createAsync, "it"), fixture.app);
});

test("callFactory() says why it cannot be called, and what it threw", async () => {
  await assert.rejects(callFactory(fixture.app, "It"), {
    name: "AppLoadError",
    message:
      "Error loading ASGI app factory: It is a function of 3 parameters, not a function " +
      "without parameters.",
  });
  await assert.rejects(callFactory(fixture.failing, "It"), (error) => {
    assert.ok(error instanceof AppLoadError);
    assert.equal(error.message, "Error loading ASGI app factory: no database");
    assert.ok(error.cause instanceof RangeError);
    return true;
  });
});

test("whyNoFactory() describes what cannot be called without arguments", () => {
  assert.equal(whyNoFactory(fixture.create), undefined);
  assert.equal(whyNoFactory(fixture.app), "a function of 3 parameters");
  assert.equal(whyNoFactory(fixture.Thing), "a class");
  assert.equal(whyNoFactory(fixture.koa), "a Koa application");
});
