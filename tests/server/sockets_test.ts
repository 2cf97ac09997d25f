/** Servers of the program around us, as the option `sockets` takes them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AsgiApp } from "../../src/asgi.ts";
import { serve } from "../../src/serve.ts";
import type { Server } from "../../src/server/server.ts";
import { exchange, request } from "../_support/raw_client.ts";

const OPTIONS = {
  lifespan: "off",
  logLevel: "critical",
  accessLog: false,
} as const;

/** Tells client and server, after a while: a peer may have sent FIN by then. */
const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await sleep(20);
  const body = JSON.stringify([scope.client, scope.server]);
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body });
};

function serveOn(sockets: readonly (object | number)[]): Server {
  return serve(app, { ...OPTIONS, sockets });
}

async function listening(where: object, options = {}): Promise<NetServer> {
  const server = createServer(options).listen(where);
  await once(server, "listening");
  return server;
}

test("a listening TCP server is served, and closed at the end", async () => {
  const given = await listening({ port: 0, host: "127.0.0.1" });
  const { port } = given.address() as { port: number };
  const server = serveOn([given]);
  const address = { kind: "tcp", host: "127.0.0.1", port } as const;
  assert.deepEqual(await server.listening, [address]);
  assert.equal(server.url, `http://127.0.0.1:${port}`);
  const answer = await exchange(address, request("GET /"));
  const [client, own] = JSON.parse(answer.body);
  assert.equal(client[0], "127.0.0.1");
  assert.deepEqual(own, ["127.0.0.1", port]);
  await server.stop();
  assert.equal(given.listening, false);
  const again = await listening({ port, host: "127.0.0.1" });
  again.close();
});

test("a listening UNIX server is served, and closed at the end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-given-"));
  try {
    const path = join(folder, "given.sock");
    const given = await listening({ path });
    const server = serveOn([given]);
    assert.deepEqual(await server.listening, [{ kind: "unix", path }]);
    const answer = await exchange({ path }, request("GET /"));
    assert.deepEqual(JSON.parse(answer.body), [null, [path, null]]);
    await server.stop();
    assert.equal(given.listening, false);
    assert.ok(!existsSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (
  const options of [{}, { pauseOnConnect: true }, { allowHalfOpen: false }]
) {
  test(
    `a peer that has sent FIN is answered, whatever the server's options: ${
      JSON.stringify(options)
    }`,
    async () => {
      const given = await listening({ port: 0, host: "127.0.0.1" }, options);
      const server = serveOn([given]);
      await server.listening;
      const { port } = given.address() as { port: number };
      const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      let text = "";
      peer.setEncoding("utf8").on("data", (part: string) => text += part);
      peer.end(request("GET /"));
      await once(peer, "end");
      peer.destroy();
      assert.match(text, /^HTTP\/1\.1 200 OK/);
      await server.stop();
    },
  );
}

test("several servers are served at once", async () => {
  const host = "127.0.0.1";
  const given = [
    await listening({ port: 0, host }),
    await listening({ port: 0, host }),
  ];
  const server = serveOn(given);
  for (const address of await server.listening) {
    assert.ok(address.kind === "tcp");
    assert.equal((await exchange(address, request("GET /"))).status, 200);
  }
  assert.equal(server.addresses.length, 2);
  await server.stop();
});

test("a server that does not listen is refused", async () => {
  const server = serveOn([createServer()]);
  await assert.rejects(server.listening, {
    name: "ListenError",
    code: "EINVAL",
    message: "Cannot listen on a server object (sockets): it does not listen",
  });
});

test("a server that answers by itself is refused, and left alone", async () => {
  const given = createHttpServer((_request, response) => response.end("mine"));
  given.listen({ port: 0, host: "127.0.0.1" });
  await once(given, "listening");
  try {
    const server = serveOn([given]);
    await assert.rejects(server.listening, {
      name: "ListenError",
      message:
        "Cannot listen on a server object (sockets): it has connection " +
        "listeners of its own, expected a plain net.Server",
    });
    const { port } = given.address() as { port: number };
    const target = { host: "127.0.0.1", port };
    assert.equal((await exchange(target, request("GET /"))).body, "mine");
  } finally {
    given.close();
  }
});
