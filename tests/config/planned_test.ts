import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "../../src/cli/parse_flags.ts";
import { OPTION_NAMES, OPTIONS } from "../../src/config/options/mod.ts";
import { insteadOf } from "../../src/config/planned.ts";
import { resolveOptions } from "../../src/config/resolve.ts";

const FLAGS = [
  "--http2",
];

for (const flag of FLAGS) {
  test(`${flag} is told not to be there yet, and what does its work`, () => {
    const instead = insteadOf(flag);
    assert.ok(instead !== undefined && instead.length > 10);
    for (const args of [[flag, "x"], [`${flag}=x`]]) {
      assert.throws(() => parseFlags(["main:app", ...args]), {
        name: "ConfigError",
        message: `No such option '${flag}' yet: until then, ${instead}.`,
      });
    }
    const name = flag.slice(2).replaceAll(
      /-(.)/g,
      (_, letter) => letter.toUpperCase(),
    );
    if (name.startsWith("no")) return;
    assert.throws(() => resolveOptions({ [name]: true } as object), {
      name: "ConfigError",
      message:
        `Unknown option "${name}": it is not there yet, until then ${instead}`,
    });
  });
}

test("no option that is there is told not to be", () => {
  for (const name of OPTION_NAMES) {
    const { flag, aliases = [] } = OPTIONS[name];
    for (const spelling of [flag, ...aliases]) {
      assert.equal(insteadOf(spelling), undefined, spelling);
    }
  }
  assert.equal(insteadOf("--constructor"), undefined);
});
