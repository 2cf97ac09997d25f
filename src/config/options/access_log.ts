/** Options of the access log. */
import { TemplateError } from "../../logging/access/access_template.ts";
import type { FormatContext } from "../../logging/access/access_line.ts";
import { accessFormat } from "../../logging/access/access_format.ts";
import { isToken } from "../../text/token.ts";
import { type OptionTable, PAIR } from "./definition.ts";
import { quote, type Verdict } from "./value_types.ts";

/** Which responses are logged, and how. Checked and complete. */
export interface AccessLogOptions {
  /** Whether each response gets a line on standard output. Default: true. */
  readonly accessLog: boolean;
  /**
   * File that access lines are appended to, in place of standard output; SIGUSR1 opens it anew.
   * Default: `undefined`.
   */
  readonly accessLogFile: string | undefined;
  /**
   * What a line looks like: `uvicorn`, `combined` or `json`, or a template of atoms such as
   * `%(h)s "%(r)s" %(s)s %(duration_ms)s`, which docs/logging.md lists. Default: `"uvicorn"`.
   */
  readonly accessLogFormat: string;
  /**
   * Paths that are not logged, such as those of health checks; `*` stands for any characters.
   * Default: `[]`.
   */
  readonly accessLogExclude: readonly string[];
  /**
   * Share of successful responses that is logged, chosen at random, from 0 to 1. Responses with a
   * status of 400 and above, and those that were cut off, always are. Default: 1.
   */
  readonly accessLogSample: number;
  /**
   * Gives each request an id, for the application (extension `request_id`) and the access log. It is
   * taken from this field if a trusted proxy has sent one, else made. Default: `undefined`, no ids.
   */
  readonly requestIdHeader: string | undefined;
}

/** See {@linkcode AccessLogOptions}. */
export const ACCESS_LOG_OPTIONS: OptionTable<AccessLogOptions> = {
  accessLog: {
    group: "Logging",
    flag: "--access-log",
    type: PAIR,
    default: true,
    help: "Log a line for each response, on standard output.",
  },
  accessLogFile: {
    group: "Logging",
    flag: "--access-log-file",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    defaultText: "standard output",
    excludes: ["logConfig"],
    excludesBecause: "the configuration says where access lines go",
    help:
      "Append access lines to this file. SIGUSR1 opens it anew, after a rotation.",
  },
  accessLogFormat: {
    group: "Logging",
    flag: "--access-log-format",
    type: { kind: "text", metavar: "FORMAT" },
    default: "uvicorn",
    check: checkFormat,
    help:
      "Lines of the access log: uvicorn, combined, json, or a template of atoms such as " +
      "'%(h)s %(r)s %(s)s %(duration_ms)s'.",
  },
  accessLogExclude: {
    group: "Logging",
    flag: "--access-log-exclude",
    type: {
      kind: "list",
      metavar: "PATTERN",
      takesOne: true,
      readItem: readPattern,
    },
    default: Object.freeze([]),
    defaultText: "none",
    help:
      "Leave requests for paths like this out of the access log, such as /healthz or /static/*. " +
      "May be repeated.",
  },
  accessLogSample: {
    group: "Logging",
    flag: "--access-log-sample",
    type: { kind: "number", min: 0, max: 1 },
    default: 1,
    help:
      "Share of successful responses to log; those with a status of 400 and above are always " +
      "logged.",
  },
  requestIdHeader: {
    group: "Logging",
    flag: "--request-id-header",
    type: { kind: "text", metavar: "NAME" },
    default: undefined,
    defaultText: "no ids",
    check: checkFieldName,
    help:
      "Give each request an id: the value of this field if a trusted proxy sent it, else a new " +
      "one.",
  },
};

/** Only whether a format can be compiled is asked. */
const CONTEXT: FormatContext = {
  isColored: false,
  phrase: () => "",
  env: () => undefined,
  pid: 0,
};

function checkFormat(format: string): Verdict<string> {
  try {
    accessFormat(format, CONTEXT);
    return { value: format };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { problem: `${error.message}.` };
  }
}

function readPattern(text: string): Verdict<string> {
  return /^[/*]/.test(text)
    ? { value: text }
    : { problem: `${quote(text)} is no path: it must begin with / or *.` };
}

function checkFieldName(name: string): Verdict<string> {
  return isToken(name)
    ? { value: name.toLowerCase() }
    : { problem: `${quote(name)} is no field name.` };
}
