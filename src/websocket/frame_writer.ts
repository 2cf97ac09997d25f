/** Frames out: a server's frames are never masked (RFC 6455 §5.1). */
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { MAX_REASON_BYTES } from "./close_codes.ts";
import { OPCODE } from "./frame_reader.ts";

const encoder = new TextEncoder();

/**
 * Writes the header of an unfragmented frame.
 *
 * @param length Bytes of payload to follow.
 * @param rsv1 Whether the payload is compressed (RFC 7692 §6).
 */
export function writeFrameHeader(
  out: ByteWriter,
  opcode: number,
  length: number,
  rsv1: boolean,
): void {
  out.reserve(10);
  const { bytes } = out;
  let at = out.length;
  bytes[at++] = 0x80 | (rsv1 ? 0x40 : 0) | opcode;
  if (length < 126) {
    bytes[at++] = length;
  } else if (length < 65_536) {
    bytes[at++] = 126;
    bytes[at++] = length >> 8;
    bytes[at++] = length & 0xff;
  } else {
    bytes[at++] = 127;
    const high = Math.floor(length / 2 ** 32);
    for (let shift = 24; shift >= 0; shift -= 8) {
      bytes[at++] = (high >>> shift) & 0xff;
    }
    for (let shift = 24; shift >= 0; shift -= 8) {
      bytes[at++] = (length >>> shift) & 0xff;
    }
  }
  out.length = at;
}

/** Texts up to this many units are encoded in place: at most 12 kB, and half their header is known. */
export const MAX_DIRECT_TEXT: number = 4096;

/**
 * Writes a whole text frame, encoded straight into `out`.
 *
 * @param text At most {@linkcode MAX_DIRECT_TEXT} units.
 */
export function writeText(out: ByteWriter, text: string): void {
  // The header depends on the size in UTF-8, which is known afterwards. Most text is ASCII; what
  // is not and crosses the border moves up by two.
  const guess = text.length < 126 ? 2 : 4;
  out.reserve(4 + text.length * 3);
  const at = out.length;
  out.length = at + guess;
  out.writeUtf8(text);
  const size = out.length - at - guess;
  const header = size < 126 ? 2 : 4;
  if (header !== guess) {
    out.bytes.copyWithin(at + header, at + guess, out.length);
  }
  out.length = at;
  writeFrameHeader(out, OPCODE.TEXT, size, false);
  out.length += size;
}

/** Writes a whole control frame. @param payload At most 125 bytes. */
export function writeControl(
  out: ByteWriter,
  opcode: number,
  payload: Uint8Array,
): void {
  writeFrameHeader(out, opcode, payload.length, false);
  out.writeBytes(payload);
}

/**
 * Writes a close frame; without a code it is empty. A reason too long is cut at a character.
 */
export function writeClose(
  out: ByteWriter,
  code: number | undefined,
  reason: string,
): void {
  if (code === undefined) {
    writeFrameHeader(out, OPCODE.CLOSE, 0, false);
    return;
  }
  const text = new Uint8Array(MAX_REASON_BYTES);
  // encodeInto never writes half a character.
  const size = encoder.encodeInto(reason, text).written;
  writeFrameHeader(out, OPCODE.CLOSE, 2 + size, false);
  out.reserve(2);
  out.bytes[out.length++] = code >> 8;
  out.bytes[out.length++] = code & 0xff;
  out.writeBytes(text.subarray(0, size));
}
