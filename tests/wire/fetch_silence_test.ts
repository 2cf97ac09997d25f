/** A fetch handler that is silent for long is not cut off, before its answer or within it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "../../mod.ts";
import { pause } from "../_support/raw_client.ts";

/** Bun's own server cuts off after 10 s, some proxies and servers after 30. */
const SILENCE_MS = 32_000;

test(
  "a handler may be silent for more than 30 s",
  { timeout: 120_000 },
  async () => {
    const app = {
      async fetch({ url }: Request): Promise<Response> {
        if (url.endsWith("/head")) {
          await pause(SILENCE_MS);
          return new Response("late");
        }
        const encoder = new TextEncoder();
        return new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(encoder.encode("early "));
              await pause(SILENCE_MS);
              controller.enqueue(encoder.encode("late"));
              controller.close();
            },
          }),
        );
      },
    };
    const server = serve(app, {
      port: 0,
      accessLog: false,
      logLevel: "critical",
    });
    await server.listening;
    try {
      const texts = ["/head", "/body"].map(async (path) =>
        await (await fetch(server.url + path)).text()
      );
      assert.deepEqual(await Promise.all(texts), ["late", "early late"]);
    } finally {
      await server.stop({ timeout: 1 });
    }
  },
);
