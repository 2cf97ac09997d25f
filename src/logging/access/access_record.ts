/** A response as a log record, for handlers without a format of access lines. */
import { fieldText } from "./access_atoms.ts";
import { quoteQuery } from "../escape.ts";
import type { LogRecord, LogValue } from "../record.ts";
import type { RequestRecord } from "./request_record.ts";
import { requestText } from "./request_text.ts";

/** The logger of responses. */
export const ACCESS_LOGGER = "tricorn.access";

/** Makes the record of a response that has ended. Its message is Uvicorn's line without the phrase. */
export function accessRecord(record: RequestRecord): LogRecord {
  return {
    time: Date.now(),
    level: "info",
    logger: ACCESS_LOGGER,
    message: `${quoteQuery(record.client)} - "${
      requestText(record)
    }" ${record.status}`,
    fields: accessFields(record),
  };
}

/** The same line, from the fields of a record. */
export function lineOfFields(fields: LogRecord["fields"]): string {
  const { method, path, query = "", http_version, websocket } = fields;
  return requestText({
    method: String(method),
    path: String(path),
    query: String(query),
    httpVersion: String(http_version),
    isWebSocket: websocket === true,
  });
}

/** Names of the fields that a record of a response may have: those of the access log as JSON. */
export const ACCESS_FIELDS: readonly string[] = [
  "client",
  "method",
  "path",
  "query",
  "http_version",
  "scheme",
  "status",
  "duration_ms",
  "first_byte_ms",
  "bytes_in",
  "bytes_out",
  "user_agent",
  "referer",
  "websocket",
  "abort_reason",
  "tls_version",
  "connection_id",
  "request_id",
];

function accessFields(
  record: RequestRecord,
): Readonly<Record<string, LogValue>> {
  const { requestFields, query, firstByteMs, abortReason } = record;
  // What is unknown is left out. Deleting it afterwards takes three times as long.
  const fields: Record<string, LogValue> = {
    client: record.client,
    method: record.method,
    path: record.path,
  };
  if (query !== "") fields.query = query;
  fields.http_version = record.httpVersion;
  fields.scheme = record.scheme;
  fields.status = record.status;
  fields.duration_ms = rounded(record.durationMs);
  if (firstByteMs !== undefined) fields.first_byte_ms = rounded(firstByteMs);
  fields.bytes_in = record.receivedBytes;
  fields.bytes_out = record.bodyBytes;
  const userAgent = fieldText(requestFields, "user-agent");
  if (userAgent !== undefined) fields.user_agent = userAgent;
  const referer = fieldText(requestFields, "referer");
  if (referer !== undefined) fields.referer = referer;
  if (record.isWebSocket) fields.websocket = true;
  if (abortReason !== undefined) fields.abort_reason = abortReason;
  if (record.tlsVersion !== undefined) fields.tls_version = record.tlsVersion;
  fields.connection_id = record.connectionId;
  if (record.requestId !== undefined) fields.request_id = record.requestId;
  return fields;
}

/** Microseconds are as fine as the clocks of the runtimes. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
