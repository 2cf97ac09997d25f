/** The client's side of the opening handshake (RFC 6455 §4.1). */
import { runtime } from "../../runtime/mod.ts";
import { KEY_SUFFIX } from "../../websocket/handshake.ts";
import { ProtocolViolation } from "../errors.ts";
import { readAnswer } from "../http/exchange.ts";
import { bytesOfLatin1 } from "../http/outgoing.ts";
import { BodyReader, valuesOf } from "../http/response_reader.ts";
import { headersOf, TestResponse } from "../http/test_response.ts";
import type { TestConnection } from "../test_connection.ts";
import { agreedOn, type CompressionOffer, offerOf } from "./compression.ts";
import { TestWebSocket } from "./test_web_socket.ts";
import { WebSocketRefused } from "./web_socket_refused.ts";
import type { HeadersInput } from "../../runtime/web_types.ts";

const EXTENSIONS = "sec-websocket-extensions";

/** What a WebSocket is asked for with. */
export interface WebSocketOptions {
  /** Sub-protocols, best first. Default: none. */
  readonly protocols?: readonly string[];
  /** Further header fields of the handshake. Default: none. */
  readonly headers?: HeadersInput;
  /** Whether pings of the server are answered. Default: true; false is a peer that is gone. */
  readonly answersPings?: boolean;
  /**
   * Whether compression (permessage-deflate) is offered, and how. Default: true, as browsers do.
   * The server agrees unless `--ws-per-message-deflate` is off, and compresses from 64 bytes on.
   */
  readonly compression?: boolean | CompressionOffer;
}

/**
 * Opens a WebSocket on `connection`.
 *
 * @param url With `ws:` or `http:`, or their TLS counterparts.
 * @throws WebSocketRefused, with the response, if the answer is an ordinary response.
 */
export async function openWebSocket(
  connection: TestConnection,
  url: URL,
  options: WebSocketOptions,
): Promise<TestWebSocket> {
  const { protocols = [], answersPings = true, compression = true } = options;
  const key = btoa(
    String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))),
  );
  const headers = new Headers(options.headers);
  if (!headers.has("host")) headers.set("host", url.host);
  headers.set("connection", "Upgrade");
  headers.set("upgrade", "websocket");
  headers.set("sec-websocket-version", "13");
  headers.set("sec-websocket-key", key);
  if (protocols.length > 0) {
    headers.set("sec-websocket-protocol", protocols.join(", "));
  }
  if (compression !== false && !headers.has(EXTENSIONS)) {
    headers.set(EXTENSIONS, offerOf(compression === true ? {} : compression));
  }
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const sent = connection.write(
    bytesOfLatin1(`${lines.join("\r\n")}\r\n\r\n`),
  );
  sent.catch(() => {}); // what is wrong shows in the answer
  const { head, informational } = await readAnswer(connection);
  if (head.status !== 101) {
    const body = new BodyReader(connection.inbound, head, "GET");
    throw new WebSocketRefused(
      new TestResponse({
        head,
        informational,
        url: url.href,
        body,
        onEnd: () => connection.close(),
      }),
    );
  }
  const accepted = valuesOf(head.fields, "sec-websocket-accept");
  if (accepted.length !== 1 || accepted[0] !== runtime.sha1(key + KEY_SUFFIX)) {
    throw new ProtocolViolation(
      `Cannot open a WebSocket: wrong sec-websocket-accept ${
        JSON.stringify(accepted.join(", "))
      }`,
    );
  }
  const [protocol = ""] = valuesOf(head.fields, "sec-websocket-protocol");
  const extensions = valuesOf(head.fields, EXTENSIONS).join(", ");
  return new TestWebSocket({
    connection,
    protocol,
    extensions,
    compression: agreedOn(extensions, headers.get(EXTENSIONS) ?? ""),
    headers: headersOf(head.fields),
    answersPings,
  });
}
