/**
 * The PROXY protocol, versions 1 and 2: what a proxy says of a connection before the first byte of
 * its client (HAProxy, "The PROXY protocol", sections 2.1 and 2.2). Pure.
 */
import type { ProxyFaultCode } from "../faults.ts";
import { ipOctets, ipText } from "../text/ip_octets.ts";
import type { Address } from "../runtime/types.ts";
import { crc32c } from "./crc32c.ts";

/** What the bytes so far come to. */
export type ProxyReading =
  | { readonly kind: "needMore" }
  | { readonly kind: "fault"; readonly fault: ProxyFaultCode }
  | {
    readonly kind: "header";
    /** Bytes of the header; what follows is the client's. */
    readonly size: number;
    /**
     * The ends of the client's connection to the proxy; `undefined` where the proxy speaks for
     * itself (LOCAL), or of a connection that it cannot describe.
     */
    readonly addresses:
      | { readonly source: Address; readonly destination: Address }
      | undefined;
  };

/** Longest header that is read, in bytes: addresses take up to 232, values the rest. */
export const MAX_PROXY_HEADER: number = 4096;

/** The longest line of version 1, CRLF included. */
const MAX_LINE = 107;
const CR = 0x0d;
const LF = 0x0a;
const TEXT = [..."PROXY "].map((char) => char.charCodeAt(0));
const SIGNATURE = [
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d],
  ...[0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
];
/** Signature, version and command, family, length. */
const FIXED_BYTES = 16;
const LOCAL = 0;
const PROXY = 1;
/** Address family and transport: only streams are what we can have been given. */
const TCP4 = 0x11;
const TCP6 = 0x21;
const UNIX = 0x31;
const UNIX_PATH_BYTES = 108;
/** Bytes of both addresses, by address family: none for what the proxy could not tell. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];
/** The highest transport: 0 is unspecified, 1 streams, 2 datagrams. */
const DATAGRAM = 2;
const VALUE_CRC32C = 0x03;

const NEED_MORE: ProxyReading = { kind: "needMore" };

/** Reads a header from the first bytes of a connection; to be called again when there are more. */
export function readProxyHeader(bytes: Uint8Array): ProxyReading {
  if (bytes.length === 0) return NEED_MORE;
  return bytes[0] === SIGNATURE[0] ? readBinary(bytes) : readLine(bytes);
}

function fault(fault: ProxyFaultCode): ProxyReading {
  return { kind: "fault", fault };
}

/** Whether `bytes` are what `expected` begins with, as far as they go. */
function begins(bytes: Uint8Array, expected: readonly number[]): boolean {
  const size = Math.min(bytes.length, expected.length);
  for (let i = 0; i < size; i++) if (bytes[i] !== expected[i]) return false;
  return true;
}

function readLine(bytes: Uint8Array): ProxyReading {
  if (!begins(bytes, TEXT)) return fault("NO_PROXY_HEADER");
  const cr = bytes.subarray(0, MAX_LINE).indexOf(CR);
  const text = bytes.subarray(0, cr < 0 ? MAX_LINE : cr);
  if (text.some((byte) => byte < 0x20 || byte > 0x7e)) {
    return fault("BAD_PROXY_LINE");
  }
  if (cr < 0) {
    return bytes.length >= MAX_LINE - 1
      ? fault("PROXY_LINE_TOO_LONG")
      : NEED_MORE;
  }
  if (cr + 1 === bytes.length) return NEED_MORE;
  if (cr + 1 >= MAX_LINE) return fault("PROXY_LINE_TOO_LONG");
  if (bytes[cr + 1] !== LF) return fault("BAD_PROXY_LINE");
  const size = cr + 2;
  const line = String.fromCharCode(...text.subarray(TEXT.length));
  // What follows UNKNOWN is to be passed over (2.1).
  if (line === "UNKNOWN" || line.startsWith("UNKNOWN ")) {
    return { kind: "header", size, addresses: undefined };
  }
  const [family, ...parts] = line.split(" ");
  const [from = "", to = "", fromPort = "", toPort = ""] = parts;
  const octets = family === "TCP4" ? 4 : 16;
  const source = tcp(from, fromPort, octets);
  const destination = tcp(to, toPort, octets);
  if (
    (family !== "TCP4" && family !== "TCP6") || parts.length !== 4 ||
    source === undefined || destination === undefined
  ) return fault("BAD_PROXY_LINE");
  return { kind: "header", size, addresses: { source, destination } };
}

/** One end in text: a port without signs, blanks or leading zeros. */
function tcp(host: string, port: string, octets: number): Address | undefined {
  const address = ipOctets(host);
  if (address?.length !== octets) return undefined;
  if (!/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535) {
    return undefined;
  }
  return { kind: "tcp", host: ipText(address), port: Number(port) };
}

function readBinary(bytes: Uint8Array): ProxyReading {
  if (!begins(bytes, SIGNATURE)) return fault("NO_PROXY_HEADER");
  if (bytes.length < FIXED_BYTES) return NEED_MORE;
  const command = bytes[12]! & 0x0f;
  const family = bytes[13]!;
  const size = FIXED_BYTES + ((bytes[14]! << 8) | bytes[15]!);
  if (bytes[12]! >> 4 !== 2) return fault("BAD_PROXY_VERSION");
  if (command !== LOCAL && command !== PROXY) {
    return fault("BAD_PROXY_COMMAND");
  }
  if (size > MAX_PROXY_HEADER) return fault("PROXY_HEADER_TOO_LONG");
  if (bytes.length < size) return NEED_MORE;
  // What follows LOCAL is to be passed over whole (2.2).
  if (command === PROXY) {
    const addressBytes = ADDRESS_BYTES[family >> 4];
    if (addressBytes === undefined || (family & 0x0f) > DATAGRAM) {
      return fault("BAD_PROXY_FAMILY");
    }
    // Of an unspecified family nobody knows where the values begin.
    const valuesAt = family >> 4 === 0 ? size : FIXED_BYTES + addressBytes;
    if (valuesAt > size) return fault("SHORT_PROXY_ADDRESSES");
    const problem = checkValues(bytes.subarray(0, size), valuesAt);
    if (problem !== undefined) return fault(problem);
  }
  return {
    kind: "header",
    size,
    addresses: command === PROXY ? addressesOf(bytes, family) : undefined,
  };
}

function addressesOf(
  bytes: Uint8Array,
  family: number,
): { source: Address; destination: Address } | undefined {
  const at = FIXED_BYTES;
  switch (family) {
    case TCP4:
    case TCP6: {
      const octets = family === TCP4 ? 4 : 16;
      const ports = at + 2 * octets;
      const end = (from: number, port: number): Address => ({
        kind: "tcp",
        host: ipText(bytes.subarray(from, from + octets)),
        port: (bytes[port]! << 8) | bytes[port + 1]!,
      });
      return {
        source: end(at, ports),
        destination: end(at + octets, ports + 2),
      };
    }
    case UNIX: {
      const end = (from: number): Address => {
        const path = bytes.subarray(from, from + UNIX_PATH_BYTES);
        // An abstract name begins with NUL and is written with "@".
        const isAbstract = path[0] === 0 && path[1] !== 0;
        const nul = path.indexOf(0, isAbstract ? 1 : 0);
        const name = path.subarray(
          isAbstract ? 1 : 0,
          nul < 0 ? undefined : nul,
        );
        const text = new TextDecoder().decode(name);
        return { kind: "unix", path: isAbstract ? `@${text}` : text };
      };
      return { source: end(at), destination: end(at + UNIX_PATH_BYTES) };
    }
  }
  return undefined;
}

/** Types, lengths and values behind the addresses: all must fit, and a checksum must be right. */
function checkValues(
  header: Uint8Array,
  from: number,
): ProxyFaultCode | undefined {
  for (let at = from; at < header.length;) {
    if (at + 3 > header.length) return "BAD_PROXY_VALUES";
    const size = (header[at + 1]! << 8) | header[at + 2]!;
    const valueAt = at + 3;
    if (valueAt + size > header.length) return "BAD_PROXY_VALUES";
    if (header[at] === VALUE_CRC32C) {
      if (size !== 4) return "BAD_PROXY_VALUES";
      const told = new DataView(
        header.buffer,
        header.byteOffset + valueAt,
        4,
      ).getUint32(0);
      // It is over the whole header, with zeros in its own place (2.2.3).
      const blank = new Uint8Array(header);
      blank.fill(0, valueAt, valueAt + 4);
      if (crc32c(blank) !== told) return "BAD_PROXY_CHECKSUM";
    }
    at = valueAt + size;
  }
  return undefined;
}
