/** Times of log lines: ISO 8601 in UTC with milliseconds, which sorts and needs no time zone. */

let lastTime = NaN;
let lastText = "";

/** Formats `time`, in milliseconds since 1970, such as `2026-11-29T10:46:13.123Z`. */
export function timestamp(time: number): string {
  // Many lines fall into one millisecond: toISOString() costs half a microsecond.
  if (time !== lastTime) {
    lastText = new Date(time).toISOString();
    lastTime = time;
  }
  return lastText;
}

/** Begins every line of `text` with the time and a space. */
export function stampLines(text: string, time: number): string {
  const stamp = `${timestamp(time)} `;
  // The last line end is that of the last line: nothing follows it.
  return stamp + text.slice(0, -1).replaceAll("\n", `\n${stamp}`) +
    text.slice(-1);
}
