/**
 * The proxies of examples/deploy/ as they are, with other addresses, in front of the command that
 * each file names: clients, uploads, streams and WebSockets pass, over TLS too.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ScratchFolder, TestAuthority } from "../_support/certificates.ts";
import { needsProgram } from "../_support/needs.ts";
import { RawClient, request } from "../_support/raw_client.ts";
import { commandsOf, recipe } from "../_support/recipes.ts";
import { type ServerProcess, spawnServer } from "../_support/spawn_server.ts";
import { curl } from "../_support/tls_clients.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { TcpProxy } from "./_tcp_proxy.ts";

const noCurl = needsProgram("curl");
const folder = new ScratchFolder();
after(() => folder.remove());
const authority = new TestAuthority();
const CA = folder.write("ca.pem", authority.cert);
const { cert, key } = authority.server(["shop.example", "127.0.0.1"]);
const FULLCHAIN = folder.write("fullchain.pem", cert);
const PRIVKEY = folder.write("privkey.pem", key);
const SOCKET = join(folder.path, "tricorn.sock");
/** More than nginx lets pass unless it is told. */
const UPLOAD = join(folder.path, "upload");
writeFileSync(UPLOAD, new Uint8Array(3_000_000));
const VISITOR = "127.0.0.9";

/** The names and addresses of the recipes are others here. */
function here(text: string): string {
  return text.replaceAll("/run/tricorn/tricorn.sock", SOCKET)
    .replaceAll(/(?:\S*\/)?fullchain\.pem/g, FULLCHAIN)
    .replaceAll(/(?:\S*\/)?privkey\.pem/g, PRIVKEY)
    .replaceAll("10.0.0.5", "127.0.0.1");
}

/** Puts the server where the recipe has one, or two. */
function placed(path: string, server: ServerProcess): string {
  const { target } = server;
  const config = here(recipe(path));
  return "path" in target ? config : config
    .replaceAll("127.0.0.1:8000", `127.0.0.1:${target.port}`)
    .replaceAll(/10\.0\.0\.[78]:(8000|8443)/g, `127.0.0.1:${target.port}`);
}

/** An `http` block that keeps its files in nginx's folder. */
function nginxHttp(config: string): string {
  return `
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  ${config}
}
`;
}

interface Front {
  readonly path: string;
  readonly program: "nginx" | "haproxy" | "caddy";
  readonly start: (config: string) => Promise<TcpProxy>;
  /** Whether clients speak TLS. */
  readonly tls?: boolean;
  /** Whether the proxy passes bytes on, and knows no requests. */
  readonly passes?: boolean;
  /** What of a path the proxy takes away. */
  readonly mount?: string;
}

const FRONTS: readonly Front[] = [
  ...(["nginx/shop.conf", "nginx/unix.conf"] as const).map((path) => ({
    path,
    program: "nginx" as const,
    start: (config: string) =>
      TcpProxy.nginxWith((address) =>
        nginxHttp(config.replace("listen 80;", `listen ${address};`))
      ),
    mount: path === "nginx/unix.conf" ? "/api" : "",
  })),
  {
    path: "nginx/tls.conf",
    program: "nginx",
    tls: true,
    start: (config) =>
      TcpProxy.nginxWith((address) =>
        nginxHttp(
          config.replace("listen 80;", `listen unix:${folder.path}/plain.sock;`)
            .replace(/^ {2}listen 443 /m, `  listen ${address} `),
        )
      ),
  },
  {
    path: "haproxy/http.cfg",
    program: "haproxy",
    start: (config) =>
      TcpProxy.haproxyWith((address) =>
        config.replace("bind :80", `bind ${address}`)
      ),
  },
  {
    path: "haproxy/tcp.cfg",
    program: "haproxy",
    tls: true,
    passes: true,
    start: (config) =>
      TcpProxy.haproxyWith((address) =>
        config.replace("bind :443", `bind ${address}`)
      ),
  },
  {
    path: "caddy/Caddyfile",
    program: "caddy",
    start: (config) =>
      TcpProxy.caddyWith((address) =>
        config.replace(
          "shop.example {",
          `http://:${address.split(":")[1]} {
  bind 127.0.0.1`,
        )
          .replaceAll(/^(#.*)$/gm, "")
      ),
  },
];

for (const { path, program, start, tls, passes, mount = "" } of FRONTS) {
  const skip = noCurl || needsProgram(program);
  describe(`examples/deploy/${path}`, { skip }, () => {
    let server: ServerProcess;
    let proxy: TcpProxy;

    before(async () => {
      if (skip) return;
      const args = commandsOf(path)[0]!.map(here).map((arg) =>
        /^(10\.|8443$)/.test(arg) ? arg === "8443" ? "0" : "127.0.0.1" : arg
      );
      server = await spawnServer({ app: "fronted:app", args });
      proxy = await start(placed(path, server));
    });
    after(async () => {
      await proxy?.stop();
      await server?.kill();
    });

    const ask = async (what: string, ...args: readonly string[]) => {
      const { port } = proxy.target;
      const said = await curl(
        ...["--interface", VISITOR, "--cacert", CA, "--http1.1"],
        // Servers that are checked are up within two checks.
        ...["--retry", "20", "--retry-delay", "1"],
        ...args,
        `${tls ? "https" : "http"}://127.0.0.1:${port}${mount}${what}`,
      );
      assert.equal(said.code, 0, said.err);
      return said.out;
    };

    test("tells client, scheme and host, whatever the client claims", async () => {
      const told = JSON.parse(
        await ask(
          ...["/p", "-H", "X-Forwarded-For: 10.6.6.6"],
          ...["-H", "X-Forwarded-Proto: gopher", "-H", "Host: shop.example"],
        ),
      );
      assert.equal(told.client[0], VISITOR);
      assert.equal(told.scheme, tls ? "https" : "http");
      assert.equal(told.host, "shop.example");
      assert.equal(told.path, `${mount}/p`);
    });

    test("lets a large upload pass", async () => {
      assert.equal(
        await ask("/length", "--data-binary", `@${UPLOAD}`),
        "3000000",
      );
      assert.equal(
        await ask(
          ...["/length", "--data-binary", `@${UPLOAD}`],
          ...["-H", "Transfer-Encoding: chunked"],
        ),
        "3000000",
      );
    });

    test("passes a stream on piece by piece", async () => {
      if (tls) {
        const streamed = ask("/stream", "--no-buffer");
        // Its first piece has been sent once going on has an effect.
        for (let isOpen = true; isOpen;) {
          await ask("/go");
          isOpen = await Promise.race([
            streamed.then(() => false),
            new Promise<boolean>((resolve) => setTimeout(resolve, 50, true)),
          ]);
        }
        assert.equal(await streamed, "first\nsecond\n");
        return;
      }
      const client = await RawClient.connect(proxy.target);
      client.send(request(`GET ${mount}/stream`));
      await client.readUntil("first\n");
      await ask("/go");
      await client.readUntil("second\n");
      client.close();
    });

    if (!tls) {
      test("lets WebSockets through", async () => {
        const client = await FrameClient.connect(
          proxy.target,
          `${mount}/`,
          passes ? [] : ["X-Forwarded-For: 10.6.6.6"],
        );
        assert.match(client.head, /^HTTP\/1\.1 101 /);
        assert.match((await client.next()).payload, /^\["127\.0\.0\.1",\d+\]$/);
        client.close();
      });
    }
  });
}
