// The benches that need no server: programs that run on each runtime and print what they found.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BUN, DENO, NODE, ROOT } from "./load/machine.mjs";
import { table } from "./load/stats.mjs";

const RUNTIMES = {
  deno: (file) => [DENO, ["run", "-A", file]],
  bun: (file) => [BUN, [file]],
  node: (file) => [NODE, [file]],
};
const LIMIT_MS = 120_000;

/** Folders whose `*_bench.ts` run on each runtime. */
export const PROGRAMS = {
  primitives: { title: "Primitives", folder: "primitives" },
  pure: { title: "Parser and writer as functions", folder: "http" },
  "pure-ws": { title: "WebSocket codec as functions", folder: "websocket" },
  wired: {
    title: "One request or message over a fake socket",
    folder: "connection",
  },
};

/**
 * Runs every bench of a folder on every runtime. One that prints a line of JSON,
 * `{"unit": …, "rows": {name: figure}}`, gets its figures side by side; of any other the output
 * is shown as it is.
 */
export function runProgram({ title, folder }) {
  const result = { title, rows: {}, outputs: {}, failures: [] };
  const path = join(ROOT, "bench", folder);
  const files = existsSync(path)
    ? readdirSync(path).filter((name) => name.endsWith("_bench.ts")).sort()
    : [];
  for (const name of files) {
    const rows = {};
    let unit = "";
    for (const [runtime, command] of Object.entries(RUNTIMES)) {
      const [program, args] = command(join(path, name));
      const run = spawnSync(program, args, {
        encoding: "utf8",
        cwd: ROOT,
        timeout: LIMIT_MS,
      });
      if (run.status !== 0) {
        result.failures.push(
          `${name} on ${runtime}: ${run.error?.message ?? run.stderr}`,
        );
        continue;
      }
      const figures = run.stdout.match(/^\{"unit".*\}$/m)?.[0];
      if (figures === undefined) {
        console.log(
          `\n${title}, ${name} on ${runtime}\n\n${run.stdout.trim()}`,
        );
        result.outputs[`${name} ${runtime}`] = run.stdout;
        continue;
      }
      const parsed = JSON.parse(figures);
      unit = parsed.unit;
      for (const [row, figure] of Object.entries(parsed.rows)) {
        (rows[row] ??= {})[runtime] = figure;
      }
    }
    if (Object.keys(rows).length === 0) continue;
    result.rows[name] = { unit, rows };
    console.log(`\n${title} (${name}), ${unit}\n\n${showRows(rows)}`);
  }
  for (const failure of result.failures) console.log(`  failed: ${failure}`);
  return result;
}

function showRows(rows) {
  const names = Object.keys(RUNTIMES);
  return table(
    ["", ...names],
    Object.entries(rows).map(([row, figures]) => [
      row,
      ...names.map((name) => showFigure(figures[name])),
    ]),
  );
}

function showFigure(figure) {
  if (typeof figure !== "number") return figure ?? "-";
  return figure >= 100 ? figure.toFixed(0) : figure.toFixed(1);
}
