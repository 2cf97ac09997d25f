/**
 * A WebSocket client's side of the framing, sharing no code with the server's: frames out masked,
 * frames in. Foreign clients refuse to send most of what a server must survive. A payload given as
 * text has one unit per octet; `utf8()` makes one of any text.
 */
import { join, utf8 } from "./octets.ts";
import { bytesOf } from "./raw_client.ts";

/** Opcodes (RFC 6455 §5.2). */
export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** Names of opcodes, for readable expectations. */
const NAMES: Readonly<Record<number, string>> = {
  [CONTINUATION]: "continuation",
  [TEXT]: "text",
  [BINARY]: "binary",
  [CLOSE]: "close",
  [PING]: "ping",
  [PONG]: "pong",
};

/** How a frame of the client's differs from an ordinary one. */
export interface FrameShape {
  /** Whether it ends its message; by default it does. */
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7; 4 marks compression. */
  readonly rsv?: number;
  /** The four key octets; `undefined` leaves the frame unmasked. */
  readonly key?: readonly number[] | undefined;
  /** Octets of the length's form: 0, 2 or 8; by default the shortest. */
  readonly lengthOctets?: 0 | 2 | 8;
  /** Length that the header announces, if it is not the payload's. */
  readonly announced?: number;
}

const KEY = [0x37, 0xfa, 0x21, 0x3d];

/** A client's frame (RFC 6455 §5.2). @param payload Text with one unit per octet, or bytes. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = "",
  shape: FrameShape = {},
): Uint8Array {
  const bytes = bytesOf(payload);
  const length = shape.announced ?? bytes.length;
  const lengthOctets = shape.lengthOctets ??
    (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const key = "key" in shape ? shape.key : KEY;
  const header = [
    (shape.fin === false ? 0 : 0x80) | (shape.rsv ?? 0) << 4 | opcode,
  ];
  const mask = key === undefined ? 0 : 0x80;
  if (lengthOctets === 0) {
    header.push(mask | length);
  } else {
    header.push(mask | (lengthOctets === 2 ? 126 : 127));
    for (let i = lengthOctets - 1; i >= 0; i--) {
      header.push(Math.floor(length / 2 ** (8 * i)) % 256);
    }
  }
  const start = header.length + (key?.length ?? 0);
  const whole = new Uint8Array(start + bytes.length);
  whole.set(header);
  whole.set(key ?? [], header.length);
  whole.set(bytes, start);
  if (key === undefined) return whole;
  for (let i = 0; i < bytes.length; i++) whole[start + i] ^= key[i & 3]!;
  return whole;
}

/** A text message. */
export const textFrame = (text: string): Uint8Array => frame(TEXT, utf8(text));

/** A binary message. */
export const binaryFrame = (payload: string | Uint8Array): Uint8Array =>
  frame(BINARY, payload);

/** A ping. */
export const pingFrame = (payload = ""): Uint8Array => frame(PING, payload);

/** A pong. */
export const pongFrame = (payload = ""): Uint8Array => frame(PONG, payload);

/** A close frame; without a code it is empty. */
export function closeFrame(code?: number, reason = ""): Uint8Array {
  return frame(CLOSE, closePayload(code, reason));
}

/** The payload of a close frame; without a code it is empty. */
export function closePayload(code?: number, reason = ""): Uint8Array {
  return code === undefined
    ? new Uint8Array(0)
    : join(Uint8Array.of(code >> 8, code & 0xff), utf8(reason));
}

/** A message in fragments of at most `size` bytes, all but the first as continuations. */
export function fragments(
  opcode: number,
  payload: Uint8Array,
  size: number,
  rsv = 0,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    frames.push(
      frame(
        at === 0 ? opcode : CONTINUATION,
        payload.subarray(at, at + size),
        { fin: at + size >= payload.length, rsv: at === 0 ? rsv : 0 },
      ),
    );
  }
  return frames;
}

/** One frame of the server's. */
export interface ReadFrame<Payload = string> {
  readonly opcode: number;
  /** `text`, `binary`, `close`, `ping`, `pong`, `continuation`, or the number. */
  readonly kind: string;
  readonly fin: boolean;
  /** Whether the payload is compressed. */
  readonly rsv1: boolean;
  /** As text, one unit per octet. */
  readonly payload: Payload;
}

/** The header of a frame, and where its payload stands. */
interface ReadHeader extends ReadFrame<undefined> {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header at `at`, strictly: what our own writer gets wrong must not be forgiven here.
 *
 * @returns `undefined` if it is not whole.
 */
function readHeader(
  octetAt: (at: number) => number,
  size: number,
  at: number,
): ReadHeader | undefined {
  if (size < at + 2) return undefined;
  const first = octetAt(at);
  const second = octetAt(at + 1);
  const opcode = first & 0x0f;
  const fin = (first & 0x80) !== 0;
  if ((second & 0x80) !== 0) throw new Error("A server's frame is masked");
  if ((first & 0x30) !== 0) throw new Error("Reserved bits are set");
  const form = second & 0x7f;
  if (opcode >= CLOSE && (form > 125 || !fin)) {
    throw new Error("A control frame is too long, or a fragment");
  }
  const lengthOctets = form === 126 ? 2 : form === 127 ? 8 : 0;
  const start = at + 2 + lengthOctets;
  if (size < start) return undefined;
  let length = lengthOctets === 0 ? form : 0;
  for (let i = at + 2; i < start; i++) length = length * 256 + octetAt(i);
  if (length < (lengthOctets === 8 ? 65_536 : lengthOctets === 2 ? 126 : 0)) {
    throw new Error("The length is not in its shortest form");
  }
  const kind = NAMES[opcode] ?? `${opcode}`;
  const rsv1 = (first & 0x40) !== 0;
  const end = start + length;
  return { opcode, kind, fin, rsv1, payload: undefined, start, end };
}

/** Octets of the frame that `text` begins with; more than there are while its header is not whole. */
export function frameSize(text: string): number {
  return readHeader((i) => text.charCodeAt(i), text.length, 0)?.end ??
    text.length + 1;
}

/** Reads one frame at `at`. @returns `undefined` if it is not whole. */
export function readFrame(
  text: string,
  at = 0,
): { readonly frame: ReadFrame; readonly size: number } | undefined {
  const header = readHeader((i) => text.charCodeAt(i), text.length, at);
  if (header === undefined || text.length < header.end) return undefined;
  const { start, end, ...rest } = header;
  return {
    frame: { ...rest, payload: text.slice(start, end) },
    size: end - at,
  };
}

/** All frames of `bytes`, which hold nothing else; throws if the last is not whole. */
export function readFrames(bytes: Uint8Array): ReadFrame<Uint8Array>[] {
  const frames: ReadFrame<Uint8Array>[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = readHeader((i) => bytes[i]!, bytes.length, at);
    if (header === undefined || bytes.length < header.end) throw cutOff();
    const { start, end, ...rest } = header;
    frames.push({ ...rest, payload: bytes.slice(start, end) });
    at = end;
  }
  return frames;
}

function cutOff(): Error {
  return new Error("The last frame is not whole");
}

/** A frame in one line: `text hi`, `close 1000 bye`, `close` for an empty one. */
export function describeFrame(frame: ReadFrame): string {
  const { kind, payload } = frame;
  if (kind !== "close") return payload === "" ? kind : `${kind} ${payload}`;
  if (payload === "") return "close";
  const code = payload.charCodeAt(0) << 8 | payload.charCodeAt(1);
  return `close ${code} ${payload.slice(2)}`.trimEnd();
}

/** All frames of a text that holds nothing else; throws if the last is not whole. */
export function describeFrames(text: string): string[] {
  const lines: string[] = [];
  let at = 0;
  while (at < text.length) {
    const read = readFrame(text, at);
    if (read === undefined) throw cutOff();
    lines.push(describeFrame(read.frame));
    at += read.size;
  }
  return lines;
}

/** A key, and the answer it must get (the example of RFC 6455 §1.3). */
export const SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** See {@linkcode SAMPLE_KEY}. */
export const SAMPLE_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** An upgrade request. @param fields Further lines, without their ends. */
export function handshakeRequest(
  path = "/",
  fields: readonly string[] = [],
): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: test",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${SAMPLE_KEY}`,
    ...fields,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}
