/** PROXY headers of version 2, right ones and wrong ones. */
import { ipOctets } from "../../src/text/ip_octets.ts";
import { crc32c } from "../../src/proxy/crc32c.ts";

const SIGNATURE = [
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
];

export interface ProxyV2 {
  readonly version?: number;
  /** 0 is LOCAL, 1 is PROXY. */
  readonly command?: number;
  readonly family: number;
  readonly body?: Uint8Array;
  /** Adds one behind the body. */
  readonly checksum?: boolean;
}

/** One header. */
export function proxyV2(
  { version = 2, command = 1, family, body = new Uint8Array(0), checksum }:
    ProxyV2,
): Uint8Array {
  const rest = checksum ? Uint8Array.of(...body, 0x03, 0, 4, 0, 0, 0, 0) : body;
  const header = Uint8Array.of(
    ...SIGNATURE,
    (version << 4) | command,
    family,
    rest.length >> 8,
    rest.length & 0xff,
    ...rest,
  );
  if (checksum) {
    new DataView(header.buffer).setUint32(header.length - 4, crc32c(header));
  }
  return header;
}

/** Addresses and ports of TCP over IPv4. */
export function tcp4(
  source: string,
  destination: string,
  sourcePort: number,
  destinationPort: number,
): Uint8Array {
  return Uint8Array.of(
    ...ipOctets(source)!,
    ...ipOctets(destination)!,
    sourcePort >> 8,
    sourcePort & 0xff,
    destinationPort >> 8,
    destinationPort & 0xff,
  );
}

/** `addresses` with types and values behind them. */
export function values(
  addresses: Uint8Array,
  ...entries: readonly (readonly [type: number, value: Uint8Array])[]
): Uint8Array {
  return Uint8Array.of(
    ...addresses,
    ...entries.flatMap(([type, value]) => [
      type,
      value.length >> 8,
      value.length & 0xff,
      ...value,
    ]),
  );
}
