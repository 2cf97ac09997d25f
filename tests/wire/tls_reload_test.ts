/** Certificates exchanged while the server runs: by a changed file, by SIGHUP, by the API. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import process from "node:process";
import { after, describe, test } from "node:test";
import { ConfigError, serve } from "../../mod.ts";
import {
  ScratchFolder,
  TestAuthority,
  withFolder,
} from "../_support/certificates.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { TlsClient } from "../_support/tls_clients.ts";
import { app } from "./apps/tls.ts";

const folder = new ScratchFolder();
after(() => folder.remove());

const authority = new TestAuthority();
const ca = authority.cert;
const before = authority.server();
const next = authority.server();
const RELOADED = /INFO: .*TLS certificates reloaded: localhost \(valid until /;
const NOT_RELOADED = /ERROR: .*TLS certificates not reloaded/;

const noHangup = process.platform === "win32" && "there is no SIGHUP here";

/** SHA-256 of the certificate that is shown to a new connection. */
async function shown(port: number): Promise<string> {
  const client = await TlsClient.connect({ port, ca });
  try {
    await client.get();
    return client.fingerprint;
  } finally {
    client.destroy();
  }
}

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;

function serving(
  certfile: string,
  use: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  return withServer(
    { app: "tls:app", args: ["--ssl-certfile", certfile] },
    use,
  );
}

test(
  "SIGHUP reads the files anew; open connections go on as they were (wishes:N-013)",
  {
    skip: noHangup,
  },
  () => {
    const file = folder.write("hup.pem", before.cert, before.key);
    return serving(file, async (server) => {
      const open = await TlsClient.connect({ port: server.port, ca });
      await open.get();
      folder.write("hup.pem", next.cert, next.key);
      server.signal("SIGHUP");
      await server.line("stderr", RELOADED);
      assert.equal(await shown(server.port), fingerprint(next.cert));
      await open.get();
      assert.equal(open.fingerprint, fingerprint(before.cert));
      open.destroy();
    });
  },
);

test(
  "a broken file keeps the old certificate and is told in one line; a good one mends it",
  {
    skip: noHangup,
  },
  () => {
    const file = folder.write("broken.pem", before.cert, before.key);
    return serving(file, async (server) => {
      folder.write("broken.pem", next.cert, before.key);
      server.signal("SIGHUP");
      const line = await server.line("stderr", NOT_RELOADED);
      assert.match(
        line,
        /--ssl-certfile ".*broken\.pem": the private key does not belong/,
      );
      assert.equal(await shown(server.port), fingerprint(before.cert));
      folder.write("broken.pem", next.cert, next.key);
      server.signal("SIGHUP");
      await server.line("stderr", RELOADED);
      assert.equal(await shown(server.port), fingerprint(next.cert));
    });
  },
);

test("a changed file is noticed", { timeout: 60_000 }, () => {
  const file = folder.write("watched.pem", before.cert, before.key);
  return serving(file, async (server) => {
    folder.write("watched.pem", next.cert, next.key);
    await server.line("stderr", RELOADED);
    assert.equal(await shown(server.port), fingerprint(next.cert));
  });
});

test(
  "a link exchanged as Kubernetes does it is noticed",
  { timeout: 60_000 },
  () =>
    withFolder(async (secret) => {
      for (
        const [version, { cert, key }] of [["v1", before], [
          "v2",
          next,
        ]] as const
      ) {
        mkdirSync(`${secret.path}/${version}`);
        secret.write(`${version}/tls.pem`, cert, key);
      }
      symlinkSync("v1", `${secret.path}/..data`);
      await serving(`${secret.path}/..data/tls.pem`, async (server) => {
        symlinkSync("v2", `${secret.path}/..data_tmp`);
        renameSync(`${secret.path}/..data_tmp`, `${secret.path}/..data`);
        await server.line("stderr", RELOADED);
        assert.equal(await shown(server.port), fingerprint(next.cert));
      });
    }),
);

test("reloading again and again under load fails no request", {
  skip: noHangup,
  timeout: 60_000,
}, () => {
  const file = folder.write("load.pem", before.cert, before.key);
  return serving(file, async (server) => {
    const { port } = server;
    let isOver = false;
    let answers = 0;
    const seen = new Set<string>();
    const keepAsking = async (perConnection: number) => {
      while (!isOver) {
        const client = await TlsClient.connect({ port, ca });
        seen.add(client.fingerprint);
        for (let i = 0; i < perConnection && !isOver; i++) {
          assert.match(await client.get(), /"scheme":"https"/);
          answers++;
        }
        client.destroy();
      }
    };
    const load = Promise.all([1, 1, 5, 50, 1e9].map(keepAsking));
    const reloads = async () => {
      for (let i = 0; i < 12; i++) {
        const { cert, key } = i % 2 === 0 ? next : before;
        folder.write("load.pem", cert, key);
        const from = server.stderr.length;
        server.signal("SIGHUP");
        await server.line("stderr", RELOADED, from);
        const enough = answers + 100;
        while (answers < enough) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    };
    // Whichever fails first is told.
    await Promise.race([load, reloads()]);
    isOver = true;
    await load;
    assert.equal(seen.size, 2);
    assert.doesNotMatch(server.output, /ERROR|WARNING/);
  });
});

describe("server.reloadTls()", () => {
  const options = { port: 0, logLevel: "critical", accessLog: false } as const;

  test("uses the new certificate once it resolves, and the old one if it rejects", async () => {
    const sslCertfile = folder.write("api.pem", before.cert, before.key);
    const server = serve(app, { ...options, sslCertfile });
    const [address] = await server.listening;
    assert.ok(address?.kind === "tcp");
    assert.match(server.url!, /^https:\/\//);
    assert.equal(await shown(address.port), fingerprint(before.cert));
    folder.write("api.pem", next.cert, next.key);
    await server.reloadTls();
    assert.equal(await shown(address.port), fingerprint(next.cert));
    folder.write("api.pem", "nothing");
    await assert.rejects(server.reloadTls(), ConfigError);
    assert.equal(await shown(address.port), fingerprint(next.cert));
    await server.stop();
    await server.reloadTls(); // nothing to do any more
  });

  test("asks the factory again (options:O-056)", async () => {
    let calls = 0;
    const server = serve(app, {
      ...options,
      sslContextFactory: () => {
        const { cert, key } = calls++ === 0 ? before : next;
        return { identities: [{ cert, key }] };
      },
    });
    const [address] = await server.listening;
    assert.ok(address?.kind === "tcp");
    assert.equal(await shown(address.port), fingerprint(before.cert));
    await server.reloadTls();
    assert.equal(await shown(address.port), fingerprint(next.cert));
    await server.stop();
  });

  test("is refused where there is no TLS", async () => {
    const server = serve(app, options);
    await server.listening;
    await assert.rejects(
      server.reloadTls(),
      /^ConfigError: Cannot reload TLS: /,
    );
    await server.stop();
  });
});
