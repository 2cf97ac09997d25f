/** Whether what sockets say of the bytes they hand over is so (`Socket.isLending`). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RUNTIME } from "../_support/this_runtime.ts";
import {
  CARRIAGES,
  nameOf,
  pattern,
  Recorder,
  sameBytes,
  until,
  withWire,
} from "./_wire.ts";

const PIECES = 40;
const PIECE_BYTES = 3000;

/** Keeps what it is given, and not a copy of it. */
class Keeper extends Recorder {
  readonly kept: Uint8Array[] = [];

  override onData(bytes: Uint8Array): void {
    super.onData(bytes);
    this.kept.push(bytes);
  }
}

for (const carriage of CARRIAGES) {
  test(`${nameOf(carriage)} writes no more to bytes that are not lent`, () =>
    withWire(
      carriage,
      (socket) => new Keeper(socket),
      async ({ connect }) => {
        const { peer, handler } = await connect();
        for (let i = 1; i <= PIECES; i++) {
          peer.write(pattern(PIECE_BYTES, i));
          await until(() => handler.bytes === i * PIECE_BYTES, "it came");
        }
        const { isLending } = handler.socket;
        // A buffer for each read is made by Bun, by node:tls, and by node:net on Deno's UNIX sockets:
        // a probe there would need a permission.
        const { transport, kind, tls } = carriage;
        const isOwn = RUNTIME === "bun" || tls !== "none" ||
          (RUNTIME === "deno" && transport.name === "node" && kind === "unix");
        assert.equal(isLending, !isOwn);
        const stayed = handler.kept.every((bytes, i) =>
          sameBytes(bytes, handler.chunks[i]!)
        );
        // Else nothing was seen of what lending means here.
        assert.equal(stayed, !isLending || handler.kept.length === 1);
      },
    ));
}
