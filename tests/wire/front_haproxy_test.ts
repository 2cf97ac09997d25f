/** Behind HAProxy and nginx that pass connections on and say whose they are, as docs/reverse_proxies.md has it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ScratchFolder, TestAuthority } from "../_support/certificates.ts";
import { LoadClient } from "../_support/load_client.ts";
import { needsNginxStream, needsProgram } from "../_support/needs.ts";
import { pause, RawClient, request } from "../_support/raw_client.ts";
import {
  type ServerProcess,
  spawnServer,
  withServer,
} from "../_support/spawn_server.ts";
import { curl } from "../_support/tls_clients.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { TcpProxy } from "./_tcp_proxy.ts";

const APP = "peers:app";
const GET = request("GET /");
const skipHaproxy = needsProgram("haproxy");
const skipNginx = needsNginxStream();
const noCurl = needsProgram("curl");

const folder = new ScratchFolder();
after(() => folder.remove());

const authority = new TestAuthority();
const CA = folder.write("ca.pem", authority.cert);
const { cert, key } = authority.server();
const CERT = folder.write("both.pem", cert, key);

function portOf(server: ServerProcess): number {
  return (server.target as { readonly port: number }).port;
}

const haproxy = (options: string) => (upstream: string) =>
  TcpProxy.haproxy([`server one ${upstream} ${options}`]);

for (
  const [what, skip, open] of [
    ["HAProxy with version 1", skipHaproxy, haproxy("send-proxy")],
    ["HAProxy with version 2", skipHaproxy, haproxy("send-proxy-v2")],
    [
      "HAProxy with version 2 and a checksum",
      skipHaproxy,
      haproxy("send-proxy-v2 proxy-v2-options crc32c"),
    ],
    ["nginx", skipNginx, (upstream: string) => TcpProxy.nginx(upstream)],
  ] as const
) {
  describe(`behind ${what}`, { skip }, () => {
    let server: ServerProcess;
    let proxy: TcpProxy;

    before(async () => {
      if (skip) return;
      server = await spawnServer({ app: APP, args: ["--proxy-protocol"] });
      proxy = await open(`127.0.0.1:${portOf(server)}`);
    });
    after(async () => {
      await proxy?.stop();
      await server?.kill();
    });

    test("requests come from its clients", { skip }, async () => {
      const client = await RawClient.connect(proxy.target);
      for (let i = 0; i < 3; i++) {
        const told = JSON.parse((await client.request(GET)).body);
        assert.deepEqual(told, {
          type: "http",
          scheme: "http",
          client: ["127.0.0.1", client.localPort],
          server: ["127.0.0.1", proxy.target.port],
        });
      }
      client.close();
    });

    test("WebSockets come from its clients", { skip }, async () => {
      const client = await FrameClient.connect(proxy.target, "/");
      const told = JSON.parse((await client.next()).payload);
      assert.deepEqual(told.server, ["127.0.0.1", proxy.target.port]);
      assert.equal(told.type, "websocket");
      client.close();
    });

    test("a client that sends a header of its own gains nothing", {
      skip,
    }, async () => {
      const client = await RawClient.connect(proxy.target);
      client.send(`PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${GET}`);
      const { bytes } = await client.readToEnd();
      assert.match(bytes, /^HTTP\/1\.1 400 Bad Request\r\n/);
    });
  });
}

for (
  const [what, skip, open] of [
    ["HAProxy", skipHaproxy, haproxy("send-proxy-v2")],
    ["nginx", skipNginx, (upstream: string) => TcpProxy.nginx(upstream)],
  ] as const
) {
  test(`TLS passes through ${what}, and its handshake knows the client`, {
    skip: skip || noCurl,
  }, () =>
    withServer(
      {
        app: APP,
        args: ["--proxy-protocol", "--ssl-certfile", CERT],
      },
      async (server) => {
        const proxy = await open(`127.0.0.1:${portOf(server)}`);
        try {
          const { port } = proxy.target;
          const said = await curl(
            ...["--cacert", CA, "-4", "-w", " %{local_port}"],
            `https://localhost:${port}/`,
          );
          assert.equal(said.code, 0, said.err);
          const [json = "", localPort] = said.out.split(" ");
          assert.deepEqual(JSON.parse(json), {
            type: "http",
            scheme: "https",
            client: ["127.0.0.1", Number(localPort)],
            server: ["127.0.0.1", port],
          });
          // Plain HTTP behind the header is closed, and the log says so.
          const from = server.stderr.length;
          const plain = await RawClient.connect(proxy.target);
          plain.send(GET);
          assert.equal((await plain.readToEnd()).bytes, "");
          await server.line("stderr", /plain HTTP|TLS/i, from);
        } finally {
          await proxy.stop();
        }
      },
    ));
}

describe("behind HAProxy", { skip: skipHaproxy }, () => {
  test(
    "that ends TLS itself, what it tells of that is passed over",
    {
      skip: skipHaproxy || noCurl,
    },
    () =>
      withServer({ app: APP, args: ["--proxy-protocol"] }, async (server) => {
        const options = "ssl,cert-cn,ssl-cipher,authority,crc32c";
        const proxy = await TcpProxy.haproxy(
          [
            `server one 127.0.0.1:${portOf(server)} send-proxy-v2 ` +
            `proxy-v2-options ${options}`,
          ],
          `ssl crt ${CERT}`,
        );
        try {
          const { port } = proxy.target;
          const url = `https://localhost:${port}/`;
          const said = await curl("--cacert", CA, "-4", url);
          assert.equal(said.code, 0, said.err);
          const told = JSON.parse(said.out);
          assert.equal(told.client[0], "127.0.0.1");
          assert.deepEqual(told.server, ["127.0.0.1", port]);
        } finally {
          await proxy.stop();
        }
      }),
  );

  test(
    "whose health checks begin with a header, nothing is amiss",
    {
      skip: skipHaproxy,
    },
    () =>
      withServer({ app: APP, args: ["--proxy-protocol"] }, async (server) => {
        const proxy = await TcpProxy.haproxy([
          `server one 127.0.0.1:${
            portOf(server)
          } send-proxy-v2 check inter 50ms`,
        ]);
        try {
          await pause(500);
          const client = await RawClient.connect(proxy.target);
          assert.equal((await client.request(GET)).status, 200);
          client.close();
          assert.deepEqual(
            server.stderr.filter((line) => /WARNING|ERROR/.test(line)),
            [],
          );
        } finally {
          await proxy.stop();
        }
      }),
  );

  for (
    const [entry, isTrusted] of [
      ["unix:", true],
      ["unix:PATH", true],
      ["PATH", true],
      ["unix:/elsewhere.sock", false],
      ["127.0.0.1", false],
    ] as const
  ) {
    test(
      `over a UNIX socket it is ${isTrusted ? "" : "not "}trusted by ${entry}`,
      {
        skip: skipHaproxy,
      },
      async () => {
        const scratch = new ScratchFolder();
        const path = join(scratch.path, "app.sock");
        const list = entry.replace("PATH", path);
        const args = ["--proxy-protocol", "--forwarded-allow-ips", list];
        try {
          await withServer({
            app: APP,
            args: [...args, "--uds", path],
          }, async (server) => {
            const proxy = await TcpProxy.haproxy([
              `server one unix@${path} send-proxy-v2`,
            ]);
            try {
              const client = await RawClient.connect(proxy.target);
              if (isTrusted) {
                const told = JSON.parse((await client.request(GET)).body);
                assert.deepEqual(told.client, ["127.0.0.1", client.localPort]);
                assert.deepEqual(told.server, ["127.0.0.1", proxy.target.port]);
              } else {
                client.send(GET);
                assert.equal((await client.readToEnd()).bytes, "");
                await server.line(
                  "stderr",
                  /unix:\S+ is not in forwarded-allow/,
                );
              }
              client.close();
            } finally {
              await proxy.stop();
            }
          });
        } finally {
          scratch.remove();
        }
      },
    );
  }

  for (const tls of [false, true]) {
    test(
      `two servers are restarted in turn and no request fails${
        tls ? ", over TLS" : ""
      }`,
      {
        skip: skipHaproxy,
      },
      async () => {
        const start = (port: number) =>
          spawnServer({
            app: "endings:app",
            args: [
              ...["--proxy-protocol", "--no-access-log", "--port", `${port}`],
              ...tls ? ["--ssl-certfile", CERT] : [],
            ],
          });
        const servers = await Promise.all([start(0), start(0)]);
        const ports = servers.map(portOf);
        const proxy = await TcpProxy.haproxy(
          ports.map((port, i) =>
            `server s${i} 127.0.0.1:${port} send-proxy-v2 check inter 100ms`
          ),
        );
        try {
          const load = new LoadClient(proxy.target, {
            connections: 10,
            persists: true,
            tls,
          });
          await load.answered(100);
          for (const [index, port] of ports.entries()) {
            servers[index]!.signal("SIGTERM");
            await servers[index]!.end();
            await pause(50);
            servers[index] = await start(port);
            await load.answered(load.counts.answers + 100);
          }
          const counts = await load.stop();
          const shown = JSON.stringify(counts);
          assert.equal(counts.otherAnswers, 0, shown);
          assert.equal(counts.lost + counts.lostFirst, 0, shown);
        } finally {
          await proxy.stop();
          for (const one of servers) await one.kill();
        }
      },
    );
  }
});
