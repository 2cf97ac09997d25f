// Medians with their spread.

/** Middle, least and greatest of `values`; `undefined` when there are none. */
export function spread(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], greatest: sorted[sorted.length - 1] };
}

/** `5.12 (5.01-5.30)`, or `-` for nothing. */
export function showSpread(value, digits = 2) {
  if (value === undefined) return "-";
  const { median, least, greatest } = value;
  if (least === greatest) return median.toFixed(digits);
  return `${median.toFixed(digits)} (${least.toFixed(digits)}-${
    greatest.toFixed(digits)
  })`;
}

/** Rows as lines of aligned columns, the first to the left and the others to the right. */
export function table(header, rows) {
  const lines = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, i) =>
    Math.max(...lines.map((line) => line[i].length))
  );
  const show = (line) =>
    line.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    )
      .join("  ").trimEnd();
  const [first, ...others] = lines.map(show);
  return [first, "-".repeat(first.length), ...others].join("\n");
}
