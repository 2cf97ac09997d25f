/**
 * The syntax of `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2).
 *
 * Checked here and not left to applications: they build URLs, links in mails and cache keys from it
 * and trust it to be a host and nothing more. Userinfo, blanks, paths and lists are refused: a
 * second name in the field would route the request differently here and at a proxy.
 */
import { COLON, HEX_VALUE, REG_NAME } from "./chars.ts";

const PERCENT = 0x25;
const LEFT_BRACKET = 0x5b;
const MAX_PORT = 65535;
/** Eight groups of four digits, the last two of which may be a dotted quad. */
const MAX_IPV6_LENGTH = 45;
const IPV6_GROUPS = 8;
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
/** Without leading zeros, which are octal to some. */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const DOTTED_QUAD = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/**
 * Whether `text` is a host and an optional port. The empty text is not: where it is legal, the
 * caller says so.
 */
export function isHost(text: string): boolean {
  const end = text.charCodeAt(0) === LEFT_BRACKET
    ? addressEnd(text)
    : nameEnd(text);
  if (end <= 0) return false;
  return end === text.length ||
    (text.charCodeAt(end) === COLON && isPort(text, end + 1));
}

/** Where the name or IPv4 address that opens `text` ends; -1 after a broken escape. */
function nameEnd(text: string): number {
  const size = text.length;
  let at = 0;
  for (; at < size; at++) {
    const unit = text.charCodeAt(at);
    if (REG_NAME[unit] === 1) continue;
    if (unit !== PERCENT) break;
    if (at + 2 >= size) return -1;
    if (HEX_VALUE[text.charCodeAt(at + 1)] < 0) return -1;
    if (HEX_VALUE[text.charCodeAt(at + 2)] < 0) return -1;
    at += 2;
  }
  return at;
}

/**
 * Of RFC 3986 §3.2.2: an address of a version to come. The comma is left out as in names
 * (chars.ts).
 */
const IP_FUTURE = /^v[0-9a-f]+\.[-._~!$&'()*+;=:0-9a-z]+$/i;

/** Past the `]` of an IPv6 or later address; -1 if there is none. Zones have no use here. */
function addressEnd(text: string): number {
  const close = text.indexOf("]");
  const address = text.slice(1, close);
  return isIpv6(address) || IP_FUTURE.test(address) ? close + 1 : -1;
}

/** Whether `text` is an IPv6 address without a zone (RFC 3986 §3.2.2). */
function isIpv6(text: string): boolean {
  if (text.length > MAX_IPV6_LENGTH) return false;
  const [before, after, more] = text.split("::");
  if (more !== undefined) return false;
  if (after === undefined) return countGroups(before, true) === IPV6_GROUPS;
  const first = before === "" ? 0 : countGroups(before, false);
  const last = after === "" ? 0 : countGroups(after, true);
  // The two colons stand for one group at least.
  return first >= 0 && last >= 0 && first + last < IPV6_GROUPS;
}

/** Groups of 16 bits between single colons; -1 if one is none. */
function countGroups(text: string, mayEndInQuad: boolean): number {
  const groups = text.split(":");
  let count = 0;
  for (let i = 0; i < groups.length; i++) {
    if (GROUP.test(groups[i])) count++;
    else if (
      mayEndInQuad && i === groups.length - 1 && DOTTED_QUAD.test(groups[i])
    ) count += 2;
    else return -1;
  }
  return count;
}

/** Digits, possibly none (RFC 3986 §3.2.3), up to the largest port. */
function isPort(text: string, start: number): boolean {
  let port = 0;
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
    if (port > MAX_PORT) return false;
  }
  return true;
}
