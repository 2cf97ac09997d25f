import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCompression } from "../../../src/connection/websocket/message_compression.ts";
import type { DeflateAgreement } from "../../../src/websocket/permessage_deflate.ts";

const AGREEMENT: DeflateAgreement = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 11,
  answer: "permessage-deflate",
};

/** A factory that notes what is made of it. */
function factory(notes: string[]) {
  return {
    createDeflater(bits: number, keeps: boolean) {
      notes.push(`deflater ${bits} ${keeps}`);
      return {
        deflate: (message: Uint8Array) => message,
        close: () => void notes.push("deflater closed"),
      };
    },
    createInflater(bits: number, keeps: boolean) {
      notes.push(`inflater ${bits} ${keeps}`);
      return {
        inflate: (payload: Uint8Array, maxBytes: number) =>
          payload.length > maxBytes ? "tooBig" as const : payload,
        close: () => void notes.push("inflater closed"),
      };
    },
  };
}

test("MessageCompression makes no window before a message needs it", () => {
  const notes: string[] = [];
  new MessageCompression(AGREEMENT, factory(notes)).close();
  assert.deepEqual(notes, []);
});

test("MessageCompression makes each window once, as it was agreed on, and releases it", () => {
  const notes: string[] = [];
  const compression = new MessageCompression(AGREEMENT, factory(notes));
  const message = Uint8Array.of(1, 2, 3);
  for (let i = 0; i < 2; i++) {
    assert.equal(compression.deflate(message), message);
    assert.equal(compression.inflate(message, 3), message);
  }
  assert.equal(compression.inflate(message, 2), "tooBig");
  compression.close();
  assert.deepEqual(notes, [
    "deflater 12 true",
    "inflater 11 false",
    "deflater closed",
    "inflater closed",
  ]);
});
