/**
 * Behind nginx and HAProxy as docs/proxies.md sets them up: the configurations and the commands are
 * those of the page, with other addresses. All are on one machine, each with a loopback address of
 * its own, so that they can be told apart (process:P-121, wishes:N-008).
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { needsProgram } from "../_support/needs.ts";
import { withServer } from "../_support/spawn_server.ts";
import { TcpProxy } from "./_tcp_proxy.ts";
import { ROOT } from "../_support/this_runtime.ts";
import { curl } from "../_support/tls_clients.ts";
import { FrameClient } from "../_support/websocket_client.ts";

const skip = needsProgram("curl") || needsProgram("nginx") ||
  needsProgram("haproxy");
const APP = "forwarded:app";
const PAGE = readFileSync(join(ROOT, "docs/proxies.md"), "utf8");
/** Whom the proxies are to believe and nobody else: a visitor, a CDN, a balancer. */
const VISITOR = "127.0.0.9";
const CDN = "127.0.0.2";
const BALANCER = "127.0.0.3";

const folder = mkdtempSync(join(tmpdir(), "front-forwarded-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const SOCKET = join(folder, "app.sock");

/** What a chapter of the page shows: the proxy's file, and arguments of the command. */
function recipe(heading: string): { config: string; args: string[] } {
  const chapter = PAGE.split(/^##+ /m).find((text) =>
    text.startsWith(`${heading}\n`)
  );
  assert.ok(chapter !== undefined, `No chapter "${heading}"`);
  const config = /^```(?:nginx|haproxy)\n([^]*?)^```$/m.exec(chapter)?.[1];
  const command = /^```sh\ntricorn main:app([^]*?)^```$/m.exec(chapter)?.[1];
  assert.ok(config !== undefined && command !== undefined, heading);
  const args = command.replaceAll("\\\n", " ").trim().split(/\s+/)
    .filter((arg) => arg !== "");
  return { config, args };
}

/** The page's addresses are others here. */
function here(text: string): string {
  return text.replaceAll("203.0.113.0/24", `${CDN}/32`)
    .replaceAll("10.0.0.0/16", `${BALANCER}/32`)
    .replaceAll("/run/tricorn.sock", SOCKET)
    .replace("0.0.0.0", "127.0.0.1");
}

/** Starts a proxy with a configuration of the page. */
function start(config: string, server: string): Promise<TcpProxy> {
  const placed = here(config).replaceAll("127.0.0.1:8000", server);
  if (!config.includes("frontend ")) {
    return TcpProxy.nginxWith((address) => `
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  ${placed.replaceAll("listen 80;", `listen ${address};`)}
}
`);
  }
  return TcpProxy.haproxyWith((address) => `
defaults
  timeout connect 10s
  timeout client 60s
  timeout server 60s
${placed.replace("bind :80", `bind ${address}`)}
`);
}

interface Told {
  readonly type: string;
  readonly client: readonly [string, number] | null;
  readonly peer: readonly [string, number] | null;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly root_path: string;
}

/** Asks as the client at an address. */
async function ask(
  proxy: TcpProxy,
  path: string,
  from: string,
  fields: readonly string[] = [],
): Promise<Told> {
  const { port } = proxy.target;
  const said = await curl(
    ...["--interface", from, "-H", "Host: shop.example"],
    ...fields.flatMap((field) => ["-H", field]),
    `http://127.0.0.1:${port}${path}`,
  );
  assert.equal(said.code, 0, said.err);
  return JSON.parse(said.out);
}

/** Runs the server of a chapter behind its proxy. */
function behind(
  heading: string,
  use: (proxy: TcpProxy, server: string) => Promise<void>,
  change: (text: string) => string = (text) => text,
): Promise<void> {
  const { config, args } = recipe(heading);
  return withServer(
    { app: APP, args: args.map(here).map(change) },
    async (server) => {
      const { target } = server;
      const place = "path" in target ? SOCKET : `127.0.0.1:${target.port}`;
      const proxy = await start(change(config), place);
      try {
        await use(proxy, place);
      } finally {
        await proxy.stop();
      }
    },
  );
}

/** What a client may try, and gains nothing by. */
const SPOOFED = [
  "X-Forwarded-For: 10.6.6.6",
  "X-Forwarded-Proto: gopher",
  "X-Forwarded-Host: evil.example",
  "X-Forwarded-Port: 666",
  "X-Forwarded-Prefix: /evil",
  'Forwarded: for=10.6.6.6;proto=gopher;host=evil.example, for="',
];

for (
  const [heading, scheme] of [
    ["nginx", "http"],
    ["nginx with Forwarded", "http"],
    ["HAProxy", "http"],
    ["A cloud balancer", "https"],
  ] as const
) {
  describe(`"${heading}"`, { skip }, () => {
    test("tells whose the request is, whatever the client sends", () =>
      behind(heading, async (proxy) => {
        for (const fields of [[], SPOOFED]) {
          const told = await ask(proxy, "/p", VISITOR, fields);
          assert.deepEqual(told.client, [VISITOR, 0]);
          assert.equal(told.scheme, scheme);
          assert.equal(told.host, "shop.example");
          assert.equal(told.path, "/p");
          assert.match(told.peer![0], /^127\.0\.0\.[13]$/);
        }
      }, heading === "A cloud balancer" ? fromBalancer : undefined));
  });
}

/** The balancer calls from an address of its own. */
function fromBalancer(text: string): string {
  return text.replace(
    "server one 127.0.0.1:8000",
    `$& source ${BALANCER}`,
  );
}

describe('"nginx over a UNIX socket, with a path taken away"', { skip }, () => {
  test("tells client and path, whatever the client sends", () =>
    behind(
      "nginx over a UNIX socket, with a path taken away",
      async (proxy) => {
        for (const fields of [[], SPOOFED]) {
          for (const [asked, root_path] of [["/api/p", "/api"], ["/p", ""]]) {
            const told = await ask(proxy, asked!, VISITOR, fields);
            assert.deepEqual(told.client, [VISITOR, 0]);
            assert.equal(told.path, asked);
            assert.equal(told.root_path, root_path);
            assert.equal(told.peer, null);
          }
        }
      },
    ));
});

describe('"A CDN in front of nginx"', { skip }, () => {
  /** A CDN that ends TLS, though not here. */
  const cdn = (nginx: TcpProxy) => `
frontend cdn
  mode http
  bind :80
  option forwardfor
  http-request set-header X-Forwarded-Proto https
  default_backend origin
backend origin
  mode http
  server nginx 127.0.0.1:${nginx.target.port} source ${CDN}
`;

  test("tells the CDN's visitor, and who comes past the CDN", () =>
    behind("A CDN in front of nginx", async (nginx) => {
      const edge = await start(cdn(nginx), "");
      try {
        for (const fields of [[], SPOOFED]) {
          const visit = await ask(edge, "/p", VISITOR, fields);
          assert.deepEqual([visit.client, visit.scheme], [
            [VISITOR, 0],
            "https",
          ]);
          const direct = await ask(nginx, "/p", VISITOR, [
            ...fields,
            "X-Forwarded-Proto: https",
          ]);
          assert.deepEqual([direct.client, direct.scheme], [
            [VISITOR, 0],
            "http",
          ]);
        }
      } finally {
        await edge.stop();
      }
    }));
});

describe('"*" behind a balancer that appends', { skip }, () => {
  test("lets clients choose their address, as the page says", () =>
    behind("A cloud balancer", async (proxy) => {
      const { client } = await ask(proxy, "/p", VISITOR, SPOOFED.slice(0, 1));
      assert.deepEqual(client, ["10.6.6.6", 0]);
    }, (text) => text.replace(`${BALANCER}/32`, "*")));
});

describe("a WebSocket behind nginx", { skip }, () => {
  test("is told of as a request is", () =>
    behind(
      "nginx",
      async (proxy) => {
        const client = await FrameClient.connect(proxy.target, "/p");
        const told: Told = JSON.parse((await client.next()).payload);
        client.close();
        assert.equal(told.type, "websocket");
        assert.equal(told.scheme, "ws");
        // Its address is a proxy's, so that it asks for itself.
        assert.deepEqual(told.client, ["127.0.0.1", 0]);
        assert.notEqual(told.peer![1], 0);
      },
      (text) =>
        text.replace(
          "proxy_http_version 1.1;",
          '$& proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
        ),
    ));

  test("is a request and a warning that names the line which nginx lacks, without HTTP/1.1", () => {
    const { config } = recipe("nginx");
    return withServer({ app: APP }, async (server) => {
      const place = `127.0.0.1:${server.port}`;
      const proxy = await start(
        config.replace(
          "proxy_http_version 1.1;",
          'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
        ),
        place,
      );
      try {
        const client = await FrameClient.connect(proxy.target, "/p");
        assert.equal(client.status, 200);
        client.close();
        await server.line(
          "stderr",
          /WARNING.*HTTP\/1\.0.*nginx.*"proxy_http_version 1\.1;"/,
        );
      } finally {
        await proxy.stop();
      }
    });
  });
});
