/** Uvicorn's default format: `LEVEL:    message`, below it the stack of what was thrown. */
import { errorText } from "./error_text.ts";
import { printable } from "./escape.ts";
import type { LogField } from "./logger.ts";
import type { LogFormatter } from "./record.ts";
import { bold, cyan, levelPrefix } from "./styles.ts";

/** Fields that are highlighted where colours are on, by name. */
const HIGHLIGHTS: Readonly<Record<string, (text: string) => string>> = {
  pid: cyan,
  address: bold,
};

/** Makes the formatter, with colours or without. */
export function textFormat(isColored: boolean): LogFormatter {
  return (record) => {
    const { level, message, fields } = record;
    const text = isColored && fields !== undefined
      ? highlighted(message, fields)
      : printable(message);
    const line = `${levelPrefix(level, isColored)} ${text}\n`;
    return "error" in record ? `${line}${errorText(record.error)}\n` : line;
  };
}

/** Escapes the message piece by piece, so that only our own escape sequences are left. */
function highlighted(message: string, fields: readonly LogField[]): string {
  let text = "";
  let end = 0;
  for (const { name, value, at } of fields) {
    const highlight = HIGHLIGHTS[name];
    if (highlight === undefined) continue;
    text += printable(message.slice(end, at));
    end = at + String(value).length;
    text += highlight(printable(message.slice(at, end)));
  }
  return text + printable(message.slice(end));
}
