import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  COPY_LIMIT,
  OutputBuffer,
  WriterPool,
} from "../../../src/connection/output/output_buffer.ts";
import type { MessageCompression } from "../../../src/connection/websocket/message_compression.ts";
import { writeMessage } from "../../../src/connection/websocket/message_writer.ts";
import { MAX_DIRECT_TEXT } from "../../../src/websocket/frame_writer.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { bytesOf } from "../../_support/raw_client.ts";
import { readFrame } from "../../_support/websocket_frames.ts";

/** Makes every message half as long, and keeps what it was given. */
function halving() {
  const given: Uint8Array[] = [];
  const compression = {
    deflate(message: Uint8Array) {
      given.push(message);
      return message.subarray(0, message.length >> 1);
    },
  } as unknown as MessageCompression;
  return { compression, given };
}

function written(
  message: string | Uint8Array,
  compression?: MessageCompression,
) {
  const socket = new FakeSocket();
  const out = new OutputBuffer(socket, new WriterPool());
  writeMessage(out, message, compression);
  out.flush();
  return socket.text;
}

const encoder = new TextEncoder();

describe("writeMessage()", () => {
  for (
    const [what, message] of [
      ["an empty text", ""],
      ["a text", "häß"],
      ["a text that is encoded in place", "é".repeat(MAX_DIRECT_TEXT)],
      ["a text that is encoded first", "é".repeat(MAX_DIRECT_TEXT + 1)],
      ["octets", new Uint8Array([1, 2, 255])],
      ["octets that are copied", new Uint8Array(COPY_LIMIT).fill(7)],
      ["octets that are not", new Uint8Array(COPY_LIMIT + 1).fill(7)],
    ] as const
  ) {
    test(`writes ${what} as one frame`, () => {
      const text = written(message);
      const bytes = typeof message === "string"
        ? encoder.encode(message)
        : message;
      const { frame, size } = readFrame(text)!;
      assert.equal(
        frame.kind,
        typeof message === "string" ? "text" : "binary",
      );
      assert.equal(frame.fin, true);
      assert.equal(frame.rsv1, false);
      assert.deepEqual(bytesOf(frame.payload), bytes);
      assert.equal(size, text.length);
    });
  }

  for (
    const [size, isCompressed] of [[63, false], [64, true]] as const
  ) {
    test(`${isCompressed ? "compresses" : "leaves"} a message of ${size} bytes`, () => {
      const { compression, given } = halving();
      for (const message of ["x".repeat(size), new Uint8Array(size)]) {
        const text = written(message, compression);
        assert.equal(readFrame(text)!.frame.rsv1, isCompressed);
        assert.equal(text.length, 2 + (isCompressed ? size >> 1 : size));
      }
      assert.equal(given.length, isCompressed ? 2 : 0);
    });
  }
});
