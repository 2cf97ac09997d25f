/**
 * A WebSocket client's frames, made and read by hand: foreign clients refuse to send most of what
 * a server must survive. Bytes are shown as text with one unit per octet.
 */
import { bytesOf } from "./raw_client.ts";

/** Names of opcodes, for readable expectations. */
const NAMES: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

/** One frame of the server's. */
export interface ReadFrame {
  /** `text`, `binary`, `close`, `ping`, `pong`, `continuation`, or the number. */
  readonly kind: string;
  readonly isFinal: boolean;
  /** Whether the payload is compressed. */
  readonly rsv1: boolean;
  /** One unit per octet. */
  readonly payload: string;
}

/** How a frame of the client's differs from an ordinary one. */
export interface FrameShape {
  readonly isFinal?: boolean;
  /** The three reserved bits, 0 to 7; 4 marks compression. */
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** Length that the header tells, whatever the payload is. */
  readonly told?: number;
}

const KEY = [0x12, 0x34, 0x56, 0x78];

/** A masked frame. @param payload Text with one unit per octet, or bytes. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = "",
  shape: FrameShape = {},
): Uint8Array {
  const bytes = bytesOf(payload);
  const { isFinal = true, reserved = 0, isMasked = true } = shape;
  const length = shape.told ?? bytes.length;
  const header = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode];
  const mask = isMasked ? 0x80 : 0;
  if (length < 126) {
    header.push(mask | length);
  } else if (length < 65_536) {
    header.push(mask | 126, length >> 8, length & 0xff);
  } else {
    header.push(mask | 127, 0, 0, 0, 0);
    for (const shift of [24, 16, 8, 0]) header.push((length >>> shift) & 0xff);
  }
  if (isMasked) header.push(...KEY);
  const whole = new Uint8Array(header.length + bytes.length);
  whole.set(header);
  for (let i = 0; i < bytes.length; i++) {
    whole[header.length + i] = isMasked ? bytes[i] ^ KEY[i & 3] : bytes[i];
  }
  return whole;
}

const encoder = new TextEncoder();

/** A text message. */
export const textFrame = (text: string): Uint8Array =>
  frame(1, encoder.encode(text));

/** A binary message. */
export const binaryFrame = (payload: string | Uint8Array): Uint8Array =>
  frame(2, payload);

/** A ping. */
export const pingFrame = (payload = ""): Uint8Array => frame(9, payload);

/** A pong. */
export const pongFrame = (payload = ""): Uint8Array => frame(10, payload);

/** A close frame; without a code it is empty. */
export function closeFrame(code?: number, reason = ""): Uint8Array {
  return frame(8, code === undefined ? "" : closePayload(code, reason));
}

/** The payload of a close frame, one unit per octet. */
export function closePayload(code: number, reason = ""): string {
  return String.fromCharCode(code >> 8, code & 0xff, ...encoder.encode(reason));
}

/** Reads one frame at `at`. @returns `undefined` if it is not whole. */
export function readFrame(
  text: string,
  at = 0,
): { readonly frame: ReadFrame; readonly size: number } | undefined {
  if (text.length < at + 2) return undefined;
  const first = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1);
  if ((second & 0x80) !== 0) throw new Error("A server's frame is masked");
  if ((first & 0x30) !== 0) throw new Error("Reserved bits are set");
  let length = second & 0x7f;
  let start = at + 2;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  if (extended > 0) {
    if (text.length < start + extended) return undefined;
    length = 0;
    for (let i = 0; i < extended; i++) {
      length = length * 256 + text.charCodeAt(start + i);
    }
    if (length < (extended === 2 ? 126 : 65_536)) {
      throw new Error("The length is not in its shortest form");
    }
    start += extended;
  }
  if (text.length < start + length) return undefined;
  const opcode = first & 0x0f;
  return {
    frame: {
      kind: NAMES[opcode] ?? `${opcode}`,
      isFinal: (first & 0x80) !== 0,
      rsv1: (first & 0x40) !== 0,
      payload: text.slice(start, start + length),
    },
    size: start + length - at,
  };
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
    if (read === undefined) throw new Error("The last frame is not whole");
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
