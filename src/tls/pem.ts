/**
 * PEM, the text form of certificates and keys (RFC 7468). Parsed here and passed on in one form,
 * because the runtimes disagree: Deno 2.9 skips a damaged block that Node and Bun refuse.
 */

/** One block of a PEM text. */
export interface PemBlock {
  /** The label after BEGIN, such as `CERTIFICATE`. */
  readonly label: string;
  /**
   * The whole block, both lines around it included, with a line break at its end: in lines of 64
   * characters, unless header fields precede the base64 (RFC 1421 §4.6).
   */
  readonly text: string;
  /** What it encodes; `undefined` if the block is damaged, and then `text` is all that was read. */
  readonly bytes: Uint8Array | undefined;
}

/** One of the two lines around a block, and nothing else in the line. */
const MARK = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]*)-----$/;
/** A line that was to be one: the next block follows in the same line, or all of it is one line. */
const BROKEN_MARK = /-----(?:BEGIN|END) ([A-Z0-9][A-Z0-9 ]*)-----/;
/** A header field, or the rest of one. */
const HEADER = /^[A-Za-z][A-Za-z0-9-]*:/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * All blocks of `text`, in order, damaged ones included; text between them is ignored, and so are
 * blanks around lines and byte order marks. Line ends of every system are accepted.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let lines: string[] = [];
  const end = (block: PemBlock) => {
    blocks.push(block);
    label = undefined;
    lines = [];
  };
  // A file that was joined from several has a mark in front of each.
  for (const raw of text.replaceAll("\ufeff", "").split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    const [, mark, named] = MARK.exec(line) ?? [];
    if (mark === "BEGIN") {
      if (label !== undefined) end(damaged(label, lines));
      label = named!;
    } else if (mark === "END") {
      end(
        label === named
          ? blockOf(label!, lines)
          : damaged(label ?? named!, lines),
      );
    } else if (BROKEN_MARK.test(line)) {
      end(damaged(label ?? BROKEN_MARK.exec(line)![1]!, [...lines, line]));
    } else if (label !== undefined) lines.push(line);
  }
  if (label !== undefined) end(damaged(label, lines));
  return blocks;
}

function damaged(label: string, lines: readonly string[]): PemBlock {
  return { label, text: `${lines.join("\n")}\n`, bytes: undefined };
}

/** @param lines The lines between the two marks. */
function blockOf(label: string, lines: readonly string[]): PemBlock {
  const blank = HEADER.test(lines[0] ?? "") ? lines.indexOf("") : -1;
  const headers = lines.slice(0, blank + 1);
  const bytes = decode(lines.slice(blank + 1).join(""));
  if (bytes === undefined) return damaged(label, lines);
  const text = toPem(label, bytes);
  if (headers.length === 0) return { label, text, bytes };
  const [begin, ...rest] = text.split("\n");
  return { label, text: [begin, ...headers, ...rest].join("\n"), bytes };
}

function decode(base64: string): Uint8Array | undefined {
  // atob() alone takes text whose padding is missing, as if nothing had been cut off.
  const packed = base64.replace(/[ \t]+/g, "");
  if (packed.length % 4 !== 0 || !BASE64.test(packed)) return undefined;
  return Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
}

/** The certificates of `text`, damaged ones included. */
export function certificatesIn(text: string): PemBlock[] {
  return pemBlocks(text)
    .filter(({ label }) => /^((X509|TRUSTED) )?CERTIFICATE$/.test(label));
}

/** The first private key of `text`, of any kind. */
export function privateKeyIn(text: string): PemBlock | undefined {
  return pemBlocks(text).find(({ label }) => label.endsWith("PRIVATE KEY"));
}

/** `bytes` as one block. */
export function toPem(label: string, bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}

/** The bytes of the first block; `undefined` if there is none, or it is damaged. */
export function fromPem(text: string): Uint8Array | undefined {
  return pemBlocks(text)[0]?.bytes;
}
