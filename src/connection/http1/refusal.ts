/** How a fault of the peer is told to it and to the log, and the answer where there is no exchange. */
import { HTTP_FAULTS, type HttpFaultCode } from "../../faults.ts";
import { decodePath } from "../../http/percent.ts";
import type { RequestParser } from "../../http1/request_parser.ts";
import type { ServerContext } from "../context.ts";
import {
  type RecordedRequest,
  requestRecord,
} from "../exchange/request_record.ts";
import { httpFaultText } from "../fault_text.ts";
import type { ConnectionInfo } from "../scope/connection_info.ts";
import { clientText, type RequestOrigin } from "../scope/request_origin.ts";
import type { Http1Response } from "./http1_response.ts";

/** What the peer is answered. */
export interface Refusal {
  readonly status: number;
  /** `undefined`: the reason phrase of the status. */
  readonly text: string | undefined;
}

/** The connection whose request could not be read. */
export interface UnparsedRequest {
  readonly response: Http1Response;
  readonly info: ConnectionInfo;
}

/** Logs the fault `code` of the client at `origin`, and says how to answer it. */
export function refusalOf(
  code: HttpFaultCode,
  origin: RequestOrigin,
  { logger, settings, tracker }: ServerContext,
): Refusal {
  const { status, source } = HTTP_FAULTS[code];
  tracker.observers.onFault(code);
  const client = clientText(origin);
  logger.warning(httpFaultText(code, client, settings));
  if (logger.isEnabled("debug")) {
    logger.debug(`${client} - Refused by ${source}`);
  }
  const text = status === 400 ? "Invalid HTTP request received." : undefined;
  return { status, text };
}

/** Answers a request whose head could not be read, and reports that. */
export function answerUnparsed(
  status: number,
  text: string | undefined,
  { response, info }: UnparsedRequest,
  parser: RequestParser,
  { tracker, monotonicMs }: ServerContext,
): void {
  const startedAtMs = tracker.wantsRecords ? monotonicMs() : 0;
  response.begin({ method: "", version: "1.1", acceptsTrailers: false });
  response.writeWhole(status, text);
  tracker.endRequest(
    tracker.wantsRecords
      ? requestRecord(
        unparsedRequest(parser, info, startedAtMs),
        response,
        status,
        undefined,
        monotonicMs(),
      )
      : undefined,
  );
}

/** As much of it as has been seen. */
function unparsedRequest(
  parser: RequestParser,
  info: ConnectionInfo,
  startedAtMs: number,
): RecordedRequest {
  const line = parser.seenLine();
  return {
    head: {
      method: line?.method ?? "-",
      query: line?.query ?? "",
      version: line?.version ?? "1.1",
      headers: [],
    },
    path: decodePath(line?.rawPath ?? "-"),
    origin: info,
    info,
    requestId: undefined,
    isWebSocket: false,
    receivedBytes: 0,
    isRequestComplete: false,
    startedAtMs,
  };
}
