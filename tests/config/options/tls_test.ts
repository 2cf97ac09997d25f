/** Options of TLS: their values, and what they demand of each other. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseFlags } from "../../../src/cli/parse_flags.ts";
import { flagLayer, mergeLayers } from "../../../src/config/layers.ts";
import type { OptionsInput } from "../../../src/config/options/mod.ts";
import { tlsVersions, usesTls } from "../../../src/config/options/tls.ts";
import {
  environmentLayer,
  resolveOptions,
} from "../../../src/config/resolve.ts";
import { ConfigError } from "../../../src/errors.ts";

const CERT = { sslCertfile: "cert.pem" };
const factory = () => ({ identities: [] });

/** As a program without types would give them. */
function resolve(input: Record<string, unknown>) {
  return resolveOptions(input as OptionsInput);
}

function optionsOf(
  args: readonly string[],
  variables: Record<string, string> = {},
) {
  const command = parseFlags(["main:app", ...args]);
  assert.ok(command.action === "run");
  const { options } = command;
  const environment = environmentLayer(
    (name) => variables[name],
    (name) => options[name] !== undefined,
  );
  const { values } = mergeLayers([flagLayer(options), environment]);
  return resolveOptions(values);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 2);
    return error.message;
  }
  assert.fail("Accepted");
}

describe("values", () => {
  for (
    const [given, meant] of [
      ["none", "none"],
      ["optional", "optional"],
      ["required", "required"],
      [0, "none"],
      [1, "optional"],
      [2, "required"],
      ["2", "required"],
    ]
  ) {
    test(`sslCertReqs ${given} is "${meant}" (options:O-053)`, () => {
      const input = { ...CERT, sslCaCerts: "ca.pem", sslCertReqs: given };
      assert.equal(resolve(input).sslCertReqs, meant);
    });
  }

  for (
    const [given, min, max] of [
      ["TLSv1.2", "TLSv1.2", "TLSv1.2"],
      ["1.3", "TLSv1.3", "TLSv1.3"],
      [2, "TLSv1.2", "TLSv1.3"],
      ["17", "TLSv1.2", "TLSv1.3"],
      ["default", "TLSv1.2", "TLSv1.3"],
    ]
  ) {
    test(`sslVersion ${given} allows ${min} to ${max} (options:O-052)`, () => {
      const options = resolve({ ...CERT, sslVersion: given });
      assert.deepEqual(tlsVersions(options), { min, max });
    });
  }

  test("oldest and newest version are options of their own", () => {
    const options = resolve({ ...CERT, sslMinVersion: "1.3" });
    assert.deepEqual(tlsVersions(options), { min: "TLSv1.3", max: "TLSv1.3" });
  });

  test("certificates for further names are files, with or without a comma between", () => {
    const args = ["--ssl-certfile", "a", "--ssl-sni", "b,c", "--ssl-sni", "d"];
    assert.deepEqual(optionsOf(args).sslSni, [
      { certfile: "b", keyfile: "c" },
      { certfile: "d", keyfile: undefined },
    ]);
    const options = resolve({ ...CERT, sslSni: [{ certfile: "b" }] });
    assert.ok(Object.isFrozen(options.sslSni));
    assert.ok(Object.isFrozen(options.sslSni[0]));
  });

  test("a certificate, a factory or the wish for one switches TLS on", () => {
    assert.equal(usesTls(resolve({})), false);
    assert.equal(usesTls(resolve({ sslDev: false })), false);
    assert.equal(usesTls(resolve(CERT)), true);
    assert.equal(usesTls(resolve({ sslDev: true })), true);
    assert.equal(usesTls(resolve({ sslContextFactory: factory })), true);
  });

  for (
    const [args, message] of [
      [
        ["--ssl-cert-reqs", "3"],
        "Invalid value for '--ssl-cert-reqs': '3' is not one of 'none', 'optional', 'required'.",
      ],
      [
        ["--ssl-version", "3"],
        "Invalid value for '--ssl-version': '3' is not one of 'default', 'TLSv1.2', 'TLSv1.3'.",
      ],
      [
        ["--ssl-version", "TLSv1"],
        "Invalid value for '--ssl-version': 'TLSv1' is not one of 'default', 'TLSv1.2', 'TLSv1.3'.",
      ],
      [
        ["--ssl-min-version", "SSLv3"],
        "Invalid value for '--ssl-min-version': 'SSLv3' is not one of 'TLSv1.2', 'TLSv1.3'.",
      ],
      [
        ["--ssl-certfile", ""],
        "Invalid value for '--ssl-certfile': '' is not a path.",
      ],
      [
        ["--ssl-sni", "a,b,c"],
        "Invalid value for '--ssl-sni': 'a,b,c' is not of the form 'CERTFILE[,KEYFILE]'.",
      ],
      [
        ["--ssl-sni", ",b"],
        "Invalid value for '--ssl-sni': ',b' is not of the form 'CERTFILE[,KEYFILE]'.",
      ],
      [
        ["--ssl-sni", "a,"],
        "Invalid value for '--ssl-sni': 'a,' is not of the form 'CERTFILE[,KEYFILE]'.",
      ],
      [
        ["--timeout-tls-handshake", "0"],
        "Invalid value for '--timeout-tls-handshake': 0 is not in the range 0.1<=x<=2147483.",
      ],
      [
        ["--ssl-context-factory", "x"],
        "No such option '--ssl-context-factory'.",
      ],
    ] as const
  ) {
    test(`refuses ${args.join(" ")}`, () => {
      assert.equal(refusal(() => optionsOf(args)).split(" Did")[0], message);
    });
  }

  for (
    const [input, message] of [
      [
        { sslContextFactory: "main:tls" },
        `Cannot use option "sslContextFactory": 'main:tls' is not a function`,
      ],
      [
        { sslSni: ["a"] },
        `Cannot use option "sslSni": 'a' is not an object with the paths certfile and keyfile`,
      ],
      [
        { sslSni: [{ keyfile: "a" }] },
        `Cannot use option "sslSni": an object is not an object with the paths certfile and keyfile`,
      ],
      [
        { sslCertReqs: 3 },
        `Cannot use option "sslCertReqs": 3 is not one of 'none', 'optional', 'required'`,
      ],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(input)} of a program`, () => {
      assert.equal(refusal(() => resolve(input)), message);
    });
  }

  test("a variable is no way to give a function", () => {
    const options = optionsOf([], { TRICORN_SSL_CONTEXT_FACTORY: "x" });
    assert.equal(options.sslContextFactory, undefined);
  });
});

describe("options together", () => {
  for (
    const [args, message] of [
      [
        // options:B-006
        ["--ssl-keyfile", "k"],
        "Cannot use '--ssl-keyfile' without '--ssl-certfile'",
      ],
      [
        ["--ssl-keyfile", "k", "--ssl-ciphers", "x"],
        "Cannot use '--ssl-keyfile' without '--ssl-certfile'",
      ],
      [["--ssl-sni", "a"], "Cannot use '--ssl-sni' without '--ssl-certfile'"],
      [
        ["--ssl-keyfile-password", "p"],
        "Cannot use '--ssl-keyfile-password' without '--ssl-certfile'",
      ],
      [
        ["--ssl-ciphers", "x"],
        "Cannot use '--ssl-ciphers' without '--ssl-certfile'",
      ],
      [
        ["--ssl-min-version", "1.3"],
        "Cannot use '--ssl-min-version' without '--ssl-certfile'",
      ],
      [
        ["--ssl-ca-certs", "c", "--ssl-cert-reqs", "2"],
        "Cannot use '--ssl-ca-certs' without '--ssl-certfile'",
      ],
      [
        ["--ssl-certfile", "c", "--ssl-cert-reqs", "2"],
        "Cannot use '--ssl-cert-reqs' without '--ssl-ca-certs': no certificate could be verified",
      ],
      [
        [
          "--ssl-certfile",
          "c",
          "--ssl-min-version",
          "1.3",
          "--ssl-max-version",
          "1.2",
        ],
        "Cannot use '--ssl-min-version' together with '--ssl-max-version': the oldest version is newer than the newest",
      ],
      [
        [
          "--ssl-certfile",
          "c",
          "--ssl-version",
          "1.3",
          "--ssl-min-version",
          "1.2",
        ],
        "Cannot use '--ssl-version' together with '--ssl-min-version': they name different versions of TLS",
      ],
      [
        ["--ssl-dev", "--ssl-certfile", "c"],
        "Cannot use '--ssl-dev' together with '--ssl-certfile': they name different certificates",
      ],
      [
        ["--ssl-dev", "--ssl-keyfile", "k"],
        "Cannot use '--ssl-dev' together with '--ssl-keyfile': they name different certificates",
      ],
    ] as const
  ) {
    test(`refuses ${args.join(" ")} (options:B-006)`, () => {
      assert.equal(refusal(() => optionsOf(args)), message);
    });
  }

  test("names the variable where it was one", () => {
    assert.equal(
      refusal(() => optionsOf([], { TRICORN_SSL_KEYFILE: "k" })),
      "Cannot use TRICORN_SSL_KEYFILE without '--ssl-certfile'",
    );
  });

  test("names the option where a program gave it", () => {
    assert.equal(
      refusal(() => resolve({ sslKeyfile: "k" })),
      'Cannot use "sslKeyfile" without "sslCertfile"',
    );
    assert.equal(
      refusal(() => resolve({ sslDev: true, sslContextFactory: factory })),
      'Cannot use "sslContextFactory" together with "sslDev": they name different certificates',
    );
  });

  test("a flag takes the place of a variable it excludes", () => {
    const options = optionsOf(["--ssl-certfile", "c"], {
      TRICORN_SSL_DEV: "1",
    });
    assert.equal(options.sslDev, false);
    assert.equal(options.sslCertfile, "c");
  });

  test("a wish that is off is in nobody's way", () => {
    assert.equal(resolve({ ...CERT, sslDev: false }).sslCertfile, "cert.pem");
    assert.equal(
      optionsOf(["--ssl-certfile", "c"], { TRICORN_SSL_DEV: "0" }).sslDev,
      false,
    );
  });

  test("what asks for nothing needs no certificate", () => {
    const options = resolve({ sslCertReqs: 0, sslVersion: 17, sslSni: [] });
    assert.equal(usesTls(options), false);
  });

  test("a factory may find key, authorities and names where it likes", () => {
    const input = {
      sslContextFactory: factory,
      sslCertReqs: 2,
      sslKeyfile: "k",
    };
    assert.equal(resolve(input).sslKeyfile, "k");
  });
});
