import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configure } from "../../src/cli/configure.ts";
import { parseFlags } from "../../src/cli/parse_flags.ts";
import {
  amongNames,
  strangeVariables,
  withoutServiceLinks,
} from "../../src/config/environment.ts";
import {
  TEXT_OPTION_NAMES,
  variablesOf,
} from "../../src/config/options/mod.ts";
import { runtime } from "../../src/runtime/mod.ts";

type Variables = Readonly<Record<string, string>>;

function strange(variables: Variables): string[] {
  return strangeVariables(Object.keys(variables), (name) => variables[name]);
}

/** What Kubernetes sets in every pod of the namespace of a service "tricorn" on port 80. */
const LINKS: Variables = {
  TRICORN_SERVICE_HOST: "10.0.0.1",
  TRICORN_SERVICE_PORT: "80",
  TRICORN_SERVICE_PORT_HTTP: "80",
  TRICORN_PORT: "tcp://10.0.0.1:80",
  TRICORN_PORT_80_TCP: "tcp://10.0.0.1:80",
  TRICORN_PORT_80_TCP_PROTO: "tcp",
  TRICORN_PORT_80_TCP_PORT: "80",
  TRICORN_PORT_80_TCP_ADDR: "10.0.0.1",
  TRICORN_PORT_53_UDP: "udp://10.0.0.1:53",
  TRICORN_WEB_SERVICE_HOST: "10.0.0.2",
  TRICORN_WEB_SERVICE_PORT: "80",
  TRICORN_WEB_PORT: "tcp://10.0.0.2:80",
  TRICORN_WEB_PORT_80_TCP: "tcp://10.0.0.2:80",
  TRICORN_SIX_PORT: "tcp://[fd00::1]:80",
};

describe("strangeVariables()", () => {
  for (
    const [name, warning] of [
      ["TRICORN_PROT", "Ignoring TRICORN_PROT: did you mean TRICORN_PORT?"],
      ["TRICORN_HOSTS", "Ignoring TRICORN_HOSTS: did you mean TRICORN_HOST?"],
      [
        "TRICORN_LOGLEVEL",
        "Ignoring TRICORN_LOGLEVEL: did you mean TRICORN_LOG_LEVEL?",
      ],
      [
        "TRICORN_SSL_KEYFILE_PASWORD",
        "Ignoring TRICORN_SSL_KEYFILE_PASWORD: did you mean TRICORN_SSL_KEYFILE_PASSWORD?",
      ],
      [
        "TRICORN_NO_ACCESS_LOG",
        "Ignoring TRICORN_NO_ACCESS_LOG: set TRICORN_ACCESS_LOG to false.",
      ],
      ["tricorn_port", "Ignoring tricorn_port: did you mean TRICORN_PORT?"],
      [
        "Tricorn_Ap",
        "Ignoring Tricorn_Ap: did you mean TRICORN_APP or TRICORN_FD?",
      ],
      ["TRICORN_SOCKETS", "Ignoring TRICORN_SOCKETS: there is no such option."],
      ["TRICORN_", "Ignoring TRICORN_: there is no such option."],
    ] as const
  ) {
    test(`tells of ${name}`, () => {
      const [told] = strange({ [name]: "hunter2" });
      assert.ok(told!.startsWith(`Ignoring ${name}: `), told);
      assert.ok(!told!.includes("hunter2"));
      if (!name.startsWith("Tricorn_")) assert.equal(told, warning);
    });
  }

  test("tells of what is not there yet, and of what does its work", () => {
    for (
      const name of [
        "ENV_FILE_IF_EXISTS",
      ]
    ) {
      const [told] = strange({ [`TRICORN_${name}`]: "1" });
      assert.match(told!, /: there is no such option yet\. Until then, .*\.$/);
    }
  });

  test("escapes and cuts names", () => {
    const [told] = strange({ [`TRICORN_A\n${"B".repeat(999)}`]: "x" });
    assert.match(told!, /^Ignoring TRICORN_A\\nB+: there is no such option\.$/);
    assert.ok(told!.length < 200);
  });

  test("knows the variables of every option, and that of the application", () => {
    const names = TEXT_OPTION_NAMES.flatMap(variablesOf);
    const all = Object.fromEntries(names.map((name) => [name, "x"]));
    assert.deepEqual(
      strange({ ...all, TRICORN_APP: "main:app", TRICORN_INTERNALS: "off" }),
      [],
    );
  });

  test("takes no service link and no empty or foreign variable for a slip of the pen", () => {
    assert.deepEqual(strange(LINKS), []);
    assert.deepEqual(
      strange({ TRICORN_PROT: "", TRICORNE: "x", MY_TRICORN_PROT: "x" }),
      [],
    );
  });

  test("finds on Windows what is written in another case", () => {
    const env = (name: string) =>
      name.toUpperCase() === "TRICORN_PORT" ? "80" : undefined;
    assert.deepEqual(strangeVariables(["Tricorn_Port"], env), []);
  });
});

describe("a service link", () => {
  async function configOf(args: readonly string[], variables: Variables) {
    const warnings: string[] = [];
    const command = parseFlags(["main:app", ...args]);
    assert.ok(command.action === "run");
    const { config } = await configure(command, {
      env: (name) => variables[name],
      setEnv: () => assert.fail("nothing is set"),
      envNames: () => Object.keys(variables),
      onWarning: (message) => void warnings.push(message),
    });
    return { options: config.options, warnings };
  }

  test("is no port, and told once", async () => {
    const { options, warnings } = await configOf([], LINKS);
    assert.equal(options.port, 8000);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^Ignoring TRICORN_PORT: 'tcp:\/\/10\.0\.0\.1:80' is a service link, .*enableServiceLinks: false/,
    );
  });

  test("leaves PORT, other variables and descriptors handed over in force", async () => {
    const { options: fallback } = await configOf([], { ...LINKS, PORT: "81" });
    assert.equal(fallback.port, 81);
    const { options } = await configOf([], {
      ...LINKS,
      TRICORN_HOST: "::1",
      LISTEN_FDS: "1",
      LISTEN_PID: "1",
    });
    assert.equal(options.host, "::1");
    const activated = await configOf([], {
      TRICORN_PORT: "tcp://10.0.0.1:80",
      LISTEN_FDS: "1",
      LISTEN_PID: String(runtime.pid),
    });
    assert.deepEqual(activated.options.bind, ["fd://3"]);
  });

  test("is nobody's business where a flag says the port", async () => {
    const { options, warnings } = await configOf(["--port", "90"], LINKS);
    assert.equal(options.port, 90);
    assert.deepEqual(warnings, []);
  });

  test("of a service called like another option is none of it", () => {
    const env = withoutServiceLinks(
      () => "tcp://10.0.0.1:80",
      () => {},
    );
    assert.equal(env("TRICORN_REUSE_PORT"), undefined);
    assert.equal(env("TRICORN_UDS"), "tcp://10.0.0.1:80");
    assert.equal(env("PORT"), "tcp://10.0.0.1:80");
  });

  test("is an address and a port: anything else in TRICORN_PORT is still an error", async () => {
    for (
      const text of ["tcp://10.0.0.1", "http://10.0.0.1:80", "8o", "tcp:80"]
    ) {
      await assert.rejects(configOf([], { TRICORN_PORT: text }), {
        message: /^Invalid value for '--port': .* TRICORN_PORT\)$/,
      });
    }
  });
});

describe("amongNames()", () => {
  const asked: string[] = [];
  const env = (name: string) => {
    asked.push(name);
    return name === "A" ? "1" : undefined;
  };

  test("asks only for what is there", () => {
    const lookup = amongNames(["A", "Path"], env);
    assert.equal(lookup("A"), "1");
    assert.equal(lookup("B"), undefined);
    assert.deepEqual(asked.splice(0), ["A"]);
  });

  test("leaves the case of names to the system", () => {
    assert.equal(amongNames(["a"], env)("A"), "1");
    assert.deepEqual(asked.splice(0), ["A"]);
  });

  test("asks for everything where names may not be listed", () => {
    const lookup = amongNames([], env);
    assert.equal(lookup("B"), undefined);
    assert.deepEqual(asked.splice(0), ["B"]);
  });
});
