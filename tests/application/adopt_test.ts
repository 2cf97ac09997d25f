import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import process from "node:process";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { AppLoadError, Config, serve } from "../../mod.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-adopt-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a program that keeps what happened in `globalThis.adopted`. */
function program(name: string, source: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `const events = (globalThis.adopted ??= {}).${name} = [];\n${source}\n`,
  );
  return path;
}

function eventsOf(name: string): unknown {
  const { adopted } = globalThis as unknown as {
    readonly adopted?: Readonly<Record<string, unknown>>;
  };
  return adopted?.[name];
}

async function answerOf(path: string): Promise<string> {
  const server = serve(path, {
    adopt: true,
    port: 0,
    logLevel: "critical",
    accessLog: false,
  });
  await server.listening;
  try {
    const response = await fetch(`${server.url}/path`);
    return await response.text();
  } finally {
    await server.stop();
  }
}

async function failureOf(path: string, adopt: boolean): Promise<string> {
  const error = await new Config(path, { adopt }).load().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AppLoadError, String(error));
  return error.message;
}

describe("with adopt, a program is served", () => {
  test("that calls listen() of node:http", async () => {
    const path = program(
      "node",
      `import { createServer } from "node:http";
const server = createServer((req, res) => res.end("node " + req.url));
server.listen(1, () => events.push(server.address().port > 1));
server.on("close", () => events.push("close"));`,
    );
    assert.equal(await answerOf(path), "node /path");
    assert.deepEqual(eventsOf("node"), [true, "close"]);
  });

  test("that waits for its server at top level", async () => {
    const path = program(
      "waiting",
      `import { createServer } from "node:http";
import { once } from "node:events";
const server = createServer((req, res) => res.end("waited"));
await once(server.listen(1), "listening");
events.push("listening");`,
    );
    assert.equal(await answerOf(path), "waited");
    assert.deepEqual(eventsOf("waiting"), ["listening"]);
  });

  for (
    const [name, call] of [
      ["deno", "Deno.serve({ port: 1 }, handler)"],
      ["bun", "Bun.serve({ port: 1, fetch: handler })"],
    ] as const
  ) {
    test(`[${name}] that calls ${call}`, {
      skip: RUNTIME !== name && "there is no such function",
    }, async () => {
      const path = program(
        "own",
        `const handler = (request) => new Response("own " + new URL(request.url).pathname);
${call};`,
      );
      assert.equal(await answerOf(path), "own /path");
    });
  }

  test("that starts its server some time after its import, and exports none", async () => {
    const path = program(
      "later",
      `import { createServer } from "node:http";
const start = async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  createServer((req, res) => res.end("later")).listen(1);
};
start();`,
    );
    assert.equal(await answerOf(path), "later");
  });

  for (
    const [name, call] of [
      ["awaited", `events.push(await app.listen({ port: 1 }));`],
      ["called", `app.listen({ port: 1 }, (_, url) => events.push(url));`],
      ["unix", `await app.listen({ port: 1 });`],
    ] as const
  ) {
    test(
      `that starts Fastify on all addresses of localhost, ${name}: only ours listens`,
      {
        skip: name === "unix" && process.platform === "win32" &&
          "there are no UNIX sockets",
      },
      async () => {
        const before = http.Server.prototype.listen;
        // Two addresses that can be listened on.
        const path = program(
          name,
          `import dns from "node:dns";
import http from "node:http";
import Fastify from ${JSON.stringify(import.meta.resolve("fastify"))};
const lookup = dns.lookup;
dns.lookup = (host, options, done) => {
  if (host !== "localhost") return lookup(host, options, done);
  dns.lookup = lookup;
  done(null, ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 })));
};
const app = Fastify();
app.get("/path", (req, reply) => reply.send("fastify"));
app.addHook("onListen", async () => events.push(app.addresses().length));
${call}`,
        );
        const uds = name === "unix" ? join(folder, "socket") : undefined;
        const server = serve(path, {
          adopt: true,
          ...uds === undefined ? { port: 0 } : { uds },
          logLevel: "critical",
          accessLog: false,
        });
        await server.listening;
        const events = eventsOf(name) as unknown[];
        const wanted = name === "unix" ? 1 : 2;
        while (events.length < wanted) {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        if (uds === undefined) {
          const { port, url } = server;
          assert.equal(await (await fetch(`${url}/path`)).text(), "fastify");
          assert.ok(
            events.includes(`http://127.0.0.1:${port}`),
            String(events),
          );
          await assert.rejects(fetch(`http://127.0.0.2:${port}/path`));
        }
        // The first server, and what it was told of one for each address that it is not at.
        const servers = uds === undefined ? 2 : 3;
        assert.ok(events.includes(servers), String(events));
        await server.stop();
        assert.equal(http.Server.prototype.listen, before);
      },
    );
  }

  test("by what it exports, if it starts no server", async () => {
    const path = program(
      "exporting",
      `export const app = (request) => new Response("exported");`,
    );
    assert.equal(await answerOf(path), "exported");
  });
});

test("what starts servers is as it was after an import, also after one that failed", async () => {
  const before = http.Server.prototype.listen;
  const path = program("failing", `throw new Error("no database");`);
  assert.match(await failureOf(path, true), /failed to load/);
  assert.equal(http.Server.prototype.listen, before);
});

test("a program that starts two servers is told to export one application", async () => {
  const path = program(
    "two",
    `import { createServer } from "node:http";
createServer().listen(1);
createServer().listen(2);`,
  );
  assert.equal(
    await failureOf(path, true),
    `Error loading ASGI app. Module "${path}" starts 2 servers: export the application that is to be served.`,
  );
});

test("without adopt, a program that starts its own server is told what to do", async () => {
  const path = program(
    "unasked",
    `import { createServer } from "node:http";
if (globalThis.neverSet) createServer().listen(3000);`,
  );
  assert.match(
    await failureOf(path, false),
    / It exports nothing\. It starts a server of its own by listen\(\): export the application in place of that, as in "export default app", or give --adopt\.$/,
  );
  const quiet = program("quiet", "export const other = 1;");
  assert.match(await failureOf(quiet, false), / It exports "other"\.$/);
});

test("adopt needs an import string, and excludes a factory", () => {
  assert.throws(() => new Config(async () => {}, { adopt: true }), {
    name: "ConfigError",
    message: 'Cannot use "adopt": expected an import string as application',
  });
  assert.throws(() => new Config("main:app", { adopt: true, factory: true }), {
    name: "ConfigError",
    message: /a factory starts no server/,
  });
});
