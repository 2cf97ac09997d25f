/** What a format can say of a record: the names of Python's logging and Uvicorn's, and our fields. */
import { ACCESS_FIELDS, lineOfFields } from "../access/access_record.ts";
import { printableLines } from "../../text/printable.ts";
import { quoteQuery } from "../escape.ts";
import { LEVEL_NUMBERS } from "../logger.ts";
import type { LogRecord } from "../record.ts";
import { bold, colorStatus, levelPrefix } from "../styles.ts";
import { messageText } from "../text_format.ts";

/** What attributes depend on besides the record. */
export interface AttributeContext {
  readonly isColored: boolean;
  readonly pid: number;
  /** Formats `asctime`. */
  readonly asctime: (time: number) => string;
  /** The reason phrase of a status. */
  readonly phrase: (status: number) => string;
}

/** The value of one attribute; `undefined` if this record has none. */
export type Attribute = (
  record: LogRecord,
  context: AttributeContext,
) => string | number | boolean | undefined;

/** Fields of messages of the server. */
const MESSAGE_FIELDS = ["pid", "address", "call"];

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  name: ({ logger }) => logger,
  levelname: ({ level }) => level.toUpperCase(),
  levelno: ({ level }) => LEVEL_NUMBERS[level],
  levelprefix: ({ level }, { isColored }) => levelPrefix(level, isColored),
  message: (record, { isColored }) => messageText(record, isColored),
  asctime: ({ time }, { asctime }) => asctime(time),
  created: ({ time }) => time / 1000,
  msecs: ({ time }) => time % 1000,
  process: (_record, { pid }) => pid,
  client_addr: ({ fields }) =>
    fields.client === undefined ? undefined : quoteQuery(String(fields.client)),
  request_line: ({ fields }, { isColored }) => {
    if (fields.path === undefined) return undefined;
    const line = lineOfFields(fields);
    return isColored ? bold(line) : line;
  },
  status_code: ({ fields: { status } }, { isColored, phrase }) => {
    if (typeof status !== "number") return undefined;
    const words = `${status} ${phrase(status)}`.trimEnd();
    return isColored ? colorStatus(words, status) : words;
  },
};

/** All names. */
export const ATTRIBUTE_NAMES: readonly string[] = [
  ...Object.keys(ATTRIBUTES),
  ...ACCESS_FIELDS,
  ...MESSAGE_FIELDS,
];

/** The attribute called `name`, one of {@linkcode ATTRIBUTE_NAMES}. */
export function attributeOf(name: string): Attribute {
  if (Object.hasOwn(ATTRIBUTES, name)) return ATTRIBUTES[name]!;
  return ({ fields }) => {
    const value = fields[name];
    // A line end in a path would begin a line of its own.
    return typeof value === "string"
      ? printableLines(value).replaceAll("\n", "\\n")
      : value;
  };
}

/** As {@linkcode attributeOf}, for JSON: not escaped, not coloured. */
export function dataOf(name: string): Attribute {
  if (name === "message") return ({ message }) => message;
  if (name === "client_addr") return ({ fields }) => fields.client;
  return Object.hasOwn(ATTRIBUTES, name)
    ? ATTRIBUTES[name]!
    : ({ fields }) => fields[name];
}
