/** ANSI colours of log lines: levels, statuses, highlights; and when they are used. */
import type { LogLevel } from "./logger.ts";

/** Colour of a level's name. */
const LEVEL_COLORS: Readonly<Record<LogLevel, number>> = {
  critical: 91,
  error: 31,
  warning: 33,
  info: 32,
  debug: 36,
  trace: 34,
};

/** By the first digit of the status: white, green, yellow, red, bright red. */
const STATUS_COLORS: readonly number[] = [0, 97, 32, 33, 31, 91];

/** `LEVEL:`, padded to nine columns; a space and the message follow. */
export function levelPrefix(level: LogLevel, isColored: boolean): string {
  const name = level.toUpperCase();
  const shown = isColored ? color(name, LEVEL_COLORS[level]) : name;
  return `${shown}:${" ".repeat(8 - name.length)}`;
}

/** Colours `text` as its `status`. */
export function colorStatus(text: string, status: number): string {
  return color(text, STATUS_COLORS[Math.floor(status / 100)] ?? 0);
}

/** Sets `text` in bold. */
export function bold(text: string): string {
  return `\x1b[1m${text}\x1b[0m`;
}

/** Colours `text` cyan. */
export function cyan(text: string): string {
  return color(text, 36);
}

function color(text: string, code: number): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

/**
 * Decides whether the lines of one stream are coloured: by the option, then `FORCE_COLOR`, then
 * `NO_COLOR` (no-color.org), then whether the stream is a terminal.
 *
 * @param useColors The option; `undefined` leaves it to the rest.
 * @param stream Asked last: finding out takes a while.
 */
export function usesColors(
  useColors: boolean | undefined,
  stream: { readonly isTerminal: boolean },
  env: (name: string) => string | undefined,
): boolean {
  if (useColors !== undefined) return useColors;
  const forced = env("FORCE_COLOR");
  if (forced !== undefined && forced !== "") {
    return forced !== "0" && forced.toLowerCase() !== "false";
  }
  const refused = env("NO_COLOR");
  if (refused !== undefined && refused !== "") return false;
  return env("TERM") !== "dumb" && stream.isTerminal;
}
