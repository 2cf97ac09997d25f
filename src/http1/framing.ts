/**
 * From the fields of a head: how the body is delimited, whether to keep the connection, upgrade,
 * continue, and whether a proxy has added some. What two parsers could read differently is refused
 * here (RFC 9112 §6.3).
 */
import type { HttpFaultCode } from "../faults.ts";
import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  HOST,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
  X_FORWARDED_PROTO,
} from "../http/header_names.ts";
import { isHost } from "../http/host.ts";
import { listItems } from "../http/lists.ts";
import { decimal } from "../text/decimal.ts";
import type { Http1Version } from "./request_head.ts";

/** What the fields of one head come to. Refilled for each head. */
export interface Framing {
  hosts: number;
  contentLength: number;
  /** The values of `transfer-encoding`, joined. */
  codings: string | undefined;
  isChunked: boolean;
  closes: boolean;
  keepsAlive: boolean;
  upgrades: boolean;
  upgrade: string | undefined;
  expectsContinue: boolean;
  /** Whether something is expected that we do not know. */
  expectsOther: boolean;
  acceptsTrailers: boolean;
  /** Whether a field is there by which proxies tell of their clients. */
  isForwarded: boolean;
}

/** The framing of a head without fields. */
export function emptyFraming(): Framing {
  return {
    hosts: 0,
    contentLength: -1,
    codings: undefined,
    isChunked: false,
    closes: false,
    keepsAlive: false,
    upgrades: false,
    upgrade: undefined,
    expectsContinue: false,
    expectsOther: false,
    acceptsTrailers: false,
    isForwarded: false,
  };
}

/** Sets `framing` back to that of a head without fields. */
export function resetFraming(framing: Framing): void {
  framing.hosts = 0;
  framing.contentLength = -1;
  framing.codings = undefined;
  framing.isChunked = false;
  framing.closes = false;
  framing.keepsAlive = false;
  framing.upgrades = false;
  framing.upgrade = undefined;
  framing.expectsContinue = false;
  framing.expectsOther = false;
  framing.acceptsTrailers = false;
  framing.isForwarded = false;
}

/** Sets `framing` to what `other` is, before it was concluded. */
export function restoreFraming(framing: Framing, other: Framing): void {
  framing.hosts = other.hosts;
  framing.contentLength = other.contentLength;
  framing.codings = other.codings;
  framing.isChunked = other.isChunked;
  framing.closes = other.closes;
  framing.keepsAlive = other.keepsAlive;
  framing.upgrades = other.upgrades;
  framing.upgrade = other.upgrade;
  framing.expectsContinue = other.expectsContinue;
  framing.expectsOther = other.expectsOther;
  framing.acceptsTrailers = other.acceptsTrailers;
  framing.isForwarded = other.isForwarded;
}

/** The fields that {@linkcode noteField} looks at are the first of the known names. */
export const LAST_FRAMING_NAME: number = X_FORWARDED_PROTO;

/**
 * Notes what one field says.
 *
 * @param name Its index among the known names, from 1 to {@linkcode LAST_FRAMING_NAME}.
 */
export function noteField(
  name: number,
  value: string,
  framing: Framing,
): HttpFaultCode | undefined {
  switch (name) {
    case HOST:
      if (++framing.hosts > 1) return "REPEATED_HOST";
      // Empty is what a client sends whose target URI has no authority (RFC 9112 §3.2).
      return value === "" || isHost(value) ? undefined : "BAD_HOST";
    case CONTENT_LENGTH:
      return noteLength(value, framing);
    case TRANSFER_ENCODING:
      framing.codings = joined(framing.codings, value);
      return undefined;
    case CONNECTION:
      noteConnection(value, framing);
      return undefined;
    case EXPECT:
      noteExpectation(value, framing);
      return undefined;
    case TE:
      if (listItems(value).includes("trailers")) framing.acceptsTrailers = true;
      return undefined;
    case UPGRADE:
      framing.upgrade = joined(framing.upgrade, value.toLowerCase());
      return undefined;
    default: // forwarded and the like: what they say is for connection/scope/forwarded_origin.ts
      framing.isForwarded = true;
      return undefined;
  }
}

function noteLength(
  value: string,
  framing: Framing,
): HttpFaultCode | undefined {
  // A list of the same value is what a sender joins from two lines (RFC 9110 §8.6).
  for (const item of value.includes(",") ? listItems(value) : [value]) {
    const length = decimal(item);
    if (length < 0) return "BAD_CONTENT_LENGTH";
    if (framing.contentLength >= 0 && framing.contentLength !== length) {
      return "CONFLICTING_CONTENT_LENGTH";
    }
    framing.contentLength = length;
  }
  return undefined;
}

/** A transfer coding, with parameters or not (RFC 9112 §7). */
const CODING = /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[ \t]*;.*)?$/;
/** Chunked with what might be parameters: it has none (RFC 9112 §7.1). */
const CHUNKED = /^chunked(?:[ \t;]|$)/;

/**
 * Why a body in these codings cannot be read; `undefined` for chunked and nothing else.
 *
 * RFC 9112 §6.3 asks for 400 unless chunked is the last one: where the body ends cannot be told.
 * 501 says that it could be told, but not decoded (§6.1). An empty item or a second chunked is
 * what attackers send to make two parsers disagree about which of the two it is.
 */
function codingFault(list: string): HttpFaultCode | undefined {
  if (list === "chunked") return undefined;
  const codings = listItems(list);
  if (codings.pop() !== "chunked") return "BAD_TRANSFER_ENCODING";
  if (codings.length === 0) return undefined;
  return codings.every((coding) => CODING.test(coding) && !CHUNKED.test(coding))
    ? "UNSUPPORTED_TRANSFER_CODING"
    : "BAD_TRANSFER_ENCODING";
}

function noteConnection(value: string, framing: Framing): void {
  if (value === "keep-alive") { // all that most clients send; a fifth of a head on Bun
    framing.keepsAlive = true;
    return;
  }
  for (const item of listItems(value)) {
    switch (item) {
      case "close":
        framing.closes = true;
        break;
      case "keep-alive":
        framing.keepsAlive = true;
        break;
      case "upgrade":
        framing.upgrades = true;
        break;
    }
  }
}

function noteExpectation(
  value: string,
  framing: Framing,
): void {
  for (const item of listItems(value)) {
    if (item === "100-continue") framing.expectsContinue = true;
    else if (item !== "") framing.expectsOther = true;
  }
}

function joined(list: string | undefined, value: string): string {
  return list === undefined ? value : `${list}, ${value}`;
}

/**
 * Judges the fields of a whole head together, and drops what its version cannot mean.
 *
 * @returns Why the head is refused, if it is.
 */
export function concludeFraming(
  framing: Framing,
  version: Http1Version,
): HttpFaultCode | undefined {
  if (framing.hosts === 0 && version === "1.1") return "MISSING_HOST";
  if (framing.codings !== undefined) {
    // RFC 9112 §6.1: an HTTP/1.0 peer does not know codings, so somebody between us added it.
    if (version === "1.0") return "TRANSFER_ENCODING_IN_HTTP10";
    if (framing.contentLength >= 0) {
      return "CONTENT_LENGTH_AND_TRANSFER_ENCODING";
    }
    const fault = codingFault(framing.codings);
    if (fault !== undefined) return fault;
    framing.isChunked = true;
  }
  if (version === "1.0") {
    // RFC 9110 §7.8, §10.1.1, §10.1.4: none of these exists for an HTTP/1.0 peer.
    framing.upgrades = false;
    framing.expectsContinue = false;
    framing.acceptsTrailers = false;
    return undefined;
  }
  return framing.expectsOther ? "UNMET_EXPECTATION" : undefined;
}
