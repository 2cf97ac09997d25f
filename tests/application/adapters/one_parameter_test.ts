// deno-lint-ignore-file no-explicit-any
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "../../../mod.ts";

async function withApp(
  app: any,
  use: (url: string, lines: string[]) => Promise<void>,
) {
  const lines: string[] = [];
  const server = serve(app, {
    port: 0,
    logSink: ({ level, message }) => void lines.push(`${level} ${message}`),
  });
  await server.listening;
  try {
    await use(server.url!, lines);
  } finally {
    await server.stop();
  }
}

async function bodyOf(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
}

test("a function of one parameter that returns responses is a fetch handler", async () => {
  await withApp((q: any) => new Response(new URL(q.url).pathname), async (
    url,
    lines,
  ) => {
    assert.equal(await bodyOf(`${url}/a`), "200 /a");
    assert.equal(await bodyOf(`${url}/b`), "200 /b");
    assert.ok(!lines.some((line) => line.startsWith("warning")));
  });
});

test("one that returns a function is an ASGI 2 application from then on", async () => {
  const app = (it: any) => async (_receive: any, send: any) => {
    await send({ type: "http.response.start", status: 200 });
    await send({
      type: "http.response.body",
      body: `${it.path} ${it.asgi?.version}`,
    });
  };
  await withApp(app, async (url, lines) => {
    const both = await Promise.all([bodyOf(`${url}/a`), bodyOf(`${url}/b`)]);
    assert.deepEqual(both, ["200 /a 2.0", "200 /b 2.0"]);
    assert.equal(await bodyOf(`${url}/c`), "200 /c 2.0");
    const warnings = lines.filter((line) => line.startsWith("warning"));
    assert.deepEqual(warnings, [
      "warning ASGI 2 application detected by what it returned. Using it, but its startup was " +
      "missed: please set the --interface asgi2 flag explicitly.",
    ]);
  });
});

test("one that makes an application is told of --factory", async () => {
  const app =
    (_settings: any) => async (_scope: any, _receive: any, _send: any) => {};
  const errors: unknown[] = [];
  const server = serve(app as any, {
    port: 0,
    logSink: ({ error }) => void errors.push(error),
  });
  await server.listening;
  try {
    assert.match(await bodyOf(server.url!), /^500 /);
  } finally {
    await server.stop();
  }
  const texts = errors.map(String).join("\n");
  assert.match(
    texts,
    /a function of 3 parameters: if it makes the application, .* --factory/,
  );
});
