/** IP addresses as octets: what certificates hold, and what addresses are compared by. */

/** Four or sixteen octets; `undefined` if `text` is no IP address. */
export function ipOctets(text: string): Uint8Array | undefined {
  return text.includes(":") ? ipv6Octets(text) : ipv4Octets(text);
}

function ipv4Octets(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  // A leading zero means octal to some (RFC 6943 §3.1.1).
  if (
    !parts.every((part) =>
      /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256
    )
  ) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

function ipv6Octets(text: string): Uint8Array | undefined {
  // RFC 4291 §2.2: the last 32 bits may be written as an IPv4 address.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted === null ? undefined : ipv4Octets(dotted[2]!);
  if (dotted !== null && tail === undefined) return undefined;
  const hex = tail === undefined
    ? text
    : `${dotted![1]}${group(tail, 0)}:${group(tail, 2)}`;
  const halves = hex.split("::");
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half) =>
    half === "" ? [] : half.split(":")
  );
  const missing = 8 - front!.length - (back?.length ?? 0);
  if (back === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [
    ...front!,
    ...Array<string>(missing).fill("0"),
    ...back ?? [],
  ];
  if (!groups.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const octets = new Uint8Array(16);
  groups.forEach((part, i) => {
    const value = parseInt(part, 16);
    octets[2 * i] = value >> 8;
    octets[2 * i + 1] = value & 0xff;
  });
  return octets;
}

function group(octets: Uint8Array, at: number): string {
  return ((octets[at]! << 8) | octets[at + 1]!).toString(16);
}
