import assert from "node:assert/strict";
import { test } from "node:test";
import { readFormat } from "../../../src/logging/config/percent_format.ts";

/** What a format makes of one value for all attributes. */
function write(format: string, value: string | number | undefined): string {
  const parts = readFormat(format);
  assert.ok(!("problem" in parts), JSON.stringify(parts));
  return parts.map((part) =>
    typeof part === "string" ? part : part.write(value)
  )
    .join("");
}

for (
  const [format, value, text] of [
    ["[%(message)s] 100%%", "x", "[x] 100%"],
    ["%(levelname)-8s|", "INFO", "INFO    |"],
    ["%(levelname)8s|", "INFO", "    INFO|"],
    ["%(message).3s", "abcdef", "abc"],
    ["%(process)d", 12, "12"],
    ["%(msecs)03d", 7.9, "007"],
    ["%(created).1f", 1.26, "1.3"],
    ["%(created)f", 1.5, "1.500000"],
    ["%(process)s", 12, "12"],
    ["%(client_addr)s", undefined, "-"],
    ["", "x", ""],
  ] as const
) {
  test(`readFormat() writes "${format}" as Python does`, () => {
    assert.equal(write(format, value), text);
  });
}

for (
  const [format, problem] of [
    [
      "%(lineno)d %(message)s",
      "records have no attribute 'lineno'",
    ],
    [
      "%(mesage)s",
      "records have no attribute 'mesage': did you mean 'message'?",
    ],
    ["at 5%", "'%' is no %(attribute)s"],
    ["%s", "'%s' is no %(attribute)s"],
    ["%(message)x", "'%(message)x' is no %(attribute)s"],
  ] as const
) {
  test(`readFormat() says what is wrong with "${format}"`, () => {
    const read = readFormat(format);
    assert.ok("problem" in read);
    assert.ok(read.problem.startsWith(problem), read.problem);
  });
}
