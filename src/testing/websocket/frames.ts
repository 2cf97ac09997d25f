/** A client's side of the framing (RFC 6455 §5): masked frames out, plain frames in. */
import { ProtocolViolation } from "../errors.ts";
import type { Inbound } from "../network/inbound.ts";

/** Opcodes (RFC 6455 §5.2). */
export const OPCODE = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const;

/** A frame from the server. */
export interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  /** Whether it begins a compressed message (RFC 7692 §6). */
  readonly isCompressed: boolean;
  readonly payload: Uint8Array;
}

/** The bit that marks compressed messages. */
const RSV1 = 0x40;

/** Most bytes of one frame that a test client takes. */
export const MAX_FRAME_BYTES: number = 2 ** 30;

/** A whole frame. @param key Four octets. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array,
  key: Uint8Array,
  isCompressed: boolean,
): Uint8Array {
  const { length } = payload;
  const octets = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = new Uint8Array(2 + octets + 4 + length);
  frame[0] = 0x80 | (isCompressed ? RSV1 : 0) | opcode;
  frame[1] = 0x80 | (octets === 0 ? length : octets === 2 ? 126 : 127);
  for (let i = 0; i < octets; i++) {
    frame[2 + i] = Math.floor(length / 2 ** (8 * (octets - 1 - i))) % 256;
  }
  frame.set(key, 2 + octets);
  const start = 6 + octets;
  for (let i = 0; i < length; i++) frame[start + i] = payload[i]! ^ key[i & 3]!;
  return frame;
}

/**
 * The next frame; `undefined` if the server has ended.
 *
 * @param isCompressing Whether messages may be compressed.
 */
export async function readFrame(
  inbound: Inbound,
  isCompressing: boolean,
): Promise<Frame | undefined> {
  const first = await inbound.some(1);
  if (first === undefined) return undefined;
  const [second] = await inbound.exactly(1);
  const start = first[0]!;
  const opcode = start & 0x0f;
  const isData = opcode === OPCODE.TEXT || opcode === OPCODE.BINARY;
  const reserved = isCompressing && isData ? 0x70 & ~RSV1 : 0x70;
  if ((start & reserved) !== 0 || (second! & 0x80) !== 0) {
    throw new ProtocolViolation(
      "Cannot read frame: expected no reserved bits and no mask",
    );
  }
  const short = second! & 0x7f;
  if (opcode >= 8 && (short > 125 || (start & 0x80) === 0)) {
    throw new ProtocolViolation(
      "Cannot read control frame: expected a whole one of at most 125 bytes",
    );
  }
  let length = short;
  if (short >= 126) {
    length = 0;
    for (const octet of await inbound.exactly(short === 126 ? 2 : 8)) {
      length = length * 256 + octet;
    }
  }
  if (length > MAX_FRAME_BYTES) {
    throw new ProtocolViolation(`Cannot read frame: it has ${length} bytes`);
  }
  const payload = await inbound.exactly(length);
  return {
    opcode,
    isFinal: (start & 0x80) !== 0,
    isCompressed: (start & RSV1) !== 0,
    payload,
  };
}
