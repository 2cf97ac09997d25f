/**
 * Nodes: how the fields of proxies name the ends of connections (RFC 7239 §6). X-Forwarded-For has
 * the same forms, and IPv6 addresses without brackets. Pure.
 */
import { ipOctets, ipText } from "../text/ip_octets.ts";

/** An address and a port, as `scope.client` has them. */
export interface NodeAddress {
  readonly kind: "address";
  /** Four or sixteen. */
  readonly octets: Uint8Array;
  /** In canonical form (RFC 5952); IPv4-mapped IPv6 as IPv4. */
  readonly host: string;
  /** 0 if it is not told. */
  readonly port: number;
}

/** What a node says. */
export type ForwardedNode =
  | NodeAddress
  /** `unknown`, or a name made up to hide the address (RFC 7239 §6.2, §6.3). */
  | { readonly kind: "hidden" };

/** The longest node that is read, in characters: an address with its port has up to 53. */
export const MAX_NODE = 255;
const MAX_PORT = 65535;
const HIDDEN: ForwardedNode = Object.freeze({ kind: "hidden" });
/** RFC 7239 §6.3. */
const MADE_UP = /^_[0-9A-Za-z._-]+$/;
const DIGITS = /^[0-9]{1,5}$/;

/**
 * Reads one node: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1`, `unknown`,
 * `_name`, and the last two with a port.
 *
 * @returns `undefined` for anything else.
 */
export function readNode(text: string): ForwardedNode | undefined {
  if (text.length > MAX_NODE) return undefined;
  if (text.startsWith("[")) return readBracketed(text);
  const colon = text.indexOf(":");
  // Two colons: IPv6 without brackets, which leaves no room for a port.
  if (colon !== text.lastIndexOf(":")) return addressOf(ipOctets(text), 0);
  const name = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? 0 : readPort(text.slice(colon + 1));
  if (port === undefined) return undefined;
  if (MADE_UP.test(name) || name.toLowerCase() === "unknown") return HIDDEN;
  const octets = ipOctets(name);
  // IPv4 has one spelling.
  return octets?.length === 4
    ? { kind: "address", octets, host: name, port }
    : addressOf(octets, port);
}

function readBracketed(text: string): ForwardedNode | undefined {
  const close = text.indexOf("]");
  const octets = close < 0 ? undefined : ipOctets(text.slice(1, close));
  if (octets?.length !== 16) return undefined;
  const rest = text.slice(close + 1);
  if (rest === "") return addressOf(octets, 0);
  const port = rest.startsWith(":") ? readPort(rest.slice(1)) : undefined;
  return port === undefined ? undefined : addressOf(octets, port);
}

/** 0 for a port that hides behind a name. */
function readPort(text: string): number | undefined {
  if (MADE_UP.test(text)) return 0;
  return DIGITS.test(text) && Number(text) <= MAX_PORT
    ? Number(text)
    : undefined;
}

function addressOf(
  octets: Uint8Array | undefined,
  port: number,
): NodeAddress | undefined {
  return octets === undefined
    ? undefined
    : { kind: "address", octets, host: ipText(octets), port };
}
