/**
 * Certificates as users get them: certbot's deploy hook of examples/deploy/ exchanges them under a
 * server that runs, and mkcert's are believed by who believes its authority.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ScratchFolder, TestAuthority } from "../_support/certificates.ts";
import { needsProgram } from "../_support/needs.ts";
import { withServer } from "../_support/spawn_server.ts";
import { ROOT } from "../_support/this_runtime.ts";
import { curl, runProgram, type Said } from "../_support/tls_clients.ts";

const HOOK = join(ROOT, "examples/deploy/certificates/reload-shop.sh");
const folder = new ScratchFolder();
after(() => folder.remove());
const authority = new TestAuthority();
const CA = folder.write("ca.pem", authority.cert);

/** Writes a certificate as certbot does after it has renewed one. */
function renew(lineage: string): void {
  mkdirSync(lineage, { recursive: true });
  const { cert, key } = authority.server(["shop.example", "127.0.0.1"]);
  writeFileSync(join(lineage, "fullchain.pem"), cert + authority.cert);
  writeFileSync(join(lineage, "privkey.pem"), key);
}

const serial = async (port: number) => {
  const { out } = await runProgram("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${port}`],
    ...["-servername", "shop.example"],
  ]);
  return (await runProgram("openssl", ["x509", "-noout", "-serial"], out)).out;
};

test("certbot's hook gives the server what it may read, and tells it", {
  skip: needsProgram("openssl") || needsProgram("curl"),
}, async () => {
  const lineage = join(folder.path, "live/shop.example");
  const target = join(folder.path, "tls");
  const pidFile = join(folder.path, "shop.pid");
  const hook = (domains: string): Promise<Said> =>
    runProgram("env", [
      `RENEWED_DOMAINS=${domains}`,
      `RENEWED_LINEAGE=${lineage}`,
      `SHOP_TLS=${target}`,
      `SHOP_USER=${process.getuid!()}`,
      `SHOP_PID=${pidFile}`,
      HOOK,
    ]);
  renew(lineage);
  assert.deepEqual(await hook("other.example"), { code: 0, out: "", err: "" });
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.startsWith("tls")),
    [],
  );
  assert.deepEqual(await hook("shop.example www.shop.example"), {
    code: 0,
    out: "",
    err: "",
  });
  assert.equal(statSync(join(target, "privkey.pem")).mode & 0o777, 0o400);
  await withServer({
    app: "fronted:app",
    args: [
      ...["--ssl-certfile", join(target, "fullchain.pem")],
      ...["--ssl-keyfile", join(target, "privkey.pem")],
      ...["--pid-file", pidFile],
    ],
  }, async (server) => {
    const url = `https://127.0.0.1:${server.port}/p`;
    assert.equal((await curl("--cacert", CA, url)).code, 0);
    const first = await serial(server.port);
    renew(lineage);
    assert.equal((await hook("shop.example")).code, 0);
    await server.line("stderr", /TLS certificates reloaded/);
    while (await serial(server.port) === first) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal((await curl("--cacert", CA, url)).code, 0);
    // The folder of before is gone.
    assert.equal(
      readdirSync(folder.path).filter((name) => name.startsWith("tls.")).length,
      1,
    );
  });
});

test("mkcert's certificate is believed by who believes its authority", {
  skip: needsProgram("mkcert") || needsProgram("curl"),
}, async () => {
  const cert = join(folder.path, "mkcert.pem");
  const key = join(folder.path, "mkcert-key.pem");
  const made = await runProgram("env", [
    ...[`CAROOT=${folder.path}`, "mkcert"],
    ...["-cert-file", cert, "-key-file", key, "localhost", "127.0.0.1"],
  ]);
  assert.equal(made.code, 0, made.err);
  await withServer({
    app: "fronted:app",
    args: ["--ssl-certfile", cert, "--ssl-keyfile", key],
  }, async (server) => {
    const said = await curl(
      ...["--cacert", join(folder.path, "rootCA.pem")],
      `https://127.0.0.1:${server.port}/p`,
    );
    assert.equal(said.code, 0, said.err);
    assert.equal(JSON.parse(said.out).scheme, "https");
  });
});
