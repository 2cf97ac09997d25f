/** One message as a frame in the output of its connection (RFC 6455 §5.2, RFC 7692 §7.2.1). */
import { OPCODE } from "../../websocket/frame_reader.ts";
import {
  MAX_DIRECT_TEXT,
  writeFrameHeader,
  writeText,
} from "../../websocket/frame_writer.ts";
import { COPY_LIMIT, type OutputBuffer } from "../output/output_buffer.ts";
import type { MessageCompression } from "./message_compression.ts";

/** Smallest message that is worth compressing: below it the frame rarely gets shorter. */
const MIN_COMPRESSED = 64;
const encoder = new TextEncoder();

/** Writes one message. @param compression As agreed on; `undefined` sends it as it is. */
export function writeMessage(
  out: OutputBuffer,
  message: Uint8Array | string,
  compression: MessageCompression | undefined,
): void {
  const isText = typeof message === "string";
  const opcode = isText ? OPCODE.TEXT : OPCODE.BINARY;
  if (compression !== undefined && message.length >= MIN_COMPRESSED) {
    const bytes = isText ? encoder.encode(message) : message;
    writeCompressed(out, opcode, compression.deflate(bytes));
  } else if (!isText) {
    writeFrame(out, opcode, message);
  } else if (message.length <= MAX_DIRECT_TEXT) {
    writeText(out.writer, message);
  } else {
    writeFrame(out, opcode, encoder.encode(message));
  }
}

/** @param payload Lent, so that it is copied however large it is. */
function writeCompressed(
  out: OutputBuffer,
  opcode: number,
  payload: Uint8Array,
): void {
  writeFrameHeader(out.writer, opcode, payload.length, true);
  out.writer.writeBytes(payload);
}

function writeFrame(
  out: OutputBuffer,
  opcode: number,
  payload: Uint8Array,
): void {
  writeFrameHeader(out.writer, opcode, payload.length, false);
  if (payload.length <= COPY_LIMIT) out.writer.writeBytes(payload);
  else out.writeLarge(payload);
}
