/** The options on what proxies say in a request's head, by the command and real sockets. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type OptionsInput, serve } from "../../mod.ts";
import { LOOPS } from "../_support/loops.ts";
import { needsIpv6 } from "../_support/needs.ts";
import {
  type ClientTarget,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import {
  ServerProcess,
  sharedServer,
  withServer,
} from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { app } from "./apps/forwarded.ts";

const APP = "forwarded:app";
const folder = mkdtempSync(join(tmpdir(), "forwarded-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Every field by which a proxy can tell something. */
const ALL = [
  "X-Forwarded-For: 192.0.2.7:4711",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: b.example",
  "X-Forwarded-Port: 8443",
  "X-Forwarded-Prefix: /api",
  'Forwarded: for="[2001:db8::7]";proto=https;host=c.example',
];

async function told(target: ClientTarget, fields: readonly string[] = ALL) {
  const client = await RawClient.connect(target);
  const { localPort } = client;
  const response = await client.request(request("GET /p", fields));
  client.close();
  assert.equal(response.status, 200, response.body);
  return { ...JSON.parse(response.body), localPort };
}

/** What the application is told, without what differs from run to run. */
async function seen(target: ClientTarget, fields?: readonly string[]) {
  const { client, scheme, host, path, peer, localPort } = await told(
    target,
    fields,
  );
  const own = JSON.stringify(["127.0.0.1", localPort]);
  assert.ok(peer === null || JSON.stringify(peer) === own, `${peer}`);
  const isPeer = JSON.stringify(client) === own;
  return { client: isPeer ? "peer" : client, scheme, host, path };
}

const PLAIN = { client: "peer", scheme: "http", host: "test", path: "/p" };
const USUAL = { ...PLAIN, client: ["192.0.2.7", 4711], scheme: "https" };

for (const { loop, label } of LOOPS) {
  describe(`by default, over ${label} sockets`, () => {
    const shared = sharedServer({
      app: APP,
      args: ["--loop", loop, "--log-level", "debug"],
    });

    test("client and scheme of a proxy on this machine are used (options:O-042)", async () => {
      const { server } = shared;
      const from = server.stdout.length;
      assert.deepEqual(await seen(server.target), USUAL);
      await server.line("stdout", /192\.0\.2\.7:4711 - "GET \/p/, from);
      await server.line(
        "stderr",
        /- Ignored x-forwarded-host, .*forwarded: not in --forwarded-headers/,
      );
    });

    test("WebSockets are told of in the same way", async () => {
      const { target } = shared.server;
      const client = await FrameClient.connect(target, "/p", ALL);
      const said = JSON.parse((await client.next()).payload);
      assert.deepEqual(said.client, ["192.0.2.7", 4711]);
      assert.deepEqual(said.peer[0], "127.0.0.1");
      assert.equal(said.scheme, "wss");
      client.close();
    });

    test("a client that sends a list of its own gains nothing, and is named", async () => {
      const { server } = shared;
      const { client } = await seen(server.target, [
        "X-Forwarded-For: 127.0.0.1, 198.51.100.66",
      ]);
      assert.deepEqual(client, ["198.51.100.66", 0]);
      await server.line(
        "stderr",
        /- Ignored '127\.0\.0\.1' in x-forwarded-for: claimed by 198\.51\.100\.66/,
      );
    });

    test("a head full of such fields changes nothing", async () => {
      const { target } = shared.server;
      const list = `${"127.0.0.1,".repeat(6000)}"`;
      for (const name of ["X-Forwarded-For", "Forwarded", "X-Forwarded-Host"]) {
        assert.deepEqual(await seen(target, [`${name}: ${list}`]), PLAIN);
      }
      assert.deepEqual(
        await seen(target, Array(100).fill("X-Forwarded-For: ,,,,")),
        PLAIN,
      );
    });
  });
}

/** Runs `use` with a server of this process. */
async function serving(
  options: OptionsInput,
  use: (target: ClientTarget) => Promise<void>,
): Promise<void> {
  const port = options.uds === undefined ? { port: 0 } : {};
  const server = serve(app, { ...port, logLevel: "critical", ...options });
  const [address] = await server.listening;
  try {
    await use(address!);
  } finally {
    await server.stop();
  }
}

describe("the options", () => {
  for (
    const [options, expected] of [
      [{ proxyHeaders: false }, PLAIN],
      [{ forwardedAllowIps: "10.0.0.1" }, PLAIN],
      [{ forwardedAllowIps: [] }, PLAIN],
      [{ forwardedAllowIps: "127.0.0.0/8" }, USUAL],
      [{ forwardedAllowIps: "*" }, USUAL],
      [{ forwardedHeaders: "x-forwarded-for" }, {
        ...PLAIN,
        client: ["192.0.2.7", 4711],
      }],
      [{ forwardedHeaders: "x-forwarded-proto" }, {
        ...PLAIN,
        scheme: "https",
      }],
      [{ forwardedHeaders: "x-forwarded-host" }, {
        ...PLAIN,
        host: "b.example",
      }],
      [{ forwardedHeaders: "x-forwarded-port" }, {
        ...PLAIN,
        host: "test:8443",
      }],
      [{ forwardedHeaders: "x-forwarded-prefix" }, {
        ...PLAIN,
        path: "/api/p",
      }],
      [{ forwardedHeaders: ["forwarded"] }, {
        ...PLAIN,
        client: ["2001:db8::7", 0],
        scheme: "https",
        host: "c.example",
      }],
      [{
        forwardedHeaders: [
          "x-forwarded-for",
          "x-forwarded-proto",
          "x-forwarded-host",
          "x-forwarded-port",
          "x-forwarded-prefix",
        ],
      }, { ...USUAL, host: "b.example:8443", path: "/api/p" }],
    ] as const
  ) {
    test(`${JSON.stringify(options)} come to ${JSON.stringify(expected)}`, () =>
      serving(options, async (target) => {
        assert.deepEqual(await seen(target), expected);
      }));
  }

  for (
    const [args, env, expected] of [
      [["--no-proxy-headers"], {}, PLAIN],
      [[], { FORWARDED_ALLOW_IPS: "10.0.0.1" }, PLAIN],
      [
        ["--forwarded-headers=X-Forwarded-For,x-forwarded-host"],
        { TRICORN_FORWARDED_HEADERS: "forwarded" },
        { ...PLAIN, client: ["192.0.2.7", 4711], host: "b.example" },
      ],
    ] as const
  ) {
    const shown = [...args, ...Object.entries(env).map((one) => one.join("="))];
    test(`the command with ${shown.join(" ")} comes to ${JSON.stringify(expected)}`, () =>
      withServer({ app: APP, args, env }, async ({ target }) => {
        assert.deepEqual(await seen(target), expected);
      }));
  }

  test("an IPv6 proxy on this machine is trusted by default", {
    skip: needsIpv6(),
  }, () =>
    serving({ host: "::1" }, async (target) => {
      const { client, peer } = await told(target);
      assert.deepEqual(client, ["192.0.2.7", 4711]);
      assert.equal(peer[0], "::1");
    }));

  for (
    const [list, isTrusted] of [
      ["unix:", true],
      ["unix:PATH", true],
      ["PATH", true],
      ["*", true],
      ["127.0.0.1", false],
      ["unix:/elsewhere.sock", false],
    ] as const
  ) {
    test(`a proxy behind a UNIX socket is ${isTrusted ? "" : "not "}trusted by ${list}`, () => {
      const uds = join(folder, "a.sock");
      const forwardedAllowIps = list.replace("PATH", uds);
      return serving({ uds, forwardedAllowIps }, async (target) => {
        const { client, scheme, peer } = await told(target);
        assert.deepEqual(client, isTrusted ? ["192.0.2.7", 4711] : null);
        assert.equal(scheme, isTrusted ? "https" : "http");
        assert.equal(peer, null);
      });
    });
  }

  for (
    const [list, client] of [
      ["127.0.0.1", ["198.51.100.7", 56324]],
      ["127.0.0.1,198.51.100.0/24", ["192.0.2.7", 4711]],
    ] as const
  ) {
    test(`with the PROXY protocol the peer is whom its header names, for ${list}`, () =>
      serving(
        { proxyProtocol: true, forwardedAllowIps: list },
        async (target) => {
          const raw = await RawClient.connect(target);
          raw.send(
            "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n" +
              request("GET /p", ALL),
          );
          const said = JSON.parse((await raw.readResponse()).body);
          raw.close();
          assert.deepEqual(said.client, client);
          assert.deepEqual(said.peer, ["198.51.100.7", 56324]);
        },
      ));
  }

  test("limitConnectionsPerClient counts the proxy's connections, not its clients'", () =>
    serving({ limitConnectionsPerClient: 2 }, async (target) => {
      const clients = [];
      for (const address of ["192.0.2.1", "192.0.2.2"]) {
        const client = await RawClient.connect(target);
        const { status } = await client.request(
          request("GET /", [`X-Forwarded-For: ${address}`]),
        );
        assert.equal(status, 200);
        clients.push(client);
      }
      const third = await RawClient.connect(target);
      assert.equal((await third.readToEnd()).bytes, "");
      for (const client of clients) client.close();
    }));

  test("fields that exclude each other are one line and exit code 2", async () => {
    const server = new ServerProcess({
      app: APP,
      args: ["--forwarded-headers", "forwarded,x-forwarded-for"],
    });
    assert.deepEqual(await server.end(), { code: 2, signal: null });
    const errors = server.stderr.filter((line) => /^Error: /.test(line));
    assert.deepEqual(errors, [
      "Error: Invalid value for '--forwarded-headers': 'forwarded' and " +
      "'x-forwarded-for' exclude each other: name what the proxy sets, " +
      "clients can send the other.",
    ]);
  });
});
