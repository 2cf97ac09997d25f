/**
 * Everything a peer can do wrong, as data: what it is told and where the rule
 * stands. Faults are never thrown: a record from a table costs a nanosecond
 * where an error with its stack costs two thousand, and scanners send bad
 * requests by the thousand.
 */

/** What an HTTP peer can do wrong. */
export type HttpFaultCode =
  | "TLS_ON_PLAIN_PORT"
  | "HTTP2_PREFACE"
  | "BAD_LINE_END"
  | "BAD_METHOD"
  | "BAD_TARGET"
  | "TARGET_TOO_LONG"
  | "TARGET_LONGER_THAN_HEAD"
  | "CONNECT_METHOD"
  | "BAD_REQUEST_LINE"
  | "UNSUPPORTED_VERSION"
  | "BAD_HEADER_NAME"
  | "BAD_HEADER_VALUE"
  | "OBSOLETE_FOLD"
  | "HEAD_TOO_LARGE"
  | "TOO_MANY_HEADERS"
  | "MISSING_HOST"
  | "REPEATED_HOST"
  | "BAD_HOST"
  | "BAD_CONTENT_LENGTH"
  | "CONFLICTING_CONTENT_LENGTH"
  | "CONTENT_LENGTH_AND_TRANSFER_ENCODING"
  | "BAD_TRANSFER_ENCODING"
  | "UNSUPPORTED_TRANSFER_CODING"
  | "TRANSFER_ENCODING_IN_HTTP10"
  | "BAD_CHUNK_SIZE"
  | "BAD_CHUNK_END"
  | "CHUNK_LINE_TOO_LONG"
  | "BAD_TRAILER"
  | "SMUGGLED_TRAILER"
  | "TRAILERS_TOO_LARGE"
  | "TOO_MANY_TRAILERS"
  | "UNMET_EXPECTATION"
  | "HEAD_TIMEOUT"
  | "BODY_TIMEOUT"
  | "BODY_TOO_SLOW"
  | "BODY_TOO_LARGE";

/** What one fault means to the peer and to the log. */
export interface HttpFault {
  /** Status of the answer, 400 to 599; the connection closes after it. */
  readonly status: number;
  /**
   * For the log: what could not be done, and what was expected. No peer bytes. `#` stands for the
   * number of the limit that was exceeded.
   */
  readonly message: string;
  /** What changes that limit. */
  readonly option?: string;
  /** The rule that was broken. */
  readonly source: string;
}

/** What an HTTP peer can do wrong, and what it is told. */
export const HTTP_FAULTS: Readonly<Record<HttpFaultCode, HttpFault>> = {
  TLS_ON_PLAIN_PORT: {
    status: 400,
    message:
      "Cannot read request: a TLS handshake arrived on a port that speaks plain HTTP",
    source: "RFC 8446 §5.1",
  },
  HTTP2_PREFACE: {
    status: 505,
    message: "an HTTP/2 preface arrived, expected HTTP/1.1",
    source: "RFC 9113 §3.4",
  },
  BAD_LINE_END: {
    status: 400,
    message: "Cannot read request head: expected CRLF at the end of each line",
    source: "RFC 9112 §2.2",
  },
  BAD_METHOD: {
    status: 400,
    message: "Cannot read method: expected a token and one space",
    source: "RFC 9112 §3.1",
  },
  BAD_TARGET: {
    status: 400,
    message:
      "Cannot read request target: expected an absolute path, an http URL or an asterisk",
    source: "RFC 9112 §3.2",
  },
  TARGET_TOO_LONG: {
    status: 414,
    message: "request target exceeds # bytes",
    option: "--limit-request-target",
    source: "RFC 9110 §15.5.15",
  },
  TARGET_LONGER_THAN_HEAD: {
    status: 414,
    message: "request target exceeds the # bytes of a whole request head",
    option: "--limit-request-head",
    source: "RFC 9110 §15.5.15",
  },
  CONNECT_METHOD: {
    status: 501,
    message: "method CONNECT is not supported: this is no proxy",
    source: "RFC 9110 §9.3.6",
  },
  BAD_REQUEST_LINE: {
    status: 400,
    message: "Cannot read request line: expected method, target and version",
    source: "RFC 9112 §3",
  },
  UNSUPPORTED_VERSION: {
    status: 505,
    message: "expected version HTTP/1.1 or HTTP/1.0",
    source: "RFC 9110 §15.6.6",
  },
  BAD_HEADER_NAME: {
    status: 400,
    message:
      "Cannot read header name: expected a token and a colon right after it",
    source: "RFC 9112 §5.1",
  },
  BAD_HEADER_VALUE: {
    status: 400,
    message: "Cannot read header value: it holds a control character",
    source: "RFC 9110 §5.5",
  },
  OBSOLETE_FOLD: {
    status: 400,
    message: "Cannot read header: it continues on the next line",
    source: "RFC 9112 §5.2",
  },
  HEAD_TOO_LARGE: {
    status: 431,
    message: "request head exceeds # bytes",
    option: "--limit-request-head",
    source: "RFC 6585 §5",
  },
  TOO_MANY_HEADERS: {
    status: 431,
    message: "request head has more than # header fields",
    option: "--limit-request-fields",
    source: "RFC 6585 §5",
  },
  MISSING_HOST: {
    status: 400,
    message: 'Cannot serve HTTP/1.1 request: it has no "host" field',
    source: "RFC 9112 §3.2",
  },
  REPEATED_HOST: {
    status: 400,
    message: 'Cannot serve request: it has more than one "host" field',
    source: "RFC 9112 §3.2",
  },
  BAD_HOST: {
    status: 400,
    message: 'Cannot read "host" field: expected a host and an optional port',
    source: "RFC 9112 §3.2",
  },
  BAD_CONTENT_LENGTH: {
    status: 400,
    message: 'Cannot read "content-length": expected decimal digits',
    source: "RFC 9110 §8.6",
  },
  CONFLICTING_CONTENT_LENGTH: {
    status: 400,
    message:
      'Cannot frame request: it has two different "content-length" values',
    source: "RFC 9112 §6.3",
  },
  CONTENT_LENGTH_AND_TRANSFER_ENCODING: {
    status: 400,
    message:
      'Cannot frame request: it has both "content-length" and "transfer-encoding"',
    source: "RFC 9112 §6.3",
  },
  BAD_TRANSFER_ENCODING: {
    status: 400,
    message:
      'Cannot frame request: expected "chunked" once, as the last transfer coding',
    source: "RFC 9112 §6.3",
  },
  UNSUPPORTED_TRANSFER_CODING: {
    status: 501,
    message: "transfer coding is not supported, expected chunked alone",
    source: "RFC 9112 §6.1",
  },
  TRANSFER_ENCODING_IN_HTTP10: {
    status: 400,
    message: 'Cannot frame HTTP/1.0 request: it has a "transfer-encoding"',
    source: "RFC 9112 §6.1",
  },
  BAD_CHUNK_SIZE: {
    status: 400,
    message:
      "Cannot read chunk line: expected hexadecimal digits, then extensions if any",
    source: "RFC 9112 §7.1",
  },
  BAD_CHUNK_END: {
    status: 400,
    message: "Cannot read chunk: expected CRLF after its data",
    source: "RFC 9112 §7.1",
  },
  CHUNK_LINE_TOO_LONG: {
    status: 400,
    message: "Cannot read chunk size: its line exceeds # bytes",
    source: "RFC 9112 §7.1.1",
  },
  BAD_TRAILER: {
    status: 400,
    message:
      "Cannot read trailer fields: expected header fields and an empty line",
    source: "RFC 9112 §7.1.2",
  },
  SMUGGLED_TRAILER: {
    status: 400,
    message: "Cannot read trailer fields: one would frame or route the message",
    source: "RFC 9110 §6.5.1",
  },
  TRAILERS_TOO_LARGE: {
    status: 431,
    message: "trailer section exceeds # bytes",
    source: "RFC 6585 §5",
  },
  TOO_MANY_TRAILERS: {
    status: 431,
    message: "trailer section has more than # fields",
    source: "RFC 6585 §5",
  },
  UNMET_EXPECTATION: {
    status: 417,
    message: 'expectation is not supported, expected "100-continue"',
    source: "RFC 9110 §10.1.1",
  },
  HEAD_TIMEOUT: {
    status: 408,
    message: "request head did not arrive within # seconds",
    option: "--timeout-request-head",
    source: "RFC 9110 §15.5.9",
  },
  BODY_TIMEOUT: {
    status: 408,
    message: "nothing of the request body arrived for # seconds",
    option: "--timeout-request-body",
    source: "RFC 9110 §15.5.9",
  },
  BODY_TOO_SLOW: {
    status: 408,
    message: "request body arrived at less than # bytes per second",
    option: "--min-body-rate",
    source: "RFC 9110 §15.5.9",
  },
  BODY_TOO_LARGE: {
    status: 413,
    message: "request body exceeds # bytes",
    option: "--limit-request-body",
    source: "RFC 9110 §15.5.14",
  },
};

/** What a WebSocket peer can do wrong. */
export type WebSocketFaultCode =
  | "RESERVED_BITS"
  | "BAD_OPCODE"
  | "FRAGMENTED_CONTROL"
  | "LONG_CONTROL"
  | "UNMASKED_FRAME"
  | "BAD_LENGTH"
  | "ORPHAN_CONTINUATION"
  | "INTERRUPTED_MESSAGE"
  | "INVALID_TEXT"
  | "BAD_CLOSE_PAYLOAD"
  | "BAD_CLOSE_CODE"
  | "INVALID_CLOSE_REASON"
  | "MESSAGE_TOO_BIG"
  | "TOO_MANY_FRAGMENTS"
  | "INFLATE_BOMB"
  | "BAD_COMPRESSION"
  | "PING_TIMEOUT";

/** What one fault means to the peer, to the application and to the log. */
export interface WebSocketFault {
  /** The close code that is sent, and that the application gets. */
  readonly closeCode: number;
  /** The close reason that is sent: at most 123 bytes. */
  readonly reason: string;
  /** For the log, in place of the reason; `#` stands for the number of the limit. */
  readonly detail?: string;
  /** What changes that limit. */
  readonly option?: string;
  /** The rule that was broken. */
  readonly source: string;
}

/** What a WebSocket peer can do wrong, and what it is told. */
export const WEBSOCKET_FAULTS: Readonly<
  Record<WebSocketFaultCode, WebSocketFault>
> = {
  RESERVED_BITS: {
    closeCode: 1002,
    reason: "reserved bits are set that no extension defines",
    source: "RFC 6455 §5.2",
  },
  BAD_OPCODE: {
    closeCode: 1002,
    reason: "unknown opcode",
    source: "RFC 6455 §5.2",
  },
  FRAGMENTED_CONTROL: {
    closeCode: 1002,
    reason: "control frame is fragmented",
    source: "RFC 6455 §5.5",
  },
  LONG_CONTROL: {
    closeCode: 1002,
    reason: "control frame is longer than 125 bytes",
    source: "RFC 6455 §5.5",
  },
  UNMASKED_FRAME: {
    closeCode: 1002,
    reason: "frame is not masked",
    source: "RFC 6455 §5.1",
  },
  BAD_LENGTH: {
    closeCode: 1002,
    reason: "payload length is not in its shortest form",
    source: "RFC 6455 §5.2",
  },
  ORPHAN_CONTINUATION: {
    closeCode: 1002,
    reason: "continuation without a message",
    source: "RFC 6455 §5.4",
  },
  INTERRUPTED_MESSAGE: {
    closeCode: 1002,
    reason: "new message inside an unfinished one",
    source: "RFC 6455 §5.4",
  },
  INVALID_TEXT: {
    closeCode: 1007,
    reason: "text is not UTF-8",
    source: "RFC 6455 §8.1",
  },
  BAD_CLOSE_PAYLOAD: {
    closeCode: 1002,
    reason: "close frame has half a code",
    source: "RFC 6455 §5.5.1",
  },
  BAD_CLOSE_CODE: {
    closeCode: 1002,
    reason: "close code must not be sent",
    source: "RFC 6455 §7.4",
  },
  INVALID_CLOSE_REASON: {
    closeCode: 1007,
    reason: "close reason is not UTF-8",
    source: "RFC 6455 §5.5.1",
  },
  MESSAGE_TOO_BIG: {
    closeCode: 1009,
    reason: "message exceeds the size limit",
    detail: "message exceeds # bytes",
    option: "--ws-max-size",
    source: "RFC 6455 §10.4",
  },
  TOO_MANY_FRAGMENTS: {
    closeCode: 1009,
    reason: "message has too many fragments",
    detail: "message has more than # fragments",
    source: "RFC 6455 §10.4",
  },
  INFLATE_BOMB: {
    closeCode: 1009,
    reason: "message inflates beyond the ratio limit",
    detail: "message inflates to more than # times its size",
    option: "--ws-max-inflate-ratio",
    source: "RFC 7692 §8",
  },
  BAD_COMPRESSION: {
    closeCode: 1007,
    reason: "message cannot be inflated",
    source: "RFC 7692 §7.2.2",
  },
  PING_TIMEOUT: {
    closeCode: 1011,
    reason: "keepalive ping timeout",
    detail: "no pong within # seconds",
    option: "--ws-ping-timeout",
    source: "RFC 6455 §5.5.2",
  },
};

/** What a peer can do wrong in a PROXY header. */
export type ProxyFaultCode =
  | "NO_PROXY_HEADER"
  | "BAD_PROXY_LINE"
  | "PROXY_LINE_TOO_LONG"
  | "BAD_PROXY_VERSION"
  | "BAD_PROXY_COMMAND"
  | "BAD_PROXY_FAMILY"
  | "SHORT_PROXY_ADDRESSES"
  | "PROXY_HEADER_TOO_LONG"
  | "BAD_PROXY_VALUES"
  | "BAD_PROXY_CHECKSUM"
  | "PROXY_HEADER_CUT_OFF"
  | "PROXY_HEADER_TIMEOUT";

/** What one fault means to the log: the peer is told nothing, its connection is closed. */
export interface ProxyFault {
  /** What could not be done, and why. No peer bytes. */
  readonly message: string;
  /** The rule that was broken; `PROXY` is the text that src/proxy/README.md names. */
  readonly source: string;
}

/** What a peer can do wrong in a PROXY header. */
export const PROXY_FAULTS: Readonly<Record<ProxyFaultCode, ProxyFault>> = {
  NO_PROXY_HEADER: {
    message: "Cannot read PROXY header: the connection begins without one",
    source: "PROXY §2",
  },
  BAD_PROXY_LINE: {
    message: "Cannot read PROXY header: expected a line of version 1",
    source: "PROXY §2.1",
  },
  PROXY_LINE_TOO_LONG: {
    message: "Cannot read PROXY header: its line exceeds 107 bytes",
    source: "PROXY §2.1",
  },
  BAD_PROXY_VERSION: {
    message: "Cannot read PROXY header: expected version 2 after its signature",
    source: "PROXY §2.2",
  },
  BAD_PROXY_COMMAND: {
    message: "Cannot read PROXY header: expected the command LOCAL or PROXY",
    source: "PROXY §2.2",
  },
  BAD_PROXY_FAMILY: {
    message: "Cannot read PROXY header: its family or transport is not defined",
    source: "PROXY §2.2",
  },
  SHORT_PROXY_ADDRESSES: {
    message: "Cannot read PROXY header: its addresses are cut short",
    source: "PROXY §2.2",
  },
  PROXY_HEADER_TOO_LONG: {
    message: "Cannot read PROXY header: it exceeds 4096 bytes",
    source: "PROXY §2.2",
  },
  BAD_PROXY_VALUES: {
    message:
      "Cannot read PROXY header: the values behind its addresses do not fit",
    source: "PROXY §2.2",
  },
  BAD_PROXY_CHECKSUM: {
    message: "Cannot read PROXY header: its checksum is wrong",
    source: "PROXY §2.2.3",
  },
  PROXY_HEADER_CUT_OFF: {
    message: "Cannot read PROXY header: the connection ended within it",
    source: "PROXY §2",
  },
  PROXY_HEADER_TIMEOUT: {
    message: "Cannot read PROXY header: it did not arrive in time",
    source: "PROXY §2",
  },
};
