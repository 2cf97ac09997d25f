/**
 * From the fields of a head: how the body is delimited, whether to keep the connection, upgrade,
 * continue. What two parsers could read differently is refused here (RFC 9112 §6.3).
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
} from "./header_names.ts";

/** What the fields of one head come to. Refilled for each head. */
export interface Framing {
  hosts: number;
  contentLength: number;
  isChunked: boolean;
  closes: boolean;
  keepsAlive: boolean;
  upgrades: boolean;
  upgrade: string | undefined;
  expectsContinue: boolean;
  acceptsTrailers: boolean;
}

/** The framing of a head without fields. */
export function emptyFraming(): Framing {
  return {
    hosts: 0,
    contentLength: -1,
    isChunked: false,
    closes: false,
    keepsAlive: false,
    upgrades: false,
    upgrade: undefined,
    expectsContinue: false,
    acceptsTrailers: false,
  };
}

/** Sets `framing` back to that of a head without fields. */
export function resetFraming(framing: Framing): void {
  framing.hosts = 0;
  framing.contentLength = -1;
  framing.isChunked = false;
  framing.closes = false;
  framing.keepsAlive = false;
  framing.upgrades = false;
  framing.upgrade = undefined;
  framing.expectsContinue = false;
  framing.acceptsTrailers = false;
}

/** The fields that {@linkcode noteField} looks at are the first of the known names. */
export const LAST_FRAMING_NAME: number = UPGRADE;

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
      return isHost(value) ? undefined : "BAD_HOST";
    case CONTENT_LENGTH:
      return noteLength(value, framing);
    case TRANSFER_ENCODING:
      return noteCoding(value, framing);
    case CONNECTION:
      noteConnection(value, framing);
      return undefined;
    case EXPECT:
      if (value.toLowerCase() !== "100-continue") return "UNMET_EXPECTATION";
      framing.expectsContinue = true;
      return undefined;
    case TE:
      if (hasToken(value, "trailers")) framing.acceptsTrailers = true;
      return undefined;
    default: // upgrade
      framing.upgrade = framing.upgrade === undefined
        ? value.toLowerCase()
        : `${framing.upgrade}, ${value.toLowerCase()}`;
      return undefined;
  }
}

/**
 * uri-host [ ":" port ] (RFC 9110 §7.2). May be empty: that is what a client sends whose target
 * URI has no authority. Userinfo, blanks, paths and lists do not fit: a second name in the field
 * would route the request differently here and at a proxy.
 */
const HOST_FORM =
  /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?$/;

/** The last `host` that was found good: on most servers it is the only one. */
let lastGoodHost = "";

/** Whether `value` is a host and an optional port. */
export function isHost(value: string): boolean {
  if (value === lastGoodHost) return true;
  if (!HOST_FORM.test(value) || value.includes(",")) return false;
  lastGoodHost = value;
  return true;
}

function noteLength(
  value: string,
  framing: Framing,
): HttpFaultCode | undefined {
  // A list of the same value is what a sender joins from two lines (RFC 9110 §8.6).
  for (const item of value.includes(",") ? value.split(",") : [value]) {
    const length = decimal(item.trim());
    if (length < 0) return "BAD_CONTENT_LENGTH";
    if (framing.contentLength >= 0 && framing.contentLength !== length) {
      return "CONFLICTING_CONTENT_LENGTH";
    }
    framing.contentLength = length;
  }
  return undefined;
}

/** 1*DIGIT up to 2^53 - 1; -1 for anything else. `Number` would take "0x10", "1e3", "+3" and "". */
function decimal(text: string): number {
  if (text.length === 0) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
}

/** A transfer coding with its parameters: whether it has a form we merely do not support. */
const CODING = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*;[^,]*)?$/;

function noteCoding(
  value: string,
  framing: Framing,
): HttpFaultCode | undefined {
  const lower = value.toLowerCase();
  if (lower === "chunked") {
    if (framing.isChunked) return "BAD_TRANSFER_ENCODING"; // twice, in two lines
    framing.isChunked = true;
    return undefined;
  }
  const codings = lower.split(",").map((coding) => coding.trim());
  const isLastChunked = codings.at(-1) === "chunked";
  const others = isLastChunked ? codings.slice(0, -1) : codings;
  const isWellFormed = isLastChunked && !framing.isChunked &&
    others.every((coding) =>
      CODING.test(coding) && !/^chunked(?:$|[ \t;])/.test(coding)
    );
  if (isWellFormed) return "UNSUPPORTED_TRANSFER_CODING";
  const isOneOther = !framing.isChunked && others.length === 1 &&
    CODING.test(others[0]) &&
    !/^chunked(?:$|[ \t;])/.test(others[0]) && others[0] !== "identity";
  return isOneOther ? "UNSUPPORTED_TRANSFER_CODING" : "BAD_TRANSFER_ENCODING";
}

function noteConnection(value: string, framing: Framing): void {
  for (const item of value.includes(",") ? value.split(",") : [value]) {
    switch (item.trim().toLowerCase()) {
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

function hasToken(list: string, token: string): boolean {
  return list.split(",").some((item) => item.trim().toLowerCase() === token);
}

/** Judges the fields of a whole head together. */
export function checkFraming(
  framing: Framing,
  version: "1.0" | "1.1",
): HttpFaultCode | undefined {
  if (framing.hosts === 0 && version === "1.1") return "MISSING_HOST";
  if (!framing.isChunked) return undefined;
  if (framing.contentLength >= 0) return "CONTENT_LENGTH_AND_TRANSFER_ENCODING";
  // RFC 9112 §6.1: an HTTP/1.0 peer does not know chunks, so somebody between us added it.
  if (version === "1.0") return "TRANSFER_ENCODING_IN_HTTP10";
  return undefined;
}
