/** The table of metrics in docs/observability.md. Run as a program, it writes it there. */
import { readFileSync, writeFileSync } from "node:fs";
import { METRIC_NAMES, METRICS } from "../../src/metrics/table.ts";

const FILE = new URL("../../docs/observability.md", import.meta.url);
const BEGIN =
  "<!-- The table of src/metrics/table.ts: node tests/metrics/metrics_document.ts -->";
const END = "<!-- End of the table. -->";

/** The text of the document. */
export function observabilityDocument(): string {
  return readFileSync(FILE, "utf8");
}

/** The same with the table written anew. */
export function withTable(document: string): string {
  const begin = document.indexOf(BEGIN) + BEGIN.length;
  const end = document.indexOf(END);
  return `${document.slice(0, begin)}\n\n${metricsTable()}\n${
    document.slice(end)
  }`;
}

function metricsTable(): string {
  const lines = [
    "| Metric | Kind | Labels | What it is |",
    "| --- | --- | --- | --- |",
  ];
  for (const name of METRIC_NAMES) {
    const { kind, labels, help } = METRICS[name];
    const names = labels.map((label) => `\`${label}\``).join(", ");
    lines.push(`| \`${name}\` | ${kind} | ${names} | ${help} |`);
  }
  return `${lines.join("\n")}\n`;
}

if (import.meta.main) writeFileSync(FILE, withTable(observabilityDocument()));
