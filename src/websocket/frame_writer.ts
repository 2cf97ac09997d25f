/** Frames out: a server's frames are never masked (RFC 6455 §5.1). */
import type { ByteWriter } from "../http/byte_writer.ts";
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
 * Writes a close frame; without a code it is empty. A reason too long is cut at a character
 * (asgi:A-133).
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
