/** The atoms of access log templates: Gunicorn's and Hypercorn's letters, and names. */
import { hostOfPair } from "../../text/host_port.ts";
import type { FormatContext } from "./access_line.ts";
import { quoteMethod, quotePath, quoteQuery, quoteText } from "../escape.ts";
import type { RecordFields, RequestRecord } from "./request_record.ts";
import { requestLine, targetText } from "./request_text.ts";

/** What is written where nothing is known. */
export const UNKNOWN = "-";

/** One atom. */
export interface Atom {
  /** What it needs to be collected for it. */
  readonly needs?: "firstByte" | "responseFields" | "exactTimes";
  /** Its text, escaped. */
  readonly value: (record: RequestRecord, context: FormatContext) => string;
}

/** The value of a field, several joined with commas (RFC 9110 §5.3); `undefined` without one. */
export function fieldText(
  fields: RecordFields,
  name: string,
): string | undefined {
  let value: string | undefined;
  for (const [other, text] of fields) {
    if (other !== name) continue;
    value = value === undefined ? text : `${value}, ${text}`;
  }
  return value;
}

/** The same, escaped; `-` without one. */
export function fieldValue(fields: RecordFields, name: string): string {
  const value = fieldText(fields, name);
  return value === undefined ? UNKNOWN : quoteText(value);
}

/** `[29/Nov/2026:10:37:08 +0000]`, of the time at which the request arrived. */
class CommonLogTime {
  #second = -1;
  #text = "";

  at(epochMs: number): string {
    const second = Math.floor(epochMs / 1000);
    if (second === this.#second) return this.#text;
    this.#second = second;
    // `Sun, 29 Nov 2026 10:37:08 GMT`
    const [, day, month, year, time] = new Date(second * 1000).toUTCString()
      .split(" ");
    return this.#text = `[${day}/${month}/${year}:${time} +0000]`;
  }
}

const commonLogTime = new CommonLogTime();

/** User name of Basic authentication (RFC 7617), if there is one. */
function userName(fields: RecordFields): string {
  for (const [name, value] of fields) {
    if (name !== "authorization") continue;
    if (!/^basic /i.test(value)) return UNKNOWN;
    try {
      const [user] = atob(value.slice(6).trim()).split(":", 1);
      return user === undefined || user === "" ? UNKNOWN : quoteText(user);
    } catch {
      return UNKNOWN; // not Base64
    }
  }
  return UNKNOWN;
}

function startedAt(record: RequestRecord): number {
  return Date.now() - record.durationMs;
}

const client: Atom = {
  value: (record) => record.client === "" ? UNKNOWN : quoteQuery(record.client),
};
const host: Atom = {
  value: (record) => quoteQuery(hostOfPair(record.client)) || UNKNOWN,
};
const line: Atom = { value: requestLine };
const method: Atom = { value: (record) => quoteMethod(record.method) };
const path: Atom = { value: (record) => quotePath(record.path) };
const query: Atom = { value: (record) => quoteQuery(record.query) };
const target: Atom = { value: targetText };
const protocol: Atom = {
  value: (record) => `HTTP/${quoteQuery(record.httpVersion)}`,
};
const scheme: Atom = {
  value: (record) =>
    record.isWebSocket
      ? quoteQuery(record.scheme).replace(/^http/, "ws")
      : quoteQuery(record.scheme),
};
const status: Atom = { value: (record) => `${record.status}` };
const bytesOut: Atom = { value: (record) => `${record.bodyBytes}` };
const seconds: Atom = {
  needs: "exactTimes",
  value: (record) => (record.durationMs / 1000).toFixed(6),
};
const milliseconds: Atom = {
  needs: "exactTimes",
  value: (record) => record.durationMs.toFixed(3),
};

/** By name. Those of one or two letters are Gunicorn's and Hypercorn's. */
export const ATOMS: ReadonlyMap<string, Atom> = new Map<string, Atom>([
  ["h", host],
  ["l", { value: () => UNKNOWN }],
  ["u", { value: (record) => userName(record.requestFields) }],
  ["t", { value: (record) => commonLogTime.at(startedAt(record)) }],
  ["r", line],
  ["m", method],
  ["U", path],
  ["q", query],
  ["R", target],
  ["Uq", target],
  ["H", protocol],
  ["S", scheme],
  ["s", status],
  ["st", { value: ({ status }, { phrase }) => phrase(status) || UNKNOWN }],
  ["B", bytesOut],
  ["b", {
    value: ({ bodyBytes }) => bodyBytes === 0 ? UNKNOWN : `${bodyBytes}`,
  }],
  ["f", { value: (record) => fieldValue(record.requestFields, "referer") }],
  ["a", { value: (record) => fieldValue(record.requestFields, "user-agent") }],
  ["T", { value: (record) => `${Math.floor(record.durationMs / 1000)}` }],
  ["M", { value: (record) => `${Math.round(record.durationMs)}` }],
  ["D", {
    needs: "exactTimes",
    value: (record) => `${Math.round(record.durationMs * 1000)}`,
  }],
  ["L", seconds],
  ["p", { value: (_record, { pid }) => `${pid}` }],
  ["client_addr", client],
  ["host", host],
  ["request_line", line],
  ["method", method],
  ["path", path],
  ["query", query],
  ["target", target],
  ["protocol", protocol],
  ["scheme", scheme],
  ["status", status],
  ["status_code", {
    value: ({ status }, { phrase }) => `${status} ${phrase(status)}`.trimEnd(),
  }],
  ["time", {
    value: (record) => new Date(startedAt(record)).toISOString(),
  }],
  ["duration", seconds],
  ["duration_ms", milliseconds],
  ["first_byte_ms", {
    needs: "firstByte",
    value: ({ firstByteMs }) => firstByteMs?.toFixed(3) ?? UNKNOWN,
  }],
  ["bytes_in", { value: (record) => `${record.receivedBytes}` }],
  ["bytes_out", bytesOut],
  ["abort_reason", { value: ({ abortReason }) => abortReason ?? UNKNOWN }],
  ["tls_version", { value: ({ tlsVersion }) => tlsVersion ?? UNKNOWN }],
  ["connection_id", { value: (record) => record.connectionId }],
  ["request_id", {
    value: ({ requestId }) =>
      requestId === undefined ? UNKNOWN : quoteText(requestId),
  }],
]);
