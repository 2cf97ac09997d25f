/** PEM: what certificates and keys come in (RFC 7468). */

/** One block of a PEM text. */
export interface PemBlock {
  /** What stands after BEGIN, such as `CERTIFICATE`. */
  readonly label: string;
  /** The whole block, both lines around it included, with a line break at its end. */
  readonly text: string;
}

const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;
const END = /^-----END ([A-Z0-9 ]+)-----$/;

/** All blocks of `text`, in order; what stands between them is no matter. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let lines: string[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.trimEnd();
    const begun = BEGIN.exec(line)?.[1];
    if (begun !== undefined) {
      label = begun;
      lines = [];
    }
    if (label === undefined) continue;
    lines.push(line);
    if (END.exec(line)?.[1] !== label) continue;
    blocks.push({ label, text: `${lines.join("\n")}\n` });
    label = undefined;
  }
  return blocks;
}

/** The certificates of `text`, one block each. */
export function certificatesIn(text: string): string[] {
  return pemBlocks(text)
    .filter(({ label }) => /^((X509|TRUSTED) )?CERTIFICATE$/.test(label))
    .map((block) => block.text);
}

/** The first private key of `text`, of any kind. */
export function privateKeyIn(text: string): string | undefined {
  return pemBlocks(text).find(({ label }) => label.endsWith("PRIVATE KEY"))
    ?.text;
}

/** `bytes` as one block. */
export function toPem(label: string, bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}

/** The bytes of the first block; `undefined` if there is none, or it is no base64. */
export function fromPem(text: string): Uint8Array | undefined {
  const [block] = pemBlocks(text);
  if (block === undefined) return undefined;
  const lines = block.text.split("\n").slice(1, -2);
  try {
    return Uint8Array.from(atob(lines.join("")), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
