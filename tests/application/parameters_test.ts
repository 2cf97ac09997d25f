// deno-lint-ignore-file no-explicit-any
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  hasMethod,
  isClass,
  parametersOf,
} from "../../src/application/parameters.ts";

describe("parametersOf()", () => {
  for (
    const [source, most, names] of [
      ["() => 1", 0, []],
      ["a => a", 1, ["a"]],
      ["async a => a", 1, ["a"]],
      ["(a, b) => a", 2, ["a", "b"]],
      ["(a, b = [1, 2], { c, d } = {}) => a", 3, ["a", "b", ""]],
      ["(a, /* , b */ c) => a", 2, ["a", "c"]],
      ["(größe=1, [b], { c }) => 1", 3, ["größe", "", ""]],
      ["function (a,) { return a }", 1, ["a"]],
      ["async function name(_a, $b) {}", 2, ["_a", "$b"]],
      ["({ method(a, b) {} }).method", 2, ["a", "b"]],
      ["(a, ...rest) => rest", Infinity, ["a", "rest"]],
      ["function (a) { return arguments }", Infinity, ["a"]],
      ["(a = ',', b) => a", Infinity, []],
      ["((a, b) => a).bind(null)", Infinity, []],
    ] as const
  ) {
    test(source, () => {
      const value = Function(`return ${source}`)();
      assert.deepEqual(parametersOf(value), {
        most,
        isGenerator: false,
        names,
      });
    });
  }

  for (const source of ["function* () {}", "async function* name() {}"]) {
    test(`knows a generator: ${source}`, () => {
      assert.ok(parametersOf(Function(`return ${source}`)()).isGenerator);
    });
  }
});

test("isClass() knows classes, and calls nothing", () => {
  assert.ok(isClass(class {}));
  assert.ok(isClass(class Thing extends Map {}));
  assert.ok(!isClass(function classic() {}));
  assert.ok(!isClass({}));
  assert.ok(!isClass(undefined));
});

test("hasMethod() finds own and inherited methods", () => {
  const child: any = Object.create({ fetch() {} });
  child.port = 1;
  assert.ok(hasMethod(child, "fetch"));
  assert.ok(!hasMethod(child, "port"));
  assert.ok(!hasMethod(child, "gone"));
});
