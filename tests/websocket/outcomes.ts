/** What a protocol makes of bytes, as lines to compare, however they arrive. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { WebSocketProtocol } from "../../src/websocket/protocol.ts";

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Reads `pieces`, each of them lent only, and returns a line for each outcome. */
export function readProtocol(
  protocol: WebSocketProtocol,
  pieces: Iterable<Uint8Array>,
): string[] {
  const seen: string[] = [];
  for (const piece of pieces) {
    const lent = Buffer.from(piece);
    protocol.push(lent);
    for (let isDry = false; !isDry;) {
      switch (protocol.next()) {
        case "needMore":
          isDry = true;
          break;
        case "message":
          seen.push(
            protocol.text === undefined
              ? `binary ${digits(protocol.binary!)}`
              : `text ${protocol.text}`,
          );
          break;
        case "ping":
          seen.push(`ping ${digits(protocol.payload)}`);
          break;
        case "pong":
          seen.push(`pong ${digits(protocol.payload)}`);
          break;
        case "close":
          seen.push(`close ${protocol.closeCode} ${protocol.closeReason}`);
          break;
        case "fault":
          seen.push(`fault ${protocol.fault}`);
          break;
      }
    }
    assert.equal(protocol.unreadBytes, 0, "nothing is left when it is dry");
    lent.fill(0x21);
  }
  return seen;
}

/** Reads `bytes` whole, in single bytes and cut in two: all must agree. */
export function readWays(
  make: () => WebSocketProtocol,
  bytes: Uint8Array,
): readonly string[] {
  const whole = readProtocol(make(), [bytes]);
  const singles = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  assert.deepEqual(readProtocol(make(), singles), whole, "byte by byte");
  const step = Math.max(1, Math.floor(bytes.length / 100));
  for (let cut = 1; cut < bytes.length; cut += step) {
    const halves = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.deepEqual(readProtocol(make(), halves), whole, `cut at ${cut}`);
  }
  return whole;
}
