/** IP addresses as octets, as certificates hold and rules compare them, and as text. */

/** Four or sixteen octets; `undefined` if `text` is no IP address. */
export function ipOctets(text: string): Uint8Array | undefined {
  return text.includes(":") ? ipv6Octets(text) : ipv4Octets(text);
}

function ipv4Octets(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  let part = 0;
  /** -1 before the first digit. */
  let value = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit >= 0 && digit <= 9) {
      // A leading zero means octal to some (RFC 6943 §3.1.1).
      if (value === 0) return undefined;
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return undefined;
    } else {
      if (text[at] !== "." || value < 0 || part === 3) return undefined;
      octets[part++] = value;
      value = -1;
    }
  }
  if (value < 0 || part !== 3) return undefined;
  octets[3] = value;
  return octets;
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

/** The four octets of an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2); other addresses as they are. */
export function unmapped(octets: Uint8Array): Uint8Array {
  const isMapped = octets.length === 16 &&
    octets.subarray(0, 10).every((octet) => octet === 0) &&
    octets[10] === 0xff && octets[11] === 0xff;
  return isMapped ? octets.slice(12) : octets;
}

/** An address as text (RFC 5952); IPv4-mapped IPv6 as IPv4. */
export function ipText(octets: Uint8Array): string {
  const address = unmapped(octets);
  if (address.length === 4) return address.join(".");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(group(address, i));
  // The longest run of zeros, of two at least, is left out.
  let best = "";
  for (const [run] of `:${groups.join(":")}:`.matchAll(/:0(:0)+(?=:)/g)) {
    if (run.length > best.length) best = run;
  }
  if (best === "") return groups.join(":");
  const whole = `:${groups.join(":")}:`;
  const from = whole.indexOf(`${best}:`);
  const before = whole.slice(1, from);
  const after = whole.slice(from + best.length + 1, -1);
  return `${before}::${after}`;
}

function group(octets: Uint8Array, at: number): string {
  return ((octets[at]! << 8) | octets[at + 1]!).toString(16);
}
