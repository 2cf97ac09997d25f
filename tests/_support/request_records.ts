/** A request as its observers see it. */
import type { RequestRecord } from "../../src/logging/access/request_record.ts";

/** `GET /` of a client on this machine, answered with two bytes. */
export const RECORD: RequestRecord = {
  client: "127.0.0.1:5000",
  scheme: "http",
  method: "GET",
  path: "/",
  query: "",
  httpVersion: "1.1",
  isWebSocket: false,
  status: 200,
  durationMs: 1,
  firstByteMs: undefined,
  receivedBytes: 0,
  isRequestComplete: true,
  bodyBytes: 2,
  abortReason: undefined,
  requestFields: [],
  responseFields: [],
  tlsVersion: undefined,
  connectionId: "1",
  requestId: undefined,
};
