/** The formatters of a log configuration, by class. */
import { errorText } from "../error_text.ts";
import { errorField, jsonFormat, jsonLine } from "../json_format.ts";
import type { LogFormatter, LogRecord } from "../record.ts";
import { textFormat } from "../text_format.ts";
import { type FormatPart, readFormat } from "./percent_format.ts";
import {
  below,
  booleanAt,
  type Entries,
  objectAt,
  type Place,
  problemAt,
  shown,
  suggestion,
  textAt,
} from "./problems.ts";
import {
  type AttributeContext,
  attributeOf,
  dataOf,
} from "./record_attributes.ts";
import { strftime } from "./strftime.ts";

/** What formatters need of the process. */
export interface FormatterContext {
  readonly pid: number;
  /** The reason phrase of a status. */
  phrase(status: number): string;
}

/** A formatter, before it is known whether its lines are coloured. */
export interface FormatterPlan {
  /** What the configuration says; `undefined` leaves it to the stream. */
  readonly useColors: boolean | undefined;
  /**
   * The format of access lines, for which no record is needed; `option` for that of the option
   * `accessLogFormat`. `undefined` formats them as other records.
   */
  readonly accessFormat: "option" | "uvicorn" | "json" | undefined;
  make(isColored: boolean): LogFormatter;
}

/** Uvicorn's text. */
export const TEXT: FormatterPlan = {
  useColors: undefined,
  accessFormat: undefined,
  make: (isColored) => textFormat(isColored),
};

const KEYS = [
  "class",
  "()",
  "format",
  "fmt",
  "datefmt",
  "style",
  "use_colors",
  "rename_fields",
  "static_fields",
];
const CLASSES = [
  "tricorn.TextFormatter",
  "tricorn.AccessFormatter",
  "tricorn.JsonFormatter",
];

/** Classes of Python, by what does their work here. */
const INSTEAD: Readonly<Record<string, string>> = {
  "logging.Formatter": "tricorn.TextFormatter",
  "uvicorn.logging.DefaultFormatter": "tricorn.TextFormatter",
  "uvicorn.logging.ColourizedFormatter": "tricorn.TextFormatter",
  "uvicorn.logging.AccessFormatter": "tricorn.AccessFormatter",
  "pythonjsonlogger.jsonlogger.JsonFormatter": "tricorn.JsonFormatter",
  "pythonjsonlogger.json.JsonFormatter": "tricorn.JsonFormatter",
  "pythonjsonlogger.orjson.OrjsonFormatter": "tricorn.JsonFormatter",
  "pythonjsonlogger.msgspec.MsgspecFormatter": "tricorn.JsonFormatter",
};

/** Reads one entry of `formatters`. */
export function readFormatter(
  value: unknown,
  place: Place,
  context: FormatterContext,
): FormatterPlan {
  const entries = objectAt(value, place, KEYS);
  const key = entries["()"] === undefined ? "class" : "()";
  const given = entries[key];
  const useColors = booleanAt(entries, "use_colors", place);
  if (typeof given === "function") {
    const format = given as LogFormatter;
    return { useColors, accessFormat: undefined, make: () => format };
  }
  const name = readClass(
    given ?? "tricorn.TextFormatter",
    below(place, key),
    CLASSES,
    INSTEAD,
  );
  const style = textAt(entries, "style", place);
  if (style !== undefined && style !== "%") {
    throw problemAt(below(place, "style"), `expected '%', got ${shown(style)}`);
  }
  const writesJson = name === "tricorn.JsonFormatter";
  if (!writesJson) {
    for (const only of ["rename_fields", "static_fields"]) {
      if (entries[only] === undefined) continue;
      throw problemAt(
        below(place, only),
        `it belongs to tricorn.JsonFormatter`,
      );
    }
  }
  const parts = readParts(entries, place);
  const attributes: Omit<AttributeContext, "isColored"> = {
    pid: context.pid,
    phrase: (status) => context.phrase(status),
    asctime: readAsctime(entries, place),
  };
  if (writesJson) {
    const format = jsonFormatter(parts, attributes, entries, place);
    const isPlain = format === jsonFormat;
    return {
      useColors: false,
      accessFormat: isPlain ? "json" : undefined,
      make: () => format,
    };
  }
  if (parts === undefined && name === "tricorn.AccessFormatter") {
    return {
      useColors,
      accessFormat: "option",
      make: (isColored) => textFormat(isColored),
    };
  }
  if (parts === undefined) return { ...TEXT, useColors };
  return {
    useColors,
    accessFormat: name === "tricorn.AccessFormatter" && isUvicornsLine(parts)
      ? "uvicorn"
      : undefined,
    make: (isColored) => textFormatter(parts, { ...attributes, isColored }),
  };
}

/** Reads the name of a class, with `tricorn.` in front or without. */
export function readClass(
  value: unknown,
  place: Place,
  names: readonly string[],
  instead: Readonly<Record<string, string>>,
): string {
  if (typeof value !== "string") {
    throw problemAt(place, `expected the name of a class, got ${shown(value)}`);
  }
  const name = names.find((one) => one === value || one === `tricorn.${value}`);
  if (name !== undefined) return name;
  const ours = Object.hasOwn(instead, value) ? instead[value] : undefined;
  throw problemAt(
    place,
    ours !== undefined
      ? `unknown class '${value}'; here it is ${ours}`
      : `unknown class '${value}'${
        suggestion(value, names) || `; expected ${names.join(", ")}`
      }`,
  );
}

function readParts(
  entries: Entries,
  place: Place,
): readonly FormatPart[] | undefined {
  const key = entries.format === undefined ? "fmt" : "format";
  const format = textAt(entries, key, place);
  if (format === undefined) return undefined;
  const parts = readFormat(format);
  if ("problem" in parts) throw problemAt(below(place, key), parts.problem);
  return parts;
}

function readAsctime(entries: Entries, place: Place): (time: number) => string {
  const format = textAt(entries, "datefmt", place);
  const read = strftime(format || "%F %T");
  if (typeof read !== "function") {
    throw problemAt(
      below(place, "datefmt"),
      `unknown directive '${read.unknown}'`,
    );
  }
  if (format) return read;
  return (time) => `${read(time)},${String(time % 1000).padStart(3, "0")}`;
}

/** `%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s`, as Uvicorn's default. */
function isUvicornsLine(parts: readonly FormatPart[]): boolean {
  const text = parts.map((part) =>
    typeof part === "string" ? part : `\0${part.name}`
  );
  return text.join("") ===
    '\0levelprefix \0client_addr - "\0request_line" \0status_code';
}

function textFormatter(
  parts: readonly FormatPart[],
  context: AttributeContext,
): LogFormatter {
  const pieces = parts.map((part) => {
    if (typeof part === "string") return () => part;
    const attribute = attributeOf(part.name);
    return (record: LogRecord) => part.write(attribute(record, context));
  });
  return (record) => {
    let line = "";
    for (const piece of pieces) line += piece(record);
    return "error" in record
      ? `${line}\n${errorText(record.error)}\n`
      : `${line}\n`;
  };
}

/** JSON with the attributes of a format as its first fields; without a format, with our own. */
function jsonFormatter(
  parts: readonly FormatPart[] | undefined,
  context: Omit<AttributeContext, "isColored">,
  entries: Entries,
  place: Place,
): LogFormatter {
  const renames = objectAt(
    entries.rename_fields ?? {},
    below(place, "rename_fields"),
  );
  for (const key of Object.keys(renames)) {
    textAt(renames, key, below(place, "rename_fields"));
  }
  const fixed = objectAt(
    entries.static_fields ?? {},
    below(place, "static_fields"),
  );
  if (!isJson(fixed)) {
    throw problemAt(
      below(place, "static_fields"),
      "it cannot be written as JSON",
    );
  }
  const hasRenames = Object.keys(renames).length > 0;
  if (parts === undefined && !hasRenames && Object.keys(fixed).length === 0) {
    return jsonFormat;
  }
  const full = { ...context, isColored: false };
  const chosen = parts?.filter((part) => typeof part !== "string").map(
    ({ name }) => [name, dataOf(name)] as const,
  );
  const fieldsOf = (record: LogRecord): Record<string, unknown> => {
    if (chosen === undefined) return JSON.parse(jsonFormat(record));
    const fields: Record<string, unknown> = {};
    for (const [name, attribute] of chosen) {
      fields[name] = attribute(record, full);
    }
    return { ...fields, ...record.fields, ...errorField(record) };
  };
  return (record) => {
    const fields = { ...fieldsOf(record), ...fixed };
    if (!hasRenames) return jsonLine(fields);
    return jsonLine(Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        Object.hasOwn(renames, name) ? String(renames[name]) : name,
        value,
      ]),
    ));
  };
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false; // a cycle, or a bigint
  }
}
