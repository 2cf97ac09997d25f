import assert from "node:assert/strict";
import { test } from "node:test";
import { LayeredEnvironment } from "../../src/cli/layered_environment.ts";

function setUp(isAllowed = true): {
  variables: Map<string, string>;
  warnings: string[];
  below: ConstructorParameters<typeof LayeredEnvironment>[0];
} {
  const variables = new Map([["HOME", "/root"]]);
  const warnings: string[] = [];
  return {
    variables,
    warnings,
    below: {
      env: (name) => variables.get(name),
      setEnv(name, value) {
        if (isAllowed) variables.set(name, value);
        return isAllowed;
      },
      envNames: () => [...variables.keys()],
      onWarning: (message) => void warnings.push(message),
    },
  };
}

test("what is added lies over the environment, and reaches the process", () => {
  const { below, variables } = setUp();
  const environment = new LayeredEnvironment(below);
  assert.equal(environment.setEnv("MODE", "test"), true);
  assert.equal(environment.env("MODE"), "test");
  assert.equal(environment.env("HOME"), "/root");
  assert.deepEqual(environment.envNames(), ["HOME", "MODE"]);
  assert.deepEqual(environment.added, { MODE: "test" });
  assert.equal(variables.get("MODE"), "test");
});

test("the process can be left as it is", () => {
  const { below, variables } = setUp();
  const environment = new LayeredEnvironment(below, false);
  environment.setEnv("MODE", "test");
  assert.equal(environment.env("MODE"), "test");
  assert.deepEqual(environment.envNames(), ["HOME", "MODE"]);
  assert.equal(variables.has("MODE"), false);
});

test("what may not be set is not there", () => {
  const { below } = setUp(false);
  const environment = new LayeredEnvironment(below);
  assert.equal(environment.setEnv("MODE", "test"), false);
  assert.equal(environment.env("MODE"), undefined);
  assert.deepEqual(environment.added, {});
});

test("warnings are passed on", () => {
  const { below, warnings } = setUp();
  new LayeredEnvironment(below).onWarning("look");
  assert.deepEqual(warnings, ["look"]);
});
