/** Is this request a valid upgrade, and what is the answer (RFC 6455 §4.2). Pure: the digest is handed in. */
import { splitList } from "../http/lists.ts";
import type { RequestHead } from "../http/request_head.ts";
import { isToken } from "../text/token.ts";
import { type ExtensionOffer, readExtensions } from "./extensions.ts";

/** What a client asked for. */
export interface Handshake {
  /** The `sec-websocket-key`, checked. */
  readonly key: string;
  /** Offered subprotocols in order, each a token. */
  readonly subprotocols: readonly string[];
  /** Offered extensions in order. */
  readonly extensions: readonly ExtensionOffer[];
}

/** Why a request is no valid upgrade, and the answer. */
export interface HandshakeRefusal {
  readonly status: number;
  /** Further fields of the answer. */
  readonly headers: readonly (readonly [string, string])[];
  /** For the log and the answer's body. */
  readonly message: string;
}

/** What the key is joined with before it is digested (RFC 6455 §1.3). */
export const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 octets in base64: 22 digits, the last of which carries four bits, and two signs. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

function refuse(
  status: number,
  message: string,
  headers: readonly (readonly [string, string])[] = [],
): HandshakeRefusal {
  return { status, headers, message };
}

/** Checks a request whose `upgrade` is `websocket`. */
export function readHandshake(head: RequestHead): Handshake | HandshakeRefusal {
  if (head.method !== "GET") {
    return refuse(405, "Cannot upgrade to WebSocket: expected method GET", [[
      "allow",
      "GET",
    ]]);
  }
  // A handshake has no body (RFC 6455 §4.1). One would have to be read before the protocol changes
  // (RFC 9110 §7.8), and nobody wants it.
  if (head.hasBody) {
    return refuse(400, "Cannot upgrade to WebSocket: expected no body");
  }
  if (head.version !== "1.1") {
    return refuse(400, "Cannot upgrade to WebSocket: expected HTTP/1.1");
  }
  let key: string | undefined;
  let version: string | undefined;
  let extensionList = "";
  const subprotocols: string[] = [];
  for (const [name, value] of head.headers) {
    switch (name) {
      case "sec-websocket-key":
        if (key !== undefined) {
          return refuse(400, "Cannot upgrade to WebSocket: expected one key");
        }
        key = value;
        break;
      case "sec-websocket-version":
        version = version === undefined ? value : `${version}, ${value}`;
        break;
      case "sec-websocket-protocol":
        subprotocols.push(...splitList(value).filter((item) => item !== ""));
        break;
      case "sec-websocket-extensions":
        extensionList += `${value},`;
        break;
    }
  }
  if (version === undefined) {
    return refuse(400, "Cannot upgrade to WebSocket: expected a version");
  }
  if (version !== "13") { // RFC 6455 §4.4; a client names one version (§11.3.5)
    return refuse(426, "Cannot upgrade to WebSocket: expected version 13", [
      ["upgrade", "websocket"],
      ["connection", "upgrade"],
      ["sec-websocket-version", "13"],
    ]);
  }
  if (key === undefined || !KEY.test(key)) {
    return refuse(
      400,
      "Cannot upgrade to WebSocket: expected a key of 16 octets in base64",
    );
  }
  // The one that is chosen goes into the answer as it came.
  if (!subprotocols.every(isToken)) {
    return refuse(
      400,
      "Cannot upgrade to WebSocket: expected tokens as subprotocols",
    );
  }
  const extensions = readExtensions(extensionList);
  if (extensions === undefined) { // RFC 6455 §9.1
    return refuse(
      400,
      "Cannot upgrade to WebSocket: expected a list of extensions",
    );
  }
  return { key, subprotocols, extensions };
}

/** Tells the two answers of {@linkcode readHandshake} apart. */
export function isRefusal(
  answer: Handshake | HandshakeRefusal,
): answer is HandshakeRefusal {
  return "status" in answer;
}
