/** Bad certificates, keys and settings: one line that names option and file, and nothing started. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import process from "node:process";
import { after, describe, test } from "node:test";
import {
  expired,
  keyPem,
  ScratchFolder,
  TestAuthority,
} from "../_support/certificates.ts";
import { commandLine, ROOT, RUNTIME } from "../_support/this_runtime.ts";
import { ServerProcess } from "../_support/spawn_server.ts";
import { runProgram } from "../_support/tls_clients.ts";

const folder = new ScratchFolder();
after(() => folder.remove());

const authority = new TestAuthority();
const good = authority.server();
const CERT = folder.write("cert.pem", good.cert);
const KEY = folder.write("key.pem", good.key);
const BOTH = folder.write("both.pem", good.cert, good.key);
const SECRET = folder.write(
  "secret.pem",
  keyPem(good.privateKey, "pkcs8", "s"),
);
const OTHER = folder.write("other.pem", authority.server().key);
const old = authority.server(["localhost"], expired());
const OLD = folder.write("old.pem", old.cert, old.key);
const JOINED = folder.write(
  "joined.pem",
  good.cert.trimEnd(),
  authority.cert,
);
const CUT = folder.write("cut.pem", good.cert, authority.cert.slice(0, -40));
const NONE = `${folder.path}/none.pem`;

/** Starts the command, which must end by itself without a word of the application. */
async function refusal(args: readonly string[], code: 2 | 3): Promise<string> {
  const server = new ServerProcess({
    app: "tls:app",
    args: ["--port", "0", ...args],
  });
  assert.deepEqual(await server.end(), { code, signal: null }, server.output);
  assert.deepEqual(server.stdout, [], "the application was started");
  assert.doesNotMatch(server.output, /running on|Started|startup| at .*\.ts:/i);
  return server.stderr.at(-1)!;
}

describe("a start with TLS that cannot work", () => {
  for (
    const [what, args, code, message] of [
      [
        "a missing certificate",
        ["--ssl-certfile", NONE],
        3,
        /--ssl-certfile ".*none\.pem": it does not exist$/,
      ],
      [
        "a directory",
        ["--ssl-certfile", folder.path],
        3,
        /--ssl-certfile ".*": it is a directory$/,
      ],
      [
        "a certificate without its key",
        ["--ssl-certfile", CERT],
        3,
        /--ssl-certfile ".*cert\.pem": it holds no private key/,
      ],
      [
        "another key",
        ["--ssl-certfile", CERT, "--ssl-keyfile", OTHER],
        3,
        /--ssl-keyfile ".*other\.pem": the private key does not belong/,
      ],
      [
        "an expired certificate",
        ["--ssl-certfile", OLD],
        3,
        /--ssl-certfile ".*old\.pem": the certificate expired on/,
      ],
      [
        "an encrypted key",
        ["--ssl-certfile", CERT, "--ssl-keyfile", SECRET],
        3,
        /--ssl-keyfile ".*secret\.pem": the private key is encrypted, expected --ssl-keyfile-password$/,
      ],
      [
        "a wrong password",
        [
          "--ssl-certfile",
          CERT,
          "--ssl-keyfile",
          SECRET,
          "--ssl-keyfile-password",
          "wrong",
        ],
        3,
        /--ssl-keyfile-password: it does not open the private key in ".*secret\.pem"$/,
      ],
      [
        "authorities that are none",
        ["--ssl-certfile", BOTH, "--ssl-ca-certs", KEY],
        3,
        /--ssl-ca-certs ".*key\.pem": no PEM certificate/,
      ],
      [
        "a chain whose certificates are joined without a line break",
        ["--ssl-certfile", JOINED, "--ssl-keyfile", KEY],
        3,
        /--ssl-certfile ".*joined\.pem": (certificate 1 of )?it is damaged$/,
      ],
      [
        "a chain that is cut off",
        ["--ssl-certfile", CUT, "--ssl-keyfile", KEY],
        3,
        /--ssl-certfile ".*cut\.pem": certificate 2 of it is damaged$/,
      ],
      [
        "unknown ciphers",
        ["--ssl-certfile", BOTH, "--ssl-ciphers", "NO-SUCH"],
        3,
        /--ssl-ciphers "?'?NO-SUCH/,
      ],
      [
        "an unknown version",
        ["--ssl-certfile", BOTH, "--ssl-version", "TLSv1.1"],
        2,
        /'--ssl-version': 'TLSv1\.1' is not one of/,
      ],
      [
        "a key without certificate",
        ["--ssl-keyfile", KEY],
        2,
        /'--ssl-keyfile' without '--ssl-certfile'$/,
      ],
      [
        "two certificates",
        ["--ssl-dev", "--ssl-certfile", BOTH],
        2,
        /'--ssl-dev' together with '--ssl-certfile'/,
      ],
    ] as const
  ) {
    test(`${what} ends it with code ${code} and one line (options:X-003, X-004)`, async () => {
      assert.match(await refusal(args, code), message);
    });
  }

  test("a file that may not be read ends it", {
    skip: process.getuid?.() === 0 && "root may read everything",
  }, async () => {
    const file = folder.write("closed.pem", good.cert, good.key);
    chmodSync(file, 0);
    assert.match(
      await refusal(["--ssl-certfile", file], 3),
      /--ssl-certfile ".*closed\.pem": permission denied$/,
    );
  });

  test("[deno] [bun] native sockets are refused where they lack it", {
    skip: RUNTIME === "node" && "Node has one kind of sockets",
  }, async () => {
    const line = await refusal(["--ssl-certfile", BOTH, "--loop", "native"], 2);
    assert.match(line, /--loop native.*TLS.*--loop node/);
  });

  test(
    "[deno] a file that Deno may not read is told with the flag that helps",
    {
      skip: RUNTIME !== "deno" && "only Deno has permissions",
    },
    async () => {
      const { program } = commandLine("cli.ts");
      const said = await runProgram(program, [
        "run",
        "--no-check",
        "--no-prompt",
        "--allow-net",
        "--allow-env",
        "--allow-sys",
        `--allow-read=${ROOT}`,
        `${ROOT}/cli.ts`,
        "--port",
        "0",
        "--ssl-certfile",
        CERT,
        "--app-dir",
        `${ROOT}/tests/wire/apps`,
        "tls:app",
      ]);
      assert.equal(said.code, 3, said.err);
      assert.match(
        said.err,
        /Cannot read --ssl-certfile ".*cert\.pem": Deno does not allow it, run it with --allow-read=.*cert\.pem\n/,
      );
    },
  );
});
