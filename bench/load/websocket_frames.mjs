// What the WebSocket client says and hears: messages, masked frames, and the reading of one reply.
import { Buffer } from "node:buffer";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

const TEXT = 1;
const BINARY = 2;
/** Not zero: some servers leave out the unmasking of a mask that changes nothing. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
/** What a compressed message ends with and does not send (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** `size` bytes of the JSON that such messages mostly are: repetitive, not all the same. */
export function messageOf(size, variant = 0) {
  let text = "";
  for (let id = 1, seed = variant + 1; text.length < size; id++) {
    seed = (seed * 48_271) % 2_147_483_647;
    text += `{"id":${id},"user":"u${seed % 9973}","at":${seed},` +
      `"text":"message number ${seed % 101} of a day"},`;
  }
  return Buffer.from(text.slice(0, size));
}

function header({ length }, { isMasked, ...load }) {
  const first = firstOctet(load);
  const mask = isMasked ? 0x80 : 0;
  if (length < 126) return Buffer.from([first, mask | length]);
  if (length < 65_536) {
    return Buffer.from([first, mask | 126, length >> 8, length & 0xff]);
  }
  const bytes = Buffer.alloc(10);
  bytes[0] = first;
  bytes[1] = mask | 127;
  bytes.writeUInt32BE(length, 6);
  return bytes;
}

/** The frame in which a client sends `message`. */
export function clientFrame(message, load) {
  const payload = load.isCompressed ? deflated(message) : message;
  const masked = Buffer.from(payload.map((byte, i) => byte ^ MASK[i & 3]));
  const head = header(payload, { ...load, isMasked: true });
  return Buffer.concat([head, MASK, masked]);
}

/** The frame in which a server sends `message` uncompressed. */
export function serverFrame(message, { isBinary }) {
  return Buffer.concat([header(message, { isBinary }), message]);
}

function deflated(message) {
  const bytes = deflateRawSync(message, {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  return bytes.subarray(0, bytes.length - TAIL.length);
}

/** Bytes before the payload of a server's frame; `undefined` when too few have arrived. */
export function headerSize(bytes) {
  if (bytes.length < 2) return undefined;
  const length = bytes[1] & 0x7f;
  const size = length < 126 ? 2 : length === 126 ? 4 : 10;
  return bytes.length < size ? undefined : size;
}

/** Bytes of the whole frame that begins `bytes`; `undefined` when too few have arrived. */
export function frameSize(bytes) {
  const size = headerSize(bytes);
  if (size === undefined) return undefined;
  if (size === 2) return size + bytes[1];
  return size + (size === 4 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6));
}

/** The first octet of a server's frame that carries a whole message. */
export function firstOctet({ isBinary, isCompressed }) {
  return 0x80 | (isCompressed ? 0x40 : 0) | (isBinary ? BINARY : TEXT);
}

const WINDOW_BYTES = 32_768;

/** Inflates one server's messages, which may refer to those before them. */
export class Inflater {
  #window = Buffer.alloc(0);

  inflate(payload) {
    const message = inflateRawSync(Buffer.concat([payload, TAIL]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...this.#window.length > 0 && { dictionary: this.#window },
    });
    const both = Buffer.concat([this.#window, message]);
    this.#window = both.subarray(Math.max(0, both.length - WINDOW_BYTES));
    return message;
  }
}
