/** HTTPS and WSS as foreign clients see them, and what the application is told of TLS. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, describe, test } from "node:test";
import {
  keyPem,
  rsaKey,
  ScratchFolder,
  TestAuthority,
} from "../_support/certificates.ts";
import {
  needsProgram,
  needsPythonWebsockets,
  PYTHON,
} from "../_support/needs.ts";
import { RawClient } from "../_support/raw_client.ts";
import {
  type ServerProcess,
  sharedServer,
  withServer,
} from "../_support/spawn_server.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";
import { curl, opensslClient, runProgram } from "../_support/tls_clients.ts";
import type { Seen } from "./apps/tls.ts";

const folder = new ScratchFolder();
after(() => folder.remove());

const authority = new TestAuthority();
const first = authority.server();
const second = authority.server(["b.test", "*.b.test"]);
const CA = folder.write("ca.pem", authority.cert);
const CERT = folder.write("cert.pem", first.cert);
const KEY = folder.write("key.pem", first.key);
const SECOND = folder.write("second.pem", second.cert, second.key);
const TLS = ["--ssl-certfile", CERT, "--ssl-keyfile", KEY];

const noCurl = needsProgram("curl");
const noOpenssl = needsProgram("openssl");

/** What curl gets from `server`, as JSON. */
async function ask(
  server: ServerProcess,
  ...args: readonly string[]
): Promise<Seen> {
  const said = await curl(
    "--cacert",
    CA,
    ...args,
    `https://localhost:${server.port}/x`,
  );
  assert.equal(said.code, 0, said.err);
  return JSON.parse(said.out);
}

describe("a server with a certificate", () => {
  const shared = sharedServer({
    app: "tls:app",
    args: [...TLS, "--ssl-sni", SECOND],
  });

  test("says https where it says that it runs (options:O-049)", () => {
    assert.match(shared.server.runningOn, /^https:\/\/127\.0\.0\.1:\d+$/);
  });

  test("is believed by curl, and its application told (asgi:A-200 to A-206)", {
    skip: noCurl,
  }, async () => {
    const { scheme, path, alpn, tls } = await ask(shared.server);
    assert.equal(scheme, "https");
    assert.equal(path, "/x");
    assert.equal(alpn, "http/1.1");
    assert.ok(tls);
    assert.equal(
      new X509Certificate(tls.server_cert!).fingerprint256,
      new X509Certificate(first.cert).fingerprint256,
    );
    assert.deepEqual(tls.client_cert_chain, []);
    assert.equal(tls.client_cert_name, null);
    assert.equal(tls.client_cert_error, null);
    assert.equal(tls.tls_version, 0x0304);
    assert.ok([0x1301, 0x1302, 0x1303].includes(tls.cipher_suite!));
  });

  test("tells TLS 1.2 and its suite by their numbers", {
    skip: noCurl,
  }, async () => {
    const { tls } = await ask(shared.server, "--tls-max", "1.2");
    assert.equal(tls?.tls_version, 0x0303);
    assert.ok([0xc02b, 0xc02c, 0xcca9].includes(tls!.cipher_suite!));
  });

  test("takes bodies and keeps connections", { skip: noCurl }, async () => {
    const url = `https://localhost:${shared.server.port}/`;
    const said = await curl(
      "--cacert",
      CA,
      "-w",
      "[%{num_connects}]",
      url,
      url,
    );
    assert.match(said.out, /^\{.*\}\[1\]\{.*\}\[0\]$/);
  });

  for (
    const [name, expected] of [
      ["b.test", second],
      ["www.b.test", second],
      ["WWW.B.TEST", second],
      ["localhost", first],
      ["a.b.b.test", first],
      ["unknown.test", first],
    ] as const
  ) {
    test(`shows ${name} its certificate by SNI`, {
      skip: noOpenssl,
    }, async () => {
      const { port } = shared.server;
      const { out, err } = await opensslClient(port, "-servername", name);
      const shown = /-----BEGIN CERT[^]*?-----END CERTIFICATE-----/.exec(out);
      assert.ok(shown, err);
      assert.equal(
        new X509Certificate(shown[0]).fingerprint256,
        new X509Certificate(expected.cert).fingerprint256,
      );
      // The application hears of the one that was used (asgi:A-201).
      const answer = JSON.parse(/^\{.*\}/m.exec(out)![0]) as Seen;
      assert.equal(
        new X509Certificate(answer.tls!.server_cert!).fingerprint256,
        new X509Certificate(expected.cert).fingerprint256,
      );
    });
  }

  test(
    "agrees on http/1.1 by ALPN, and on nothing with who only speaks otherwise",
    {
      skip: noOpenssl,
    },
    async () => {
      const { port } = shared.server;
      const good = await opensslClient(port, "-alpn", "h2,http/1.1");
      assert.match(good.out, /ALPN protocol: http\/1\.1/);
      const none = await opensslClient(port);
      assert.equal(
        (JSON.parse(/^\{.*\}/m.exec(none.out)![0]) as Seen).alpn,
        null,
      );
      const bad = await opensslClient(port, "-alpn", "spdy/3");
      assert.doesNotMatch(bad.out, /^\{/m);
    },
  );

  test("does not speak versions before 1.2 (RFC 8996)", {
    skip: noOpenssl,
  }, async () => {
    const { port } = shared.server;
    const args = ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"];
    const { code, out } = await opensslClient(port, ...args);
    assert.notEqual(code, 0);
    assert.doesNotMatch(out, /^\{/m);
  });

  test("serves wss to Python's websockets", {
    skip: needsPythonWebsockets(),
  }, async () => {
    const url = `wss://localhost:${shared.server.port}/ws`;
    const script = `${ROOT}/tests/wire/apps/wss_client.py`;
    const said = await runProgram(PYTHON, [script, url, CA]);
    assert.equal(said.code, 0, said.err);
    const [message, code] = said.out.trim().split("\n");
    const { scheme, path, tls } = JSON.parse(message!) as Seen;
    assert.deepEqual([scheme, path, code], ["wss", "/ws", "1000"]);
    assert.equal(tls?.tls_version, 0x0304);
  });

  test("says in the log that plain HTTP came (wishes:N-018)", async () => {
    const { server } = shared;
    const from = server.stderr.length;
    const client = await RawClient.connect(server.target);
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await server.line(
      "stderr",
      /plain HTTP arrived on a port that speaks HTTPS/,
      from,
    );
    assert.doesNotMatch(client.pending, /200/);
    client.reset();
  });

  test("survives what is no handshake", { skip: noCurl }, async () => {
    const { server } = shared;
    for (
      const bytes of [
        "",
        "\x16",
        "\x16\x03\x01\x02\0",
        "\x15\x03\x01\0\x02\x01\0",
        "\0".repeat(5000),
        "\xff".repeat(100),
      ]
    ) {
      const client = await RawClient.connect(server.target);
      client.send(bytes);
      client.reset();
    }
    assert.equal((await ask(server)).scheme, "https");
    assert.doesNotMatch(server.output, /Unexpected|uncaught|ERROR/i);
  });
});

describe("versions and ciphers", () => {
  for (
    const [args, tls12, tls13] of [
      [["--ssl-version", "TLSv1.2"], true, false],
      [["--ssl-min-version", "TLSv1.3"], false, true],
      [["--ssl-max-version", "1.2"], true, false],
      [["--ssl-version", "17"], true, true],
    ] as const
  ) {
    test(
      `${args.join(" ")} is what is spoken`,
      {
        skip: noOpenssl,
      },
      () =>
        withServer(
          { app: "tls:app", args: [...TLS, ...args] },
          async (server) => {
            const speaks = async (flag: string) =>
              /^\{/m.test((await opensslClient(server.port, flag)).out);
            assert.equal(await speaks("-tls1_2"), tls12);
            assert.equal(await speaks("-tls1_3"), tls13);
          },
        ),
    );
  }

  test("[node] [bun] --ssl-ciphers are those of TLS 1.2 (options:O-055)", {
    skip: RUNTIME === "deno" ? "Deno has no say in its suites" : noOpenssl,
  }, () =>
    withServer({
      app: "tls:app",
      args: [...TLS, "--ssl-ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
    }, async (server) => {
      const with_ = (cipher: string) =>
        opensslClient(server.port, "-tls1_2", "-cipher", cipher);
      const good = await with_("ECDHE-ECDSA-AES128-GCM-SHA256");
      assert.match(good.out, /"cipher_suite":49195/); // 0xC02B
      const bad = await with_("ECDHE-ECDSA-AES256-GCM-SHA384");
      assert.doesNotMatch(bad.out, /^\{/m);
    }));
});

describe("keys (options:O-050, O-051)", () => {
  const rsa = authority.server(["localhost"], { key: rsaKey() });
  for (
    const [what, cert, key, args] of [
      ["in the certificate's file", first.cert + first.key, undefined, []],
      ["of RSA in PKCS#1", rsa.cert, keyPem(rsaKey(), "pkcs1"), []],
      ["in SEC1", first.cert, keyPem(first.privateKey, "sec1"), []],
      [
        "encrypted in PKCS#8",
        first.cert,
        keyPem(first.privateKey, "pkcs8", "sésame"),
        ["--ssl-keyfile-password", "sésame"],
      ],
      ["encrypted in PKCS#1", rsa.cert, keyPem(rsaKey(), "pkcs1", "s"), [
        "--ssl-keyfile-password",
        "s",
      ]],
    ] as const
  ) {
    test(`${what} are used`, { skip: noCurl }, () => {
      const certfile = folder.write("this.pem", cert);
      const keyfile = key === undefined
        ? []
        : ["--ssl-keyfile", folder.write("this.key", key)];
      return withServer({
        app: "tls:app",
        args: ["--ssl-certfile", certfile, ...keyfile, ...args],
      }, async (server) => {
        assert.equal((await ask(server)).scheme, "https");
      });
    });
  }
});

describe("--ssl-dev", () => {
  test(
    "makes a certificate for this machine and prints its fingerprint",
    {
      skip: noOpenssl || noCurl,
    },
    () =>
      withServer({ app: "tls:app", args: ["--ssl-dev"] }, async (server) => {
        const line = await server.line("stderr", /fingerprint/);
        const printed = /([0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(line)?.[0];
        assert.ok(printed, line);
        assert.match(line, /localhost, 127\.0\.0\.1, ::1/);
        const { out } = await opensslClient(server.port);
        const shown = /-----BEGIN CERT[^]*?-----END CERTIFICATE-----/.exec(out);
        assert.equal(new X509Certificate(shown![0]).fingerprint256, printed);
        const said = await curl("-k", `https://127.0.0.1:${server.port}/`);
        assert.equal((JSON.parse(said.out) as Seen).scheme, "https");
        // Who keeps the certificate can check it.
        const pem = folder.write("dev.pem", shown![0]);
        const checked = await curl(
          "--cacert",
          pem,
          `https://localhost:${server.port}/`,
        );
        assert.equal(checked.code, 0, checked.err);
        // Nobody else believes it.
        const refused = await curl(`https://127.0.0.1:${server.port}/`);
        assert.equal(refused.code, 60);
      }),
  );
});

describe("TLS over a UNIX socket", () => {
  test("is spoken as over TCP", { skip: noCurl }, () => {
    const path = `${folder.path}/tls.sock`;
    return withServer(
      { app: "tls:app", args: ["--uds", path, ...TLS] },
      async () => {
        const said = await curl(
          "--cacert",
          CA,
          "--unix-socket",
          path,
          "https://localhost/u",
        );
        assert.equal(said.code, 0, said.err);
        const { scheme, tls } = JSON.parse(said.out) as Seen;
        assert.equal(scheme, "https");
        assert.equal(tls?.tls_version, 0x0304);
      },
    );
  });
});

test("TLS that comes to a plain port is said in the log", {
  skip: noCurl,
}, () =>
  withServer({ app: "tls:app" }, async (server) => {
    assert.notEqual(
      (await curl("-k", `https://127.0.0.1:${server.port}/`)).code,
      0,
    );
    await server.line(
      "stderr",
      /a TLS handshake arrived on a port that speaks plain HTTP/,
    );
    const said = await curl(`http://127.0.0.1:${server.port}/`);
    const { scheme, alpn, tls } = JSON.parse(said.out) as Seen;
    assert.deepEqual([scheme, alpn, tls], ["http", null, null]);
  }));
