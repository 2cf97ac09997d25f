import assert from "node:assert/strict";
import { test } from "node:test";
import * as svg from "../../bench/svg.mjs";

const GET = {
  sides: {
    uvicorn: { rounds: [{ round: 0, cpuUs: 18 }] },
    "tricorn-bun": {
      rounds: [{ round: 0, cpuUs: 8 }, { round: 1, cpuUs: 12 }, {
        round: 2,
        cpuUs: 9,
      }],
    },
    "tricorn-bun-net": { rounds: [{ round: 0, cpuUs: 1 }] },
  },
};

const FIELDS = {
  steps: [1, 64],
  sides: {
    "tricorn-deno": {
      rounds: [{ round: 0, step: 1, cpuUs: 10 }, {
        round: 0,
        step: 64,
        cpuUs: 30,
      }],
    },
    "node-http": { rounds: [{ round: 0, step: 64, cpuUs: 60 }] },
  },
};

for (
  const [greatest, marks] of [
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [17.9, [0, 5, 10, 15, 20]],
    [60, [0, 10, 20, 30, 40, 50, 60]],
    [60.1, [0, 20, 40, 60, 80]],
    [0.3, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]],
  ] as const
) {
  test(`marksUpTo() has round numbers up to ${greatest}`, () => {
    assert.deepEqual(svg.marksUpTo(greatest), marks);
  });
}

for (
  const [least, greatest, powers] of [
    [9, 3_000, [1, 10, 100, 1_000, 10_000]],
    [10, 1_000, [10, 100, 1_000]],
    [10, 10, [10, 100]],
  ] as const
) {
  test(`powersAround() holds ${least} to ${greatest}`, () => {
    assert.deepEqual(svg.powersAround(least, greatest), powers);
  });
}

for (
  const [value, shown] of [
    [0, "0.00"],
    [0.012, "0.012"],
    [0.0949, "0.095"],
    [0.095, "0.10"],
    [9.949, "9.95"],
    [9.96, "10.0"],
    [99.6, "100"],
    [-0.35, "-0.35"],
    [12_345.6, "12,346"],
  ] as const
) {
  test(`showFigure() shows ${value} as ${shown}`, () => {
    assert.equal(svg.showFigure(value), shown);
  });
}

test("mergeRuns() lets the last file that holds a scenario win", () => {
  const whole = { scenarios: { get: GET, fields: FIELDS } };
  const part = { scenarios: { get: FIELDS } };
  const { scenarios, sources } = svg.mergeRuns([whole, part]);
  assert.deepEqual(scenarios, { get: FIELDS, fields: FIELDS });
  assert.equal(sources.get, part);
  assert.equal(sources.fields, whole);
});

test("figuresOf() has median and spread of the servers it knows, in its order", () => {
  assert.deepEqual(
    svg.figuresOf(GET, "cpuUs").map(({ name, median, least, greatest }) => [
      name,
      median,
      least,
      greatest,
    ]),
    [["tricorn-bun", 9, 8, 12], ["uvicorn", 18, 18, 18]],
  );
});

test("linesOf() leaves a gap where a server has no round of a step", () => {
  assert.deepEqual(
    svg.linesOf(FIELDS, "cpuUs").map(({ name, figures }) => [
      name,
      figures.map((figure) => figure?.median),
    ]),
    [["tricorn-deno", [10, 30]], ["node-http", [undefined, 60]]],
  );
});

const BARS = {
  title: "CPU <per> request",
  unit: "microseconds",
  groups: [{ label: "GET /", figures: svg.figuresOf(GET, "cpuUs") }],
  source: 'a "machine" & more',
};
const LINES = {
  title: "CPU per request as header fields grow",
  unit: "microseconds",
  stepUnit: "header fields",
  steps: FIELDS.steps,
  lines: svg.linesOf(FIELDS, "cpuUs"),
  source: "a machine",
};

test("barChart() says in words what it shows", () => {
  const text = svg.barChart(BARS);
  assert.match(text, /<title id="title">CPU &lt;per&gt; request<\/title>/);
  assert.match(
    text,
    /<desc id="description">.*Tricorn, Bun 9\.00 \(8\.00 – 12\.0\); Uvicorn 18\.0\.<\/desc>/,
  );
});

test("barChart() draws bars in proportion", () => {
  const widths = [
    ...svg.barChart(BARS).matchAll(/<rect class="tint [^>]* width="([\d.]+)"/g),
  ].map(([, width]) => Number(width));
  assert.equal(widths.length, 2);
  assert.ok(Math.abs(widths[1] / widths[0] - 2) < 0.01, `${widths}`);
});

test("barChart() draws a spread only where rounds differ", () => {
  assert.equal(svg.barChart(BARS).match(/<path class="spread"/g)?.length, 1);
});

test("barChart() makes room for every line of where figures come from", () => {
  const height = (source: string) =>
    Number(svg.barChart({ ...BARS, source }).match(/height="(\d+)"/)?.[1]);
  assert.equal(height("one\ntwo\nthree") - height("one"), 30);
});

test("lineChart() says in words what it shows, step by step", () => {
  assert.match(
    svg.lineChart(LINES),
    /1 header fields, microseconds: Tricorn, Deno 10\.0\. 64 header fields, microseconds: Tricorn, Deno 30\.0; node:http 60\.0\./,
  );
});

for (
  const [name, text] of [["barChart", svg.barChart(BARS)], [
    "lineChart",
    svg.lineChart(LINES),
  ]]
) {
  test(`${name}() has colours for light and dark`, () => {
    assert.match(text, /@media \(prefers-color-scheme: dark\)/);
  });

  test(`${name}() leaves no figure undefined and no text unescaped`, () => {
    assert.doesNotMatch(text, /NaN|undefined|Infinity|a "machine"/);
  });
}
