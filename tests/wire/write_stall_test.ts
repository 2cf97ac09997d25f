/** A peer that stops reading, for so long that the kernel's buffers fill (wishes:N-010). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOOPS } from "../_support/loops.ts";
import { RawClient, request } from "../_support/raw_client.ts";
import { Script, SCRIPTED_APP } from "../_support/script.ts";
import { withServer } from "../_support/spawn_server.ts";

describe("--timeout-write-stall", () => {
  for (const { loop, label } of LOOPS) {
    test(`a peer that does not read is cut off, one that reads slowly is not (${label} sockets)`, () =>
      withServer(
        {
          app: SCRIPTED_APP,
          args: ["--timeout-write-stall", "2", "--loop", loop],
        },
        async (server) => {
          const flood = new Script(["start", 200], ["flood", 200, 200_000], [
            "body",
          ]);
          const deaf = await RawClient.connect(server.target);
          deaf.pause();
          deaf.send(request(`GET ${flood.target}`));
          const slow = await RawClient.connect(server.target);
          slow.send(request(`GET ${flood.target}`));
          // A read now and then, for longer than the limit, empties a good part of the kernel's
          // buffers each time.
          for (let i = 0; i < 6; i++) {
            slow.resume();
            await new Promise((resolve) => setTimeout(resolve, 100));
            slow.pause();
            await new Promise((resolve) => setTimeout(resolve, 900));
          }
          slow.resume();
          const { bytes } = await slow.readToEnd();
          assert.ok(bytes.length > 40_000_000, `${bytes.length} bytes`);
          deaf.resume();
          const cut = await deaf.readToEnd();
          assert.ok(cut.bytes.length < 40_000_000, `${cut.bytes.length} bytes`);
          await server.line("stderr", /the client does not read/);
        },
      ));
  }
});
