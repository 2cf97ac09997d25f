import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { configure, type Configured } from "../../src/cli/configure.ts";
import { parseFlags } from "../../src/cli/parse_flags.ts";
import type { OptionsInput } from "../../src/config/options/mod.ts";
import { runtime } from "../../src/runtime/mod.ts";

type Variables = Readonly<Record<string, string>>;

interface Told extends Configured {
  readonly warnings: readonly string[];
  /** The environment afterwards. */
  readonly variables: Variables;
}

async function configured(
  args: string | readonly string[],
  given: Variables = {},
): Promise<Told> {
  const warnings: string[] = [];
  const variables: Record<string, string> = { ...given };
  const command = parseFlags(
    typeof args === "string" ? args.split(" ").filter(Boolean) : args,
  );
  assert.ok(command.action === "run");
  const result = await configure(command, {
    env: (name) => variables[name],
    setEnv: (name, value) => {
      variables[name] = value;
      return true;
    },
    envNames: () => Object.keys(variables),
    onWarning: (message) => void warnings.push(message),
  });
  return { ...result, warnings, variables };
}

for (
  const [what, args, variables, expected] of [
    ["the default", "", {}, { port: 8000 }],
    ["a variable over the default", "", { TRICORN_PORT: "81" }, { port: 81 }],
    // options:E-012
    ["PORT over the default", "", { PORT: "82" }, { port: 82 }],
    [
      "a flag over a variable",
      "--port 80",
      { TRICORN_PORT: "81", PORT: "82" },
      { port: 80 },
    ],
    [
      "a flag over a variable that is wrong",
      "--port 80",
      { TRICORN_PORT: "x" },
      { port: 80 },
    ],
    ["a flag that says no over a variable that says yes", "--no-access-log", {
      TRICORN_ACCESS_LOG: "1",
    }, { accessLog: false }],
    ["--uds over every variable for a port", "--uds a.sock", {
      PORT: "82",
      TRICORN_HOST: "h",
    }, { uds: "a.sock" }],
    ["--port over a variable for a UNIX socket", "--port 80", {
      TRICORN_UDS: "a.sock",
    }, {
      uds: undefined,
      port: 80,
    }],
  ] as readonly (readonly [string, string, Variables, OptionsInput])[]
) {
  test(`configure() puts ${what}`, async () => {
    const { config } = await configured(`main:app ${args}`, variables);
    const { options } = config;
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(options[name as keyof OptionsInput], value);
    }
  });
}

test("configure() takes the application from a variable, but rather from the arguments", async () => {
  const variables = { TRICORN_APP: "other:app" };
  const { config } = await configured("main:app", variables);
  assert.equal(config.app, "main:app");
  assert.equal((await configured("", variables)).config.app, "other:app");
});

for (const variables of [{}, { TRICORN_APP: "" }] as readonly Variables[]) {
  test(`configure() misses the application with ${JSON.stringify(variables)}`, async () => {
    await assert.rejects(configured("--port 80", variables), {
      name: "ConfigError",
      message: "Missing argument 'APP'.",
    });
  });
}

const ACTIVATED = { LISTEN_FDS: "2", LISTEN_PID: String(runtime.pid) };

for (
  const [what, args, variables, bind] of [
    ["takes sockets that were handed over", "", {}, ["fd://3", "fd://4"]],
    ["takes them rather than PORT", "", { PORT: "80" }, ["fd://3", "fd://4"]],
    ["prefers --fd", "--fd 4", {}, undefined],
    ["prefers --host", "--host ::1", {}, undefined],
    ["prefers --bind", "--bind :80", {}, [":80"]],
    ["prefers a variable", "", { TRICORN_PORT: "80" }, undefined],
    ["prefers a variable", "", { TRICORN_BIND: ":80" }, [":80"]],
  ] as readonly (readonly [string, string, Variables, unknown])[]
) {
  test(`configure() ${what} ${JSON.stringify(variables)} (wishes:N-007)`, async () => {
    const { config } = await configured(`main:app ${args}`, {
      ...ACTIVATED,
      ...variables,
    });
    assert.deepEqual(config.options.bind, bind);
  });
}

for (
  const [what, args, variables, bind] of [
    ["listens there", "", {}, ["tcp"]],
    ["does so rather than by PORT", "", { PORT: "80" }, ["tcp"]],
    ["prefers sockets that were handed over", "", ACTIVATED, "fds"],
    ["prefers --port", "--port 80", {}, undefined],
    ["prefers --uds", "--uds a.sock", {}, undefined],
    ["prefers --bind", "--bind :80", {}, [":80"]],
    ["prefers a variable of ours", "", { TRICORN_HOST: "::1" }, undefined],
  ] as readonly (readonly [string, string, Variables, unknown])[]
) {
  test(`configure() with DENO_SERVE_ADDRESS ${what} on Deno, and ignores it elsewhere`, async () => {
    const bound = async (more: Variables) =>
      (await configured(`main:app ${args}`, { ...more, ...variables })).config
        .options.bind;
    const address = "tcp:0.0.0.0:8080";
    const expected = bind === "fds"
      ? ["fd://3", "fd://4"]
      : Array.isArray(bind) && bind[0] === "tcp"
      ? runtime.name === "deno" ? ["0.0.0.0:8080"] : undefined
      : bind;
    assert.deepEqual(
      await bound({ DENO_SERVE_ADDRESS: address }),
      expected,
    );
  });
}

test("configure() names the variable that says where to listen", async () => {
  const { given } = await configured("main:app", ACTIVATED);
  assert.equal(given.nameOf("bind"), "LISTEN_FDS");
});

test("configure() warns of sockets for another process, and goes on with the defaults", async () => {
  const { config, warnings } = await configured("main:app", {
    LISTEN_FDS: "1",
    LISTEN_PID: "1",
  });
  assert.equal(config.options.port, 8000);
  assert.equal(config.options.bind, undefined);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^Ignoring LISTEN_FDS: LISTEN_PID is '1'/);
});

test("configure() refuses --uds beside --port", async () => {
  await assert.rejects(configured("main:app --uds a.sock --port 80"), {
    name: "ConfigError",
    message:
      "Cannot use '--uds' together with '--port': they name different places to listen",
  });
});

test("configure() asks only for variables of the table, so that Deno may allow just those", async () => {
  const asked: string[] = [];
  await configure({ action: "run", app: "main:app", options: {} }, {
    env: (name) => {
      asked.push(name);
      return undefined;
    },
    setEnv: () => assert.fail("nothing is set"),
    envNames: () => [],
    onWarning: assert.fail,
  });
  for (const name of asked) {
    assert.match(
      name,
      /^(TRICORN_[A-Z0-9_]+|PORT|WEB_CONCURRENCY|FORWARDED_ALLOW_IPS|LISTEN_FDS|LISTEN_PID|DENO_SERVE_ADDRESS)$/,
    );
  }
});

const folder = mkdtempSync(join(tmpdir(), "tricorn-configure-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("--env-file", () => {
  test("sets what is not set already; the first file wins over the next (options:O-007)", async () => {
    const first = file("first.env", "A=first\nB=first\nEMPTY=first\n");
    const second = file("second.env", "B=second\nC=${B}, ${A}\n");
    const { variables, envFiles, config } = await configured(
      `main:app --env-file ${first} --env-file=${second}`,
      { A: "set", EMPTY: "" },
    );
    assert.deepEqual(variables, {
      A: "set",
      EMPTY: "",
      B: "first",
      C: "first, set",
    });
    assert.deepEqual(envFiles, [first, second]);
    // The application must not read them once more.
    assert.deepEqual(config.options.envFile, []);
  });

  test("may hold variables of options, below those of the process (options:E-010)", async () => {
    const path = file(
      "options.env",
      "TRICORN_PORT=81\nTRICORN_APP=file:app\nTRICORN_HOST=::1\nTRICORN_PROT=1\n",
    );
    const { config, warnings } = await configured(`--env-file ${path}`, {
      TRICORN_HOST: "::",
    });
    assert.equal(config.app, "file:app");
    assert.equal(config.options.port, 81);
    assert.equal(config.options.host, "::");
    assert.deepEqual(warnings, [
      "Ignoring TRICORN_PROT: did you mean TRICORN_PORT?",
    ]);
    const flagged = await configured(`--env-file ${path} --port 82`);
    assert.equal(flagged.config.options.port, 82);
  });

  test("may hold PORT and FORWARDED_ALLOW_IPS", async () => {
    const path = file("port.env", "PORT=83\nFORWARDED_ALLOW_IPS=10.0.0.1");
    const { config } = await configured(`main:app --env-file ${path}`);
    assert.equal(config.options.port, 83);
    assert.deepEqual(config.options.forwardedAllowIps, ["10.0.0.1"]);
  });

  test("is a list of paths as a variable, which names no further file from inside of one", async () => {
    const first = file("a b.env", `A=1\nTRICORN_ENV_FILE=${folder}/none.env\n`);
    const second = file("c.env", "B=2");
    const separator = runtime.platform === "win32" ? ";" : ":";
    const { variables } = await configured("main:app", {
      TRICORN_ENV_FILE: [first, second].join(separator),
    });
    assert.equal(variables.A, "1");
    assert.equal(variables.B, "2");
  });

  for (
    const [behaviour, args, variables, message] of [
      [
        "a file that does not exist",
        "--env-file none.env",
        {},
        "Cannot read environment file 'none.env' of '--env-file': it does not exist",
      ],
      [
        "a folder",
        "",
        { TRICORN_ENV_FILE: "." },
        "Cannot read environment file '.' of TRICORN_ENV_FILE: it is a directory",
      ],
      [
        "an empty path",
        "--env-file=",
        {},
        "Invalid value for '--env-file': '' is not a path.",
      ],
    ] as const
  ) {
    test(`refuses ${behaviour}`, async () => {
      await assert.rejects(configured(`main:app ${args}`, variables), {
        name: "ConfigError",
        exitCode: 2,
        message,
      });
    });
  }

  test("names file and line of what cannot be read, and shows no value", async () => {
    const path = file("bad.env", "A=1\nSECRET hunter2\n");
    await assert.rejects(configured(`main:app --env-file ${path}`), {
      message:
        `Cannot read environment file '${path}' of '--env-file', line 2: expected "=" after the name`,
    });
  });
});

describe("--config", () => {
  test("is below variables and flags, above defaults (options:E-008)", async () => {
    const path = file(
      "order.json",
      JSON.stringify({ port: 1, host: "h", backlog: 9, app: "file:app" }),
    );
    const { config, given, configFile } = await configured(
      `--config ${path} --port 3`,
      { TRICORN_PORT: "2", TRICORN_HOST: "v" },
    );
    const { port, host, backlog, lifespan } = config.options;
    assert.deepEqual([port, host, backlog, lifespan], [3, "v", 9, "auto"]);
    assert.equal(config.app, "file:app");
    assert.equal(given.nameOf("port"), "'--port'");
    assert.equal(given.nameOf("host"), "TRICORN_HOST");
    assert.equal(given.nameOf("backlog"), `"backlog" in '${path}'`);
    assert.equal(configFile, path);
  });

  test("names an application that gives way to a variable and an argument", async () => {
    const path = file("app.json", JSON.stringify({ app: "file:app" }));
    const variables = { TRICORN_CONFIG: path, TRICORN_APP: "variable:app" };
    assert.equal((await configured("", variables)).config.app, "variable:app");
    assert.equal((await configured("x:y", variables)).config.app, "x:y");
    const { config } = await configured("", { ...variables, TRICORN_APP: "" });
    assert.equal(config.app, "file:app");
  });

  test("of an empty text is no file", async () => {
    const { configFile } = await configured(["main:app", "--config", ""], {
      TRICORN_CONFIG: "none.json",
    });
    assert.equal(configFile, undefined);
  });

  test("may name files of variables, unless a flag does", async () => {
    const named = file("named.env", "A=named\nTRICORN_PORT=7");
    const other = file("other.env", "B=other");
    const path = file("files.json", JSON.stringify({ envFile: named }));
    const told = await configured(`main:app --config ${path}`);
    assert.equal(told.variables.A, "named");
    assert.equal(told.config.options.port, 7);
    assert.deepEqual(told.envFiles, [named]);
    const flagged = await configured(
      `main:app --config ${path} --env-file ${other}`,
    );
    assert.equal(flagged.variables.A, undefined);
    assert.equal(flagged.variables.B, "other");
  });

  test("with a UNIX socket is not overruled by PORT, but by TRICORN_PORT", async () => {
    const path = file("uds.json", JSON.stringify({ uds: "a.sock" }));
    const args = `main:app --config ${path}`;
    assert.equal(
      (await configured(args, { PORT: "80" })).config.options.uds,
      "a.sock",
    );
    const { options } = (await configured(args, { TRICORN_PORT: "80" })).config;
    assert.deepEqual([options.uds, options.port], [undefined, 80]);
  });

  test("with a port gives way to PORT", async () => {
    const path = file("port.json", JSON.stringify({ port: 1 }));
    const { config } = await configured(`main:app --config ${path}`, {
      PORT: "80",
    });
    assert.equal(config.options.port, 80);
  });

  test("with an address takes no sockets that were handed over", async () => {
    const path = file("host.json", JSON.stringify({ host: "::1" }));
    const { config } = await configured(
      `main:app --config ${path}`,
      ACTIVATED,
    );
    assert.equal(config.options.bind, undefined);
  });

  test("names itself where options conflict", async () => {
    const path = file("both.json", JSON.stringify({ uds: "a", port: 1 }));
    await assert.rejects(configured(`main:app --config ${path}`), {
      message:
        `Cannot use "uds" in '${path}' together with "port" in '${path}': ` +
        "they name different places to listen",
    });
  });
});

test("a wrong variable is told with the file and line that set it", async () => {
  const path = file("wrong.env", "A=1\n\nTRICORN_PORT=x");
  await assert.rejects(configured(`main:app --env-file ${path}`), {
    message:
      "Invalid value for '--port': 'x' is not a valid integer. (from the environment " +
      `variable TRICORN_PORT in '${path}', line 3)`,
  });
});
