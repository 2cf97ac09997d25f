/**
 * Tests for applications: the real server, in memory, and clients that behave well or badly.
 *
 * ```ts
 * import { testClient } from "jsr:@tricorn/serve/testing";
 *
 * await using client = await testClient("main:app");
 * const response = await client.fetch("/health");
 * console.assert(response.status === 200);
 * ```
 *
 * - {@linkcode testClient} starts an application, and gives a {@linkcode TestClient}: `fetch()`,
 *   `webSocket()`, `connect()` for raw bytes and faults, `logs`, `state`.
 * - {@linkcode TestClock} lets the time of a server pass when the test says so.
 *
 * @module
 */
export {
  type ConnectionLoss,
  ConnectionLost,
  ProtocolViolation,
  WebSocketClosed,
} from "./errors.ts";
export {
  TestClient,
  testClient,
  type TestClientOptions,
  type TestRequestInit,
  type TestWebSocketOptions,
} from "./test_client.ts";
export { TestClock, type TestClockOptions } from "./test_clock.ts";
export {
  type ConnectOptions,
  type Cut,
  TestConnection,
} from "./test_connection.ts";
export {
  type InformationalResponse,
  TestResponse,
} from "./http/test_response.ts";
export type { OutgoingOptions } from "./http/outgoing.ts";
export type { RawFields } from "./http/response_reader.ts";
export {
  TestWebSocket,
  type WebSocketEnd,
} from "./websocket/test_web_socket.ts";
export { WebSocketRefused } from "./websocket/web_socket_refused.ts";
export type { TlsConnection } from "../runtime/types.ts";
export type { HeadersInput } from "../runtime/web_types.ts";
export type { CompressionOffer } from "./websocket/compression.ts";
export type { WebSocketOptions } from "./websocket/handshake.ts";
