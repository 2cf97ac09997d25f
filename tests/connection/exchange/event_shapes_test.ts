import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bodyProblem,
  flagProblem,
  headersProblem,
  iterableProblem,
  statusProblem,
} from "../../../src/connection/exchange/event_shapes.ts";

const FROM_200_TO_599 = "expected an integer from 200 to 599";

for (
  const [name, check, cases] of [
    ["statusProblem()", statusProblem, [
      [200, undefined],
      [599, undefined],
      [199, `"status" is 199, ${FROM_200_TO_599}`],
      [600, `"status" is 600, ${FROM_200_TO_599}`],
      [200.5, `"status" is 200.5, ${FROM_200_TO_599}`],
      [NaN, `"status" is NaN, ${FROM_200_TO_599}`],
      ["200", `"status" is "200", ${FROM_200_TO_599}`],
      [undefined, `"status" is undefined, ${FROM_200_TO_599}`],
    ]],
    ["headersProblem()", headersProblem, [
      [[], undefined],
      [new Map(), undefined],
      [new Headers(), undefined],
      [null, '"headers" is null, expected an iterable of pairs'],
      [undefined, '"headers" is undefined, expected an iterable of pairs'],
      ["a", '"headers" is "a", expected an iterable of pairs'],
      [
        {},
        '"headers" is a value of type "object", expected an iterable of pairs',
      ],
    ]],
    [
      "iterableProblem()",
      (value: unknown) => iterableProblem("links", value, "link values"),
      [
        [new Set(), undefined],
        [1, '"links" is 1, expected an iterable of link values'],
      ],
    ],
    ["bodyProblem()", bodyProblem, [
      ["", undefined],
      [new Uint8Array(1), undefined],
      [null, '"body" is null, expected a Uint8Array or a string'],
      [
        new ArrayBuffer(1),
        '"body" is a value of type "object", expected a Uint8Array or a string',
      ],
    ]],
    [
      "flagProblem()",
      (value: unknown) => flagProblem("more_body", value),
      [
        [true, undefined],
        [false, undefined],
        [0, '"more_body" is 0, expected true or false'],
        [null, '"more_body" is null, expected true or false'],
      ],
    ],
  ] as const
) {
  describe(name, () => {
    for (const [value, problem] of cases) {
      const what = typeof value === "object" && value !== null
        ? Object.prototype.toString.call(value)
        : String(value);
      test(
        problem === undefined
          ? `takes ${what}`
          : `says what is wrong with ${what} of type ${typeof value}`,
        () => assert.equal(check(value), problem),
      );
    }
  });
}
