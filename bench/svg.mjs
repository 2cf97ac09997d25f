// @ts-self-types="./svg.d.mts"
// What charts.mjs draws with: figures in, the text of an SVG image out. Nothing here reads or writes.
//
// Colours are set for light and, by `prefers-color-scheme`, for dark. The spread of a figure, from
// its least round to its greatest, is a thin line. Every figure is in the image's description too.
import { spread } from "./load/stats.mjs";

/** A chart's width and the room left of its bars, in pixels. */
const WIDTH = 760;
const LABELS = 150;
const MARGIN = 16;
/** From the upper edge to the first thing drawn. */
const HEAD = 62;
const BAR = 15;
const BAR_GAP = 6;
const GROUP_GAP = 34;
/** Room right of the longest bar for its figure. */
const FIGURES = 165;

/** Height of a line that says where figures come from. */
const SOURCE_LINE = 15;

/** Servers in the order in which they are drawn, and how each is shown. */
const SERVERS = {
  "tricorn-deno": { label: "Tricorn, Deno", tint: "deno", isOurs: true },
  "deno-serve": { label: "Deno.serve", tint: "deno" },
  "raw-deno": { label: "raw socket, Deno", tint: "floor" },
  "tricorn-bun": { label: "Tricorn, Bun", tint: "bun", isOurs: true },
  "bun-serve": { label: "Bun.serve", tint: "bun" },
  "raw-bun": { label: "raw socket, Bun", tint: "floor" },
  "tricorn-node": { label: "Tricorn, Node", tint: "node", isOurs: true },
  "node-http": { label: "node:http", tint: "node" },
  "node-ws": { label: "ws on node:http", tint: "node" },
  "raw-node": { label: "raw socket, Node", tint: "floor" },
  "uvicorn": { label: "Uvicorn", tint: "python" },
};

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: 600; }
.soft { fill: #57606a; font-size: 11px; }
.group { font-weight: 600; }
.back { fill: #ffffff; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.spread { stroke: #24292f; stroke-width: 1.5; fill: none; }
.line { fill: none; stroke-width: 2; }
.other { stroke-dasharray: 5 4; }
.deno { --c: #1a7f64; } .bun { --c: #c2541b; } .node { --c: #2f6fd0; } .python { --c: #8250b0; }
.floor { --c: #8c959f; }
rect.tint, circle.tint { fill: var(--c); }
path.tint { stroke: var(--c); }
rect.light { fill-opacity: 0.45; }
circle.light { fill-opacity: 0; stroke: var(--c); stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .soft { fill: #9da7b3; }
  .back { fill: #0d1117; }
  .grid { stroke: #30363d; }
  .spread { stroke: #e6edf3; }
  .deno { --c: #3fb68f; } .bun { --c: #f0883e; } .node { --c: #6cb0ff; } .python { --c: #c297ff; }
  .floor { --c: #6e7681; }
}`;

/** `text` as it may stand in an element or an attribute. */
export function escapeXml(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/**
 * A scale of round numbers from 0 on.
 *
 * @param greatest What must be on it, above 0.
 * @returns The marks, in order; the last is not below `greatest`.
 */
export function marksUpTo(greatest, most = 6) {
  const power = 10 ** Math.floor(Math.log10(greatest / most));
  const gap = [1, 2, 5, 10].map((times) => times * power)
    .find((each) => greatest / each <= most);
  const count = Math.ceil(greatest / gap - 1e-9);
  return Array.from(
    { length: count + 1 },
    (_, i) => Number((i * gap).toPrecision(12)),
  );
}

/** The marks of a scale by powers of ten that holds `least` to `greatest`, both above 0. */
export function powersAround(least, greatest) {
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(
    first + 1,
    Math.ceil(Math.log10(greatest) - 1e-9),
  );
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** A figure with three digits that count. */
export function showFigure(value) {
  if (value !== 0 && Math.abs(value) < 0.095) return value.toFixed(3);
  if (Math.abs(value) < 9.95) return value.toFixed(2);
  if (Math.abs(value) < 99.5) return value.toFixed(1);
  return Math.round(value).toLocaleString("en-US");
}

const showWithSpread = ({ median, least, greatest }) =>
  least === greatest
    ? showFigure(median)
    : `${showFigure(median)} (${showFigure(least)} – ${showFigure(greatest)})`;

/** What runs measured, as one: of a scenario that several hold, the last one counts. */
export function mergeRuns(runs) {
  const scenarios = {};
  const sources = {};
  for (const run of runs) {
    for (const [name, scenario] of Object.entries(run.scenarios)) {
      scenarios[name] = scenario;
      sources[name] = run;
    }
  }
  return { scenarios, sources };
}

/** Where figures come from, in one line. */
export function provenance({ commit, isDirty, date, machine, versions }) {
  const names = { deno: "Deno", bun: "Bun", node: "Node", uvicorn: "Uvicorn" };
  const software = Object.entries(names)
    .filter(([name]) => versions[name] !== undefined)
    .map(([name, shown]) => `${shown} ${versions[name]}`);
  return [
    `${date.slice(0, 10)}, commit ${commit}${isDirty ? " with changes" : ""}`,
    `${machine.model}, ${machine.cores} cores`,
    ...software,
  ].join(" · ");
}

/**
 * Median and spread of a figure of each server, in the order in which they are drawn.
 *
 * @param step Only the rounds of this step, of a scenario with steps.
 */
export function figuresOf(scenario, figure, step) {
  const figures = [];
  for (const [name, how] of Object.entries(SERVERS)) {
    const rounds = scenario.sides[name]?.rounds ?? [];
    const value = spread(
      rounds.filter((round) => round.step === step)
        .map((round) => round[figure]).filter(Number.isFinite),
    );
    if (value !== undefined) figures.push({ name, ...how, ...value });
  }
  return figures;
}

function image({ height, title, subtitle, description, source, parts }) {
  const escaped = escapeXml(title);
  const lines = source.split("\n");
  const whole = height + (lines.length - 1) * SOURCE_LINE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${whole}" viewBox="0 0 ${WIDTH} ${whole}" role="img" aria-labelledby="title description">
<title id="title">${escaped}</title>
<desc id="description">${escapeXml(description)}</desc>
<style>${STYLE}
</style>
<rect class="back" width="${WIDTH}" height="${whole}" rx="6"/>
${text(MARGIN, 26, title, "title")}
${text(MARGIN, 44, subtitle, "soft")}
${parts.join("\n")}
${
    lines.map((each, i) =>
      text(MARGIN, height - 12 + i * SOURCE_LINE, each, "soft")
    ).join("\n")
  }
</svg>
`;
}

const round = (value) => Number(value.toFixed(1));

function text(x, y, content, className = "", anchor = "start") {
  return `<text x="${round(x)}" y="${
    round(y)
  }" class="${className}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

const line = (x1, y1, x2, y2, className) =>
  `<path class="${className}" d="M${round(x1)} ${round(y1)}L${round(x2)} ${
    round(y2)
  }"/>`;

/**
 * Bars from the left, in groups that each have a scale of their own or one for all.
 *
 * @param groups Each a `label` and its `figures`.
 * @param hasOneScale Whether bars of different groups may be compared.
 */
export function barChart(
  { title, unit, groups, source, hasOneScale = false },
) {
  const parts = [];
  const described = [];
  const ofAll = Math.max(
    ...groups.flatMap(({ figures }) => figures.map(({ greatest }) => greatest)),
  );
  let y = HEAD;
  for (const { label, figures } of groups) {
    const most = hasOneScale
      ? ofAll
      : Math.max(...figures.map(({ greatest }) => greatest));
    const scale = (value) =>
      LABELS + (WIDTH - LABELS - FIGURES - MARGIN) * Math.max(0, value) / most;
    if (groups.length > 1) {
      parts.push(text(MARGIN, y + 11, label, "group"));
      y += 22;
    }
    for (const figure of figures) {
      const { median, least, greatest, tint, isOurs } = figure;
      const middle = y + BAR / 2;
      const className = `tint ${tint}${isOurs ? "" : " light"}`;
      parts.push(
        text(
          LABELS - 8,
          middle + 4,
          figure.label,
          isOurs ? "group" : "",
          "end",
        ),
        `<rect class="${className}" x="${LABELS}" y="${y}" width="${
          round(Math.max(1, scale(median) - LABELS))
        }" height="${BAR}" rx="2"/>`,
      );
      if (least < greatest) {
        parts.push(
          line(scale(least), middle, scale(greatest), middle, "spread"),
        );
      }
      parts.push(
        text(
          Math.max(scale(greatest), scale(median)) + 8,
          middle + 4,
          showWithSpread(figure),
        ),
      );
      y += BAR + BAR_GAP;
    }
    described.push(describe(groups.length > 1 ? label : title, figures, unit));
    y += GROUP_GAP - 22;
  }
  return image({
    height: y + 30,
    title,
    subtitle:
      `${unit}, less is better; median, and a thin line from the least to the greatest round`,
    description: described.join(" "),
    source,
    parts,
  });
}

function describe(label, figures, unit) {
  const listed = figures.map((figure) =>
    `${figure.label} ${showWithSpread(figure)}`
  );
  return `${label}, ${unit}: ${listed.join("; ")}.`;
}

const PLOT_HEIGHT = 300;
const PLOT_LEFT = 62;
const LEGEND = 160;
const LEGEND_LINE = 18;

/**
 * Lines over steps that are spaced evenly, whatever lies between them; figures by powers of ten.
 *
 * @param steps The labels along the lower edge, in order.
 * @param lines For each server its `figures`, one for each step or `undefined`.
 */
export function lineChart({ title, unit, stepUnit, steps, lines, source }) {
  const parts = [];
  const all = lines.flatMap(({ figures }) => figures.filter(Boolean));
  const least = Math.min(...all.map((figure) => figure.least));
  const greatest = Math.max(...all.map((figure) => figure.greatest));
  // Steps that differ by little are told apart on a plain scale alone.
  const isByPowers = greatest / least > 20;
  const marks = isByPowers
    ? powersAround(least, greatest)
    : marksUpTo(greatest);
  const low = marks[0];
  const high = marks[marks.length - 1];
  const share = (value) =>
    isByPowers
      ? Math.log(value / low) / Math.log(high / low)
      : (value - low) / (high - low);
  const right = WIDTH - LEGEND - MARGIN;
  const bottom = HEAD + PLOT_HEIGHT;
  const yOf = (value) => bottom - PLOT_HEIGHT * share(value);
  const xOf = (i) =>
    PLOT_LEFT + 20 +
    (right - PLOT_LEFT - 40) * (steps.length > 1 ? i / (steps.length - 1) : 0);

  for (const mark of marks) {
    parts.push(
      line(PLOT_LEFT, yOf(mark), right, yOf(mark), "grid"),
      text(
        PLOT_LEFT - 8,
        yOf(mark) + 4,
        mark.toLocaleString("en-US"),
        "soft",
        "end",
      ),
    );
  }
  steps.forEach((step, i) =>
    parts.push(
      text(xOf(i), bottom + 18, step.toLocaleString("en-US"), "", "middle"),
    )
  );
  parts.push(
    text((PLOT_LEFT + right) / 2, bottom + 38, stepUnit, "soft", "middle"),
  );

  lines.forEach(({ label, tint, isOurs, figures }, at) => {
    // Side by side, so that the spreads of different servers do not hide each other.
    const aside = (at - (lines.length - 1) / 2) * 3;
    const points = figures.flatMap((figure, i) =>
      figure === undefined ? [] : [{ ...figure, x: xOf(i) + aside }]
    );
    const path = points.map(({ x, median }) =>
      `${round(x)} ${round(yOf(median))}`
    ).join("L");
    const tinted = `tint ${tint}`;
    const y = HEAD + 12 + at * LEGEND_LINE;
    parts.push(
      `<path class="line ${tinted}${isOurs ? "" : " other"}" d="M${path}"/>`,
      ...points.filter((point) => point.least < point.greatest).map((point) =>
        line(point.x, yOf(point.least), point.x, yOf(point.greatest), tinted)
      ),
      ...points.map(({ x, median }) =>
        `<circle class="${tinted}${isOurs ? "" : " light"}" cx="${
          round(x)
        }" cy="${round(yOf(median))}" r="3"/>`
      ),
      `<path class="line ${tinted}${isOurs ? "" : " other"}" d="M${
        right + 16
      } ${y}L${right + 44} ${y}"/>`,
      text(right + 52, y + 4, label, isOurs ? "group" : ""),
    );
  });
  const described = steps.map((step, i) =>
    describe(
      `${step.toLocaleString("en-US")} ${stepUnit}`,
      lines.filter(({ figures }) => figures[i] !== undefined)
        .map(({ label, figures }) => ({ label, ...figures[i] })),
      unit,
    )
  );
  return image({
    height: bottom + 76,
    title,
    subtitle:
      `${unit}${isByPowers ? ", by powers of ten" : ""}, less is better; ` +
      "median, and a thin line from the least to the greatest round",
    description: described.join(" "),
    source,
    parts,
  });
}

/** The lines of a scenario with steps, for {@linkcode lineChart}. */
export function linesOf(scenario, figure) {
  return Object.entries(SERVERS).flatMap(([name, how]) => {
    const figures = scenario.steps.map((step) =>
      figuresOf(scenario, figure, step).find((each) => each.name === name)
    );
    return figures.some(Boolean) ? [{ name, ...how, figures }] : [];
  });
}
