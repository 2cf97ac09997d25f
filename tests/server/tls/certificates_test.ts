/** Exchanging certificates: on demand, and when files change, on a clock the test moves. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { describe, test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import type {
  TlsContext,
  TlsFault,
  TlsSettings,
} from "../../../src/runtime/types.ts";
import { Certificates } from "../../../src/server/tls/certificates.ts";
import { type ScratchFolder, withFolder } from "../../_support/certificates.ts";
import { FakeClock } from "../../_support/fake_clock.ts";
import { FakeLogger } from "../../_support/harness.ts";

const SETTINGS: TlsSettings = {
  identities: [],
  ca: undefined,
  clientCertificates: "none",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  ciphers: undefined,
  alpn: ["http/1.1"],
  handshakeMs: 1000,
};

/** Certificates whose context keeps what it is given, and whose loading the test decides. */
class Bench {
  readonly clock: FakeClock = new FakeClock();
  readonly logger: FakeLogger = new FakeLogger();
  /** What is in use. */
  readonly used: TlsSettings[] = [];
  loads = 0;
  loadFails = false;
  name: "deno" | "bun" | "node" = "node";
  refusal: ((settings: TlsSettings) => string | undefined) | undefined;
  settings: TlsSettings = SETTINGS;
  fault: ((fault: TlsFault) => void) | undefined;

  open(files: readonly string[] = []): Promise<Certificates> {
    const use = (settings: TlsSettings) => {
      const reason = this.refusal?.(settings);
      if (reason !== undefined) throw new Error(reason);
      this.used.push(settings);
    };
    return Certificates.open({
      load: () => {
        this.loads++;
        return this.loadFails
          ? Promise.reject(new ConfigError("Cannot use it", 3))
          : Promise.resolve({ settings: this.settings, summary: "a.test" });
      },
      files,
      runtime: {
        name: this.name,
        every: this.clock.every,
        loadTls: () =>
          Promise.resolve({
            createTls: (settings, onFault) => {
              use(settings);
              this.fault = onFault;
              return { update: use, secure() {} } as TlsContext;
            },
          }),
      },
      logger: this.logger,
    });
  }

  /** Lets one look at the files happen, file system included. */
  async look(): Promise<void> {
    this.clock.advance(2_000);
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

describe("reload()", () => {
  test("uses what it read for handshakes from now on, and says so", async () => {
    const bench = new Bench();
    const certificates = await bench.open();
    bench.settings = { ...SETTINGS, handshakeMs: 2000 };
    await certificates.reload();
    assert.deepEqual(bench.used.map(({ handshakeMs }) => handshakeMs), [
      1000,
      2000,
    ]);
    assert.deepEqual(bench.logger.at("info"), [
      "TLS certificates reloaded: a.test",
    ]);
  });

  test("keeps those of before if the new ones are broken, and says why", async () => {
    const bench = new Bench();
    const certificates = await bench.open();
    bench.loadFails = true;
    await assert.rejects(certificates.reload(), ConfigError);
    assert.equal(bench.used.length, 1);
    assert.deepEqual(bench.logger.at("error"), [
      "TLS certificates not reloaded, those of before stay in use. Cannot use it",
    ]);
    bench.loadFails = false;
    await certificates.reload();
    assert.equal(bench.used.length, 2);
  });

  test("keeps those of before if TLS takes none of the new", async () => {
    const bench = new Bench();
    const certificates = await bench.open();
    bench.refusal = () => "no shared cipher";
    await assert.rejects(
      certificates.reload(),
      /^ConfigError: Cannot use these TLS settings: no shared cipher$/,
    );
    assert.equal(bench.used.length, 1);
  });

  test("does one after the other", async () => {
    const bench = new Bench();
    const certificates = await bench.open();
    bench.loadFails = true;
    const first = certificates.reload();
    const second = certificates.reload();
    await assert.rejects(first);
    bench.loadFails = false;
    await second.catch(() => {});
    await certificates.reload();
    assert.equal(bench.loads, 4);
  });
});

describe("open()", () => {
  test("fails with what is wrong", async () => {
    const bench = new Bench();
    bench.loadFails = true;
    await assert.rejects(bench.open(), ConfigError);
  });

  test("blames the ciphers where there are any, in one line, with exit code 3", async () => {
    const bench = new Bench();
    bench.settings = { ...SETTINGS, ciphers: "NO\nSUCH" };
    bench.refusal = () => "error:0A0000B9:SSL routines::no cipher match\n";
    await assert.rejects(bench.open(), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.exitCode, 3);
      assert.match(
        error.message,
        /^Cannot use --ssl-ciphers "NO.*SUCH": error:.*no cipher match$/,
      );
      return true;
    });
  });
});

describe("watch()", () => {
  async function watching(
    use: (bench: Bench, folder: ScratchFolder) => Promise<void>,
  ) {
    await withFolder(async (folder) => {
      const files = [folder.write("a", "1"), folder.write("b", "1")];
      const bench = new Bench();
      const certificates = await bench.open(files);
      certificates.watch();
      try {
        await use(bench, folder);
      } finally {
        certificates.close();
      }
      assert.equal(bench.clock.isTicking, false);
    });
  }

  test("leaves files alone that do not change", () =>
    watching(async (bench) => {
      for (let i = 0; i < 3; i++) await bench.look();
      assert.equal(bench.loads, 1);
    }));

  test("reloads when two looks agree", () =>
    watching(async (bench, folder) => {
      folder.write("a", "22");
      await bench.look();
      assert.equal(bench.loads, 1);
      await bench.look();
      assert.equal(bench.loads, 2);
      await bench.look();
      assert.equal(bench.loads, 2);
    }));

  test("waits while files are still written", () =>
    watching(async (bench, folder) => {
      folder.write("a", "22");
      await bench.look();
      folder.write("b", "333");
      await bench.look();
      assert.equal(bench.loads, 1);
      await bench.look();
      assert.equal(bench.loads, 2);
    }));

  test("tells once of broken files, and reads them again when they change", () =>
    watching(async (bench, folder) => {
      bench.loadFails = true;
      rmSync(`${folder.path}/a`);
      for (let i = 0; i < 4; i++) await bench.look();
      assert.equal(bench.loads, 2);
      assert.equal(bench.logger.at("error").length, 1);
      bench.loadFails = false;
      folder.write("a", "4444");
      for (let i = 0; i < 3; i++) await bench.look();
      assert.equal(bench.loads, 3);
      assert.equal(bench.used.length, 2);
    }));

  test("has nothing to do where there are no files", async () => {
    const bench = new Bench();
    const certificates = await bench.open();
    certificates.watch();
    assert.equal(bench.clock.isTicking, false);
    certificates.close();
  });
});

describe("a handshake that fails", () => {
  async function told(
    fault: Partial<TlsFault>,
    name: Bench["name"] = "node",
  ) {
    const bench = new Bench();
    bench.name = name;
    await bench.open();
    bench.logger.lines.length = 0;
    bench.fault!({
      kind: "other",
      message: "x",
      remoteAddress: { kind: "tcp", host: "192.0.2.1", port: 5 },
      ...fault,
    });
    return bench.logger.lines.map(({ level, message }) =>
      `${level}: ${message}`
    );
  }

  test("says that plain HTTP came to a TLS port", async () => {
    assert.deepEqual(
      await told({ kind: "plainHttp", message: "http request" }),
      [
        "warning: Invalid HTTP request received. Cannot read TLS handshake: plain HTTP arrived on " +
        "a port that speaks HTTPS",
        "debug: 192.0.2.1:5 - TLS handshake failed (plainHttp): http request",
      ],
    );
  });

  test("says at info level that a client certificate was refused", async () => {
    const lines = await told({
      kind: "clientCertificate",
      message: "self-signed certificate",
    });
    assert.equal(
      lines[0],
      "info: TLS handshake failed: client certificate refused (self-signed certificate)",
    );
  });

  for (const name of ["deno", "bun", "node"] as const) {
    test(`says on Deno alone what else an unsigned certificate may be (${name})`, async () => {
      const [line] = await told({
        kind: "clientCertificate",
        message: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      }, name);
      assert.equal(
        /X\.509 version 1/.test(line!),
        name === "deno",
      );
    });
  }

  test("is no news otherwise: whoever scans ports must not fill the log", async () => {
    assert.deepEqual(await told({ kind: "timeout" }), [
      "debug: 192.0.2.1:5 - TLS handshake failed (timeout): x",
    ]);
    const [line] = await told({
      message: `bad\r\nERROR: forged \x1b[31m${"x".repeat(500)}`,
      remoteAddress: { kind: "unix", path: "" },
    });
    assert.match(line!, /^debug: TLS handshake failed \(other\): bad ERROR: /);
    assert.ok(line!.length < 300);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(line!, /[\r\n\x1b]/);
  });
});
