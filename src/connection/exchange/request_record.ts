/** Builds the record of a request, for its observers. */
import type {
  AbortReason,
  RecordFields,
  RequestRecord,
} from "../../logging/access/request_record.ts";
import type { RequestHead } from "../../http/request_head.ts";
import type { ConnectionInfo } from "../scope/connection_info.ts";
import { clientText, type RequestOrigin } from "../scope/request_origin.ts";
import type { ResponseNotes } from "./response_notes.ts";

/** A request that has come to its end, as whoever has answered it keeps it. */
export interface RecordedRequest {
  readonly head: Pick<RequestHead, "method" | "query" | "headers"> & {
    readonly version: string;
  };
  /** Decoded, as the scope has it. */
  readonly path: string;
  readonly origin: RequestOrigin;
  readonly info: ConnectionInfo;
  /** `undefined` unless the option `requestIdHeader` is used. */
  readonly requestId: string | undefined;
  readonly isWebSocket: boolean;
  /** Body bytes that have arrived. */
  readonly receivedBytes: number;
  readonly isRequestComplete: boolean;
  /** On the monotonic clock, in milliseconds. */
  readonly startedAtMs: number;
}

/** What has been sent of its response. */
export interface RecordedResponse {
  readonly bodyBytes: number;
  /** If any are kept. */
  readonly notes: ResponseNotes | undefined;
}

/**
 * The record of `request`. Nothing but the record is made for it.
 *
 * @param response `undefined` if there is none that could have a body.
 * @param endedAtMs On the monotonic clock, in milliseconds.
 */
export function requestRecord(
  request: RecordedRequest,
  response: RecordedResponse | undefined,
  status: number,
  abortReason: AbortReason | undefined,
  endedAtMs: number,
): RequestRecord {
  const { head, origin, info, startedAtMs } = request;
  const notes = response?.notes;
  const headAtMs = notes?.headAtMs;
  return {
    client: clientText(origin),
    scheme: origin.scheme,
    method: head.method,
    path: request.path,
    query: head.query,
    httpVersion: head.version,
    isWebSocket: request.isWebSocket,
    status,
    durationMs: endedAtMs - startedAtMs,
    firstByteMs: headAtMs === undefined ? undefined : headAtMs - startedAtMs,
    receivedBytes: request.receivedBytes,
    isRequestComplete: request.isRequestComplete,
    bodyBytes: response?.bodyBytes ?? 0,
    abortReason,
    requestFields: head.headers,
    responseFields: notes?.fields ?? NO_FIELDS,
    tlsVersion: info.tls?.version ?? undefined,
    connectionId: info.id,
    requestId: request.requestId,
  };
}

const NO_FIELDS: RecordFields = [];
