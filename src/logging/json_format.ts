/** JSON lines: one object a record. The names of its fields are documented in docs/logging.md. */
import { CONTROLS } from "../text/printable.ts";
import { errorText } from "./error_text.ts";
import { jsonEscape } from "./escape.ts";
import type { LogFormatter, LogRecord } from "./record.ts";
import { timestamp } from "./timestamp.ts";

/** Formats a record as `{"time":…,"level":…,"logger":…,"message":…}` and what else it has. */
export const jsonFormat: LogFormatter = (record) => {
  const { level, logger, message, fields } = record;
  return jsonLine({
    time: timestamp(record.time),
    level,
    logger,
    message,
    ...fields,
    ...errorField(record),
  });
};

/** One line of JSON, safe for a terminal, with its line end. */
export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  // JSON.stringify() leaves some of them as they are.
  return `${JSON.stringify(value).replace(CONTROLS, jsonEscape)}\n`;
}

/** What was thrown, as the field `error`; no field if nothing was. */
export function errorField(
  record: LogRecord,
): { readonly error?: Readonly<Record<string, string>> } {
  if (!("error" in record)) return {};
  return { error: { ...kindOf(record.error), stack: errorText(record.error) } };
}

/** Of an error that can be read: its name and message. */
function kindOf(error: unknown): Readonly<Record<string, string>> {
  try {
    if (typeof error !== "object" || error === null) return {};
    const { name, message } = error as Partial<Error>;
    return {
      ...(typeof name === "string" ? { type: name } : {}),
      ...(typeof message === "string" ? { message } : {}),
    };
  } catch {
    return {}; // a getter threw: errorText() says that it cannot be shown
  }
}
