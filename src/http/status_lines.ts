/** Prebuilt status lines, and which statuses carry no body. */

/** Reason phrases of RFC 9110 §15 and the registry it names. */
const PHRASES: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  102: "Processing",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a Teapot",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  // Not registered: how access logs show a client that left before it was answered.
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  510: "Not Extended",
  511: "Network Authentication Required",
};

const encoder = new TextEncoder();
const lines = new Map<number, Uint8Array>();

/** The standard phrase of a status, `""` if it has none. */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? "";
}

/**
 * The bytes of `HTTP/1.1 <status> <phrase>CRLF` (RFC 9112 §4), built on first use. HTTP/1.0
 * clients get the same line: it tells our version, not theirs (RFC 9110 §2.5).
 *
 * @param status Three digits.
 * @returns Shared bytes, not to be changed.
 */
export function statusLine(status: number): Uint8Array {
  let line = lines.get(status);
  if (line === undefined) {
    line = encoder.encode(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`);
    lines.set(status, line);
  }
  return line;
}

/** Whether a response of this status never has a body (RFC 9110 §6.4.1, §15.3.6). */
export function forbidsBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304 || status < 200;
}
