/** Uvicorn's default format: `LEVEL:    message`, below it the stack of what was thrown. */
import { errorText } from "./error_text.ts";
import { printableLines } from "../text/printable.ts";
import type { LogField } from "./logger.ts";
import type { LogFormatter, LogRecord } from "./record.ts";
import { bold, cyan, levelPrefix } from "./styles.ts";
import { timestamp } from "./timestamp.ts";

/** Fields that are highlighted where colours are on, by name. */
const HIGHLIGHTS: Readonly<Record<string, (text: string) => string>> = {
  pid: cyan,
  address: bold,
};

/**
 * Makes the formatter.
 *
 * @param isColored Whether levels and fields are coloured.
 * @param hasTime Whether a line begins with its time.
 */
export function textFormat(
  isColored: boolean,
  hasTime: boolean = false,
): LogFormatter {
  return (record) => {
    const time = hasTime ? `${timestamp(record.time)} ` : "";
    const line = `${time}${levelPrefix(record.level, isColored)} ${
      messageText(record, isColored)
    }\n`;
    return "error" in record ? `${line}${errorText(record.error)}\n` : line;
  };
}

/** The message, safe for a terminal; its fields are highlighted where colours are on. */
export function messageText(
  { message, spans }: LogRecord,
  isColored: boolean,
): string {
  return isColored && spans !== undefined
    ? highlighted(message, spans)
    : printableLines(message);
}

/** Escapes the message piece by piece, so that only our own escape sequences are left. */
function highlighted(message: string, fields: readonly LogField[]): string {
  let text = "";
  let end = 0;
  for (const { name, value, at } of fields) {
    const highlight = HIGHLIGHTS[name];
    if (highlight === undefined) continue;
    text += printableLines(message.slice(end, at));
    end = at + String(value).length;
    text += highlight(printableLines(message.slice(at, end)));
  }
  return text + printableLines(message.slice(end));
}
