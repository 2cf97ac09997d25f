/** The PROXY protocol, from those who may speak it and from those who may not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOOPS } from "../_support/loops.ts";
import { needsProgram } from "../_support/needs.ts";
import { proxyV2, tcp4 } from "../_support/proxy_headers.ts";
import { pause, RawClient, request } from "../_support/raw_client.ts";
import {
  ServerProcess,
  sharedServer,
  withServer,
} from "../_support/spawn_server.ts";
import { curl } from "../_support/tls_clients.ts";
import { FrameClient } from "../_support/websocket_client.ts";

const APP = "peers:app";
const LINE = "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n";
const TOLD = {
  type: "http",
  scheme: "http",
  client: ["198.51.100.7", 56324],
  server: ["192.0.2.1", 443],
};
const GET = request("GET /");

for (const { loop, label } of LOOPS) {
  describe(`--proxy-protocol over ${label} sockets`, () => {
    const shared = sharedServer({
      app: APP,
      // Warnings come once in a while; each connection has its line on this level.
      args: ["--proxy-protocol", "--loop", loop, "--log-level", "debug"],
    });
    const connect = () => RawClient.connect(shared.server.target);

    for (
      const [version, header] of [
        ["1", new TextEncoder().encode(LINE)],
        [
          "2",
          proxyV2({
            family: 0x11,
            body: tcp4("198.51.100.7", "192.0.2.1", 56324, 443),
            checksum: true,
          }),
        ],
      ] as const
    ) {
      test(`version ${version} tells the application and the log who the client is`, async () => {
        const client = await connect();
        const from = shared.server.stdout.length;
        client.send(Uint8Array.of(...header, ...new TextEncoder().encode(GET)));
        const response = await client.readResponse();
        assert.deepEqual(JSON.parse(response.body), TOLD);
        // It holds for every request of the connection.
        assert.deepEqual(JSON.parse((await client.request(GET)).body), TOLD);
        await shared.server.line(
          "stdout",
          /198\.51\.100\.7:56324 - "GET/,
          from,
        );
        client.close();
      });

      test(`version ${version} may arrive byte by byte`, async () => {
        const client = await connect();
        for (const byte of header) {
          client.send(Uint8Array.of(byte));
          await pause(1);
        }
        assert.deepEqual(JSON.parse((await client.request(GET)).body), TOLD);
        client.close();
      });
    }

    test("a proxy that speaks for itself is its own client", async () => {
      const client = await connect();
      client.send(proxyV2({ command: 0, family: 0 }));
      const { body } = await client.request(GET);
      assert.deepEqual(
        JSON.parse(body).client,
        ["127.0.0.1", client.localPort],
      );
      client.close();
    });

    for (
      const [what, bytes] of [
        ["a request without one", GET],
        ["a TLS handshake without one", "\x16\x03\x01\x02\x00"],
        ["a wrong one", LINE.replace("TCP4", "TCP6")],
      ] as const
    ) {
      test(`${what} is closed and told in the log`, async () => {
        const from = shared.server.stderr.length;
        const client = await connect();
        client.send(bytes);
        const { bytes: answer } = await client.readToEnd();
        assert.equal(answer, "");
        const line = await shared.server.line(
          "stderr",
          /127\.0\.0\.1 - Cannot read PROXY header/,
          from,
        );
        assert.doesNotMatch(line, /GET|198\.51/);
      });
    }

    for (
      const [where, bytes] of [
        ["behind the first", LINE + LINE + GET],
        ["between two requests", LINE + GET + LINE + GET],
      ] as const
    ) {
      test(`a second header ${where} is no header but a bad request`, async () => {
        const client = await connect();
        client.send(bytes);
        const { bytes: answer } = await client.readToEnd();
        assert.match(answer, /HTTP\/1\.1 400 Bad Request\r\n/);
        client.close();
      });
    }

    test("WebSockets have it too", async () => {
      const { target } = shared.server;
      const client = await FrameClient.connect(target, "/", [], "", LINE);
      assert.deepEqual(JSON.parse((await client.next()).payload), {
        ...TOLD,
        type: "websocket",
        scheme: "ws",
      });
      client.close();
    });
  });
}

describe("who may send one", () => {
  test("a peer that is not in the list is closed, whatever it says", () =>
    withServer(
      {
        app: APP,
        args: ["--proxy-protocol", "--forwarded-allow-ips", "10.0.0.0/8, ::2"],
      },
      async (server) => {
        const client = await RawClient.connect(server.target);
        client.send(LINE + GET);
        assert.equal((await client.readToEnd()).bytes, "");
        await server.line(
          "stderr",
          /127\.0\.0\.1 is not in forwarded-allow-ips/,
        );
      },
    ));

  for (
    const list of ["127.0.0.1/8", "foo", "10.0.0.0/33", "10.0.0.256", "*,::1"]
  ) {
    test(`a list with an entry that trusts nobody, ${list}, ends the start`, async () => {
      for (const isVariable of [false, true]) {
        const server = new ServerProcess({
          app: APP,
          args: [
            "--port",
            "0",
            ...isVariable ? [] : ["--forwarded-allow-ips", list],
          ],
          env: isVariable ? { FORWARDED_ALLOW_IPS: list } : {},
        });
        assert.deepEqual(await server.end(), { code: 2, signal: null });
        const [entry] = list.split(",");
        const line = server.stderr.at(-1)!;
        assert.ok(
          line.startsWith(
            `Error: Invalid value for '--forwarded-allow-ips': '${entry}' `,
          ),
          line,
        );
        assert.equal(/ FORWARDED_ALLOW_IPS\)$/.test(line), isVariable, line);
      }
    });
  }

  test("who says nothing is not waited for longer than for a head", () =>
    withServer(
      {
        app: APP,
        args: ["--proxy-protocol", "--timeout-request-head", "1"],
      },
      async (server) => {
        const client = await RawClient.connect(server.target);
        client.send("PROXY TCP4 ");
        assert.equal((await client.readToEnd()).bytes, "");
      },
    ));

  test("a header that never ends does not hold the shutdown up", () =>
    withServer({ app: APP, args: ["--proxy-protocol"] }, async (server) => {
      const client = await RawClient.connect(server.target);
      client.send("PROXY TCP4 ");
      await pause(100);
      server.signal("SIGTERM");
      await server.end();
      client.close();
    }));
});

describe("before TLS", { skip: needsProgram("curl") }, () => {
  for (const loop of ["auto", "node"]) {
    test(`curl speaks TLS behind its header (--loop ${loop})`, () =>
      withServer(
        {
          app: APP,
          args: ["--proxy-protocol", "--ssl-dev", "--loop", loop],
        },
        async (server) => {
          const { port } = server.target as { readonly port: number };
          const said = await curl(
            "-k",
            "--haproxy-protocol",
            `https://127.0.0.1:${port}/`,
          );
          const told = JSON.parse(said.out || "{}");
          assert.equal(told.scheme, "https", said.err);
          assert.equal(told.client[0], "127.0.0.1");
          assert.deepEqual(told.server, ["127.0.0.1", port]);
        },
      ));
  }
});
