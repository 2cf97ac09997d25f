import assert from "node:assert/strict";
import { test } from "node:test";
import { strftime } from "../../../src/logging/config/strftime.ts";

/** Local time: what a format shows depends on the time zone of the machine alone. */
const AFTERNOON = new Date(2026, 10, 9, 15, 4, 5, 67).getTime();
const MIDNIGHT = new Date(2024, 11, 31, 0, 0, 0, 0).getTime();

for (
  const [format, time, text] of [
    ["%Y-%m-%d %H:%M:%S", AFTERNOON, "2026-11-09 15:04:05"],
    ["%FT%T.%f", AFTERNOON, "2026-11-09T15:04:05.067000"],
    ["%a %A %b %B", AFTERNOON, "Mon Monday Nov November"],
    ["%I:%M %p", AFTERNOON, "03:04 PM"],
    ["%I %p, day %j of %y", MIDNIGHT, "12 AM, day 366 of 24"],
    ["%s", AFTERNOON, String(Math.floor(AFTERNOON / 1000))],
    ["100%%", AFTERNOON, "100%"],
    ["", AFTERNOON, ""],
  ] as const
) {
  test(`strftime() formats "${format}"`, () => {
    const write = strftime(format);
    assert.ok(typeof write === "function");
    assert.equal(write(time), text);
  });
}

test("strftime() writes the offset of the time zone", () => {
  const write = strftime("%z");
  assert.ok(typeof write === "function");
  const minutes = 0 - new Date(AFTERNOON).getTimezoneOffset();
  const [, sign, hours, rest] = /^([+-])(\d\d)(\d\d)$/.exec(write(AFTERNOON))!;
  const found = Number(hours) * 60 + Number(rest);
  assert.equal(sign === "-" ? 0 - found : found, minutes);
});

for (const [format, unknown] of [["%Q", "%Q"], ["%H %", "%"], ["%é", "%é"]]) {
  test(`strftime() names what it does not know in "${format}"`, () => {
    assert.deepEqual(strftime(format!), { unknown });
  });
}
