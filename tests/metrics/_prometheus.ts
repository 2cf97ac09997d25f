/** Texts of metrics as parsers read them that are not ours: those of Debian's python3-prometheus-client. */
import { spawnSync } from "node:child_process";
import { PYTHON } from "../_support/needs.ts";

const PROGRAM = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as text
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
read = openmetrics if sys.argv[1] == "openMetrics" else text
families = [
    {"name": f.name, "type": f.type, "unit": f.unit, "help": f.documentation,
     "samples": [[s.name, s.labels, str(float(s.value))] for s in f.samples]}
    for f in read(sys.stdin.read())
]
print(json.dumps(families))
`;

/** One family as a foreign parser has read it. */
export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly (readonly [
    name: string,
    labels: Readonly<Record<string, string>>,
    value: string,
  ])[];
}

/** Reads `body`. @throws Error with the parser's complaint. */
export function readWithPython(
  format: "text" | "openMetrics",
  body: string,
): ReadFamily[] {
  const { stdout, stderr, status } = spawnSync(
    PYTHON,
    ["-c", PROGRAM, format],
    { input: body, encoding: "utf8", timeout: 60_000 },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Sums of all series of the text format whose labels have these values, by the name of the sample. */
export function sumOf(
  body: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  let sum = 0;
  for (const line of body.split("\n")) {
    const [, sample, pairs = "", value] =
      /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (sample !== name) continue;
    const fits = Object.entries(labels).every(([label, wanted]) =>
      pairs.includes(`${label}="${wanted}"`)
    );
    if (fits) sum += Number(value);
  }
  return sum;
}
