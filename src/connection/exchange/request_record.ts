/** Builds the record of a request, for its observers. */
import type {
  AbortReason,
  RecordFields,
  RequestRecord,
} from "../../logging/access/request_record.ts";
import type { ConnectionInfo } from "../scope/connection_info.ts";
import { clientText, type RequestOrigin } from "../scope/request_origin.ts";
import type { ResponseNotes } from "./response_notes.ts";

/** What the request was. */
export interface RecordedRequest {
  readonly method: string;
  /** Decoded, as the scope has it. */
  readonly path: string;
  readonly query: string;
  readonly httpVersion: string;
  readonly isWebSocket: boolean;
  readonly fields: RecordFields;
  readonly receivedBytes: number;
  readonly isComplete: boolean;
  readonly requestId: string | undefined;
}

/** What became of it. */
export interface RecordedOutcome {
  readonly status: number;
  readonly bodyBytes: number;
  readonly abortReason: AbortReason | undefined;
  /** Monotonic, in milliseconds. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** @param notes Of its response, if any are kept. */
export function requestRecord(
  request: RecordedRequest,
  outcome: RecordedOutcome,
  origin: RequestOrigin,
  info: ConnectionInfo,
  notes: ResponseNotes | undefined,
): RequestRecord {
  const headAtMs = notes?.headAtMs;
  return {
    client: clientText(origin),
    scheme: origin.scheme,
    method: request.method,
    path: request.path,
    query: request.query,
    httpVersion: request.httpVersion,
    isWebSocket: request.isWebSocket,
    status: outcome.status,
    durationMs: outcome.endedAtMs - outcome.startedAtMs,
    firstByteMs: headAtMs === undefined
      ? undefined
      : headAtMs - outcome.startedAtMs,
    receivedBytes: request.receivedBytes,
    isRequestComplete: request.isComplete,
    bodyBytes: outcome.bodyBytes,
    abortReason: outcome.abortReason,
    requestFields: request.fields,
    responseFields: notes?.fields ?? NO_FIELDS,
    tlsVersion: info.tls?.version ?? undefined,
    connectionId: info.id,
    requestId: request.requestId,
  };
}

const NO_FIELDS: RecordFields = [];
