import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { describe, test } from "node:test";
import {
  OPTION_NAMES,
  OPTIONS,
  type Options,
  type OptionsInput,
  variablesOf,
} from "../../src/config/options/mod.ts";
import { environmentLayer, resolveOptions } from "../../src/config/resolve.ts";
import { ConfigError } from "../../src/errors.ts";

type Name = keyof Options;

/** Tests give what the types forbid. */
function resolveAny(input: unknown): Options {
  return resolveOptions(input as OptionsInput);
}

function environment(
  variables: Readonly<Record<string, string>>,
): (name: string) => string | undefined {
  return (name) => variables[name];
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(
      error instanceof ConfigError,
      `expected a ConfigError, got ${error}`,
    );
    assert.equal(error.exitCode, 2);
    assert.ok(!error.message.includes("\n"));
    return error.message;
  }
  throw new Error("expected a ConfigError");
}

describe("resolveOptions()", () => {
  test("gives the documented defaults", () => {
    assert.deepEqual(resolveOptions({}), {
      factory: false,
      interface: "auto",
      adopt: false,
      appDir: undefined,
      envFile: [],
      lifespan: "auto",
      timeoutLifespan: 60,
      timeoutReadPause: 300,
      timeoutRequest: 0,
      uncaughtErrors: "auto",
      resetContextvars: false,
      pidFile: undefined,
      controlSocket: undefined,
      upgradeProbe: undefined,
      adminBind: undefined,
      adminPublic: false,
      timeoutLiveness: 10,
      healthPath: undefined,
      readyProbe: undefined,
      watchdog: undefined,
      channels: undefined,
      metrics: undefined,
      metricsRegistry: undefined,
      statsdHost: undefined,
      statsdPrefix: "",
      statsdTags: "",
      otel: false,
      otelContext: "trusted",
      tracingChannels: false,
      host: "127.0.0.1",
      port: 8000,
      uds: undefined,
      udsMode: 0o666,
      fd: undefined,
      bind: undefined,
      sockets: undefined,
      requestIdHeader: undefined,
      reusePort: false,
      ipv6Only: false,
      reload: false,
      reloadDirs: [],
      reloadIncludes: [],
      reloadExcludes: [],
      reloadDelay: 0.25,
      reloadTimeout: 1,
      reloadPoll: false,
      backlog: 2048,
      proxyProtocol: false,
      loop: "auto",
      sslCertfile: undefined,
      sslKeyfile: undefined,
      sslKeyfilePassword: undefined,
      sslSni: [],
      sslCaCerts: undefined,
      sslCertReqs: "none",
      sslMinVersion: "TLSv1.2",
      sslMaxVersion: "TLSv1.3",
      sslVersion: "default",
      sslCiphers: undefined,
      sslDev: false,
      sslContextFactory: undefined,
      http: "auto",
      rootPath: "",
      rootPathMode: "prefix",
      headers: [],
      serverHeader: true,
      dateHeader: true,
      earlyHints: false,
      // options:O-042
      proxyHeaders: true,
      forwardedHeaders: ["x-forwarded-for", "x-forwarded-proto"],
      // process:P-123
      forwardedAllowIps: ["127.0.0.1", "::1"],
      sendAfterDisconnect: "raise",
      ws: "auto",
      wsMaxSize: 16 * 1024 * 1024,
      wsMaxInflateRatio: 200,
      wsMaxQueue: 32,
      wsPingInterval: 20,
      wsPingTimeout: 20,
      wsPerMessageDeflate: true,
      wsCloseTimeout: 10,
      wsHandshakeTimeout: 60,
      timeoutKeepAlive: 5,
      timeoutFirstByte: 75,
      timeoutRequestHead: 30,
      timeoutRequestBody: 60,
      timeoutWriteStall: 60,
      timeoutTlsHandshake: 10,
      timeoutGracefulShutdown: 30,
      shutdownDelay: 0,
      limitRequestHead: 65536,
      limitRequestTarget: 16384,
      limitRequestFields: 128,
      limitRequestBody: undefined,
      minBodyRate: 240,
      limitConnections: undefined,
      limitConnectionsPerClient: undefined,
      limitConcurrency: undefined,
      limitConcurrencyWait: 0,
      limitMaxRequests: undefined,
      limitMaxRequestsJitter: 0,
      workers: 1,
      workerMemory: 256,
      timeoutWorkerHealthcheck: 5,
      timeoutWorkerReady: 120,
      workerMaxAge: undefined,
      workerMaxAgeJitter: 0,
      workerMaxMemory: undefined,
      logLevel: undefined,
      logFormat: "text",
      logTimestamps: false,
      logConfig: undefined,
      logSink: undefined,
      accessLog: true,
      accessLogExclude: [],
      accessLogFile: undefined,
      accessLogFormat: "uvicorn",
      accessLogSample: 1,
      useColors: undefined,
    });
  });

  test("takes undefined for the default", () => {
    const input = Object.fromEntries(
      OPTION_NAMES.map((name) => [name, undefined]),
    );
    assert.deepEqual(resolveAny(input), resolveOptions({}));
  });

  test("accepts every default as a value", () => {
    for (const name of OPTION_NAMES) {
      const value = OPTIONS[name].default;
      assert.deepEqual(resolveAny({ [name]: value })[name], value, name);
    }
  });

  test("is frozen, lists included", () => {
    assert.ok(Object.isFrozen(resolveOptions({})));
    assert.ok(Object.isFrozen(resolveOptions({}).headers));
    assert.ok(
      Object.isFrozen(resolveOptions({ headers: [["a", "b"]] }).headers),
    );
  });

  test("brings values into their normal form", () => {
    const options = resolveAny({
      logLevel: "WARNING",
      rootPath: "api/",
      host: "[::1]",
    });
    assert.equal(options.logLevel, "warning");
    assert.equal(options.rootPath, "/api");
    assert.equal(options.host, "::1");
  });

  for (const name of OPTION_NAMES) {
    const { type } = OPTIONS[name];
    if (type.kind !== "integer" && type.kind !== "number") continue;
    const step = type.kind === "integer" ? 1 : 0.01;
    test(`holds ${name} to its range`, () => {
      for (
        const value of [type.min, type.min + step, type.max - step, type.max]
      ) {
        assert.equal(resolveAny({ [name]: value })[name], value);
      }
      for (
        const value of [type.min - step, type.max + step, -Infinity, Infinity]
      ) {
        assert.equal(
          messageOf(() => resolveAny({ [name]: value })),
          `Cannot use option "${name}": ${value} is not in the range ${type.min}<=x<=${type.max}`,
        );
      }
    });
  }

  for (
    const [name, min, max] of [
      ["port", 0, 65535],
      ["backlog", 1, 2147483647],
      ["timeoutKeepAlive", 0, 2147483],
      ["timeoutRequestHead", 0.1, 2147483],
      ["timeoutRequestBody", 0.1, 2147483],
      ["timeoutGracefulShutdown", 0, 2147483],
      ["shutdownDelay", 0, 2147483],
      ["timeoutLifespan", 0.1, 2147483],
      ["limitRequestHead", 256, 16777216],
      ["limitConcurrency", 1, 2147483647],
      ["limitMaxRequests", 1, 2147483647],
      ["limitMaxRequestsJitter", 0, 2147483647],
    ] as const
  ) {
    test(`allows ${name} from ${min} to ${max}`, () => {
      const { type } = OPTIONS[name as Name];
      assert.ok("min" in type && type.min === min && type.max === max);
    });
  }

  for (
    const [input, message] of [
      [
        { port: "80a" },
        `Cannot use option "port": '80a' is not a valid integer`,
      ],
      [
        { host: "a b" },
        `Cannot use option "host": 'a b' is not a host name or an IP address`,
      ],
      [
        { lifespan: "maybe" },
        `Cannot use option "lifespan": 'maybe' is not one of 'auto', 'on', 'off'`,
      ],
      [{ factory: 1 }, `Cannot use option "factory": 1 is not a valid boolean`],
      [
        { headers: "a:b" },
        `Cannot use option "headers": 'a:b' is not an array`,
      ],
      [{ uds: null }, `Cannot use option "uds": null is not a string`],
      // options:A-002
      [{ prot: 1 }, `Unknown option "prot": did you mean "port"?`],
      [
        { log_level: "info" },
        `Unknown option "log_level": did you mean "logLevel"?`,
      ],
      [{ header: [] }, `Unknown option "header": did you mean "headers"?`],
      [
        { h11MaxIncompleteEventSize: 1 },
        `Unknown option "h11MaxIncompleteEventSize": did you mean "limitRequestHead"?`,
      ],
      [{ "x\ny": 1 }, `Unknown option "x\\ny"`],
      [{ toString: 1 }, `Unknown option "toString"`],
      [{ constructor: undefined }, `Unknown option "constructor"`],
      [
        { uds: "a.sock", port: 80 },
        `Cannot use "uds" together with "port": they name different places to listen`,
      ],
      ...[
        [{ fd: 0, host: "" }, "fd", "host"],
        [{ fd: 0, uds: "a" }, "fd", "uds"],
        [{ bind: ["a:1"], port: 0 }, "bind", "port"],
        [{ bind: ["a:1"], fd: 0 }, "bind", "fd"],
        [{ sockets: [0], bind: ["a:1"] }, "sockets", "bind"],
        [{ sockets: [0], fd: 0 }, "sockets", "fd"],
      ].map((
        [input, a, b],
      ) => [
        input,
        `Cannot use "${a}" together with "${b}": they name different places to listen`,
      ]),
      [
        { bind: ["a:b"] },
        `Cannot use option "bind": 'a:b' has no valid port: expected 0 to 65535 after the last colon`,
      ],
      [
        { udsMode: "660" },
        `Cannot use option "udsMode": '660' is not in the range 0<=x<=777, in octal`,
      ],
      [
        { sockets: 3 },
        `Cannot use option "sockets": 3 is not an array of descriptors and servers of node:net`,
      ],
      [null, "Cannot use options: expected an object, got null"],
      [8000, "Cannot use options: expected an object, got 8000"],
    ] as readonly (readonly [unknown, string])[]
  ) {
    test(`refuses ${JSON.stringify(input)}`, () => {
      assert.equal(messageOf(() => resolveAny(input)), message);
    });
  }
});

describe("environmentLayer()", () => {
  test("reads every option from its variable (options:E-001)", () => {
    const samples = {
      boolean: ["yes", true],
      switch: ["off", false],
      integer: ["300", 300],
      number: ["2.5", 2.5],
      octal: ["660", 0o660],
      text: ["x", "x"],
    } as const;
    const lists: Readonly<Record<string, unknown>> = {
      headers: [["a", "1"]],
      bind: ["a:1"],
      sslSni: [{ certfile: "a:1", keyfile: undefined }],
      forwardedAllowIps: ["a::1"],
      accessLogExclude: ["/a"],
      forwardedHeaders: ["forwarded"],
      reloadIncludes: ["a:1"],
      reloadExcludes: ["a:1"],
    };
    const listTexts: Readonly<Record<string, string>> = {
      forwardedAllowIps: "a::1",
      accessLogExclude: "/a",
      forwardedHeaders: "forwarded",
    };
    for (const name of OPTION_NAMES) {
      const { type, flag } = OPTIONS[name];
      let [text, value]: readonly [string, unknown] = ["", undefined];
      if (type.kind === "choice") {
        [text, value] = [type.choices[1]!, type.choices[1]];
      } else if (type.kind === "list") {
        text = listTexts[name] ?? "a:1";
        value = lists[name];
        // "a:1" is two paths, but on Windows.
        if (type.isPaths) value = text.split(delimiter);
      } else if (type.kind === "number" && type.max === 1) {
        [text, value] = ["0.5", 0.5];
      } else if (type.kind !== "program") [text, value] = samples[type.kind];
      if (name === "rootPath") value = "/x";
      if (name === "logConfig") text = value = "log.json";
      if (/^(upgradeProbe|healthPath|readyProbe)$/.test(name)) {
        text = value = "/x";
      }
      if (name === "adminBind") text = value = "127.0.0.1:1";
      if (name === "channels") text = value = "redis://host";
      if (name === "statsdHost") text = value = "unix:/run/statsd";
      for (const variable of variablesOf(name)) {
        assert.deepEqual(
          environmentLayer(environment({ [variable]: text })).values,
          { [name]: value },
          variable,
        );
      }
      const capitals = flag.slice(2).replaceAll("-", "_").toUpperCase();
      assert.equal(
        variablesOf(name).includes(`TRICORN_${capitals}`),
        type.kind !== "program",
        name,
      );
    }
  });

  for (
    const [variables, expected] of [
      [{}, {}],
      // options:E-004
      [{ TRICORN_PORT: "" }, {}],
      // options:E-005
      [{ tricorn_port: "80" }, {}],
      // options:E-002
      [{ TRICORN_NO_ACCESS_LOG: "1" }, {}],
      [{ TRICORN_VERSION: "1", TRICORN_HELP: "1" }, {}],
      [{ TRICORN_ACCESS_LOG: "FALSE" }, { accessLog: false }],
      [{ TRICORN_USE_COLORS: "off" }, { useColors: false }],
      [{ TRICORN_LOG_LEVEL: "Debug" }, { logLevel: "debug" }],
      // options:E-006
      [{ TRICORN_HEADERS: " A:1  b:2\n" }, {
        headers: [["a", "1"], ["b", "2"]],
      }],
      [{ TRICORN_HEADER: "A:1" }, { headers: [["a", "1"]] }],
      [{ TRICORN_HEADERS: "A:1", TRICORN_HEADER: "B:1" }, {
        headers: [["a", "1"]],
      }],
      [{ PORT: "9000" }, { port: 9000 }],
      [{ PORT: "" }, {}],
      [{ PORT: "9000", TRICORN_PORT: "9001" }, { port: 9001 }],
      [{ PORT: "nonsense", TRICORN_PORT: "9001" }, { port: 9001 }],
      [{ PORT: "9000", TRICORN_UDS: "a.sock" }, { uds: "a.sock" }],
      [{ PORT: "9000", TRICORN_FD: "0" }, { fd: 0 }],
      [{ PORT: "9000", TRICORN_BIND: ":1  unix:a" }, {
        bind: [":1", "unix:a"],
      }],
    ] as readonly (readonly [Record<string, string>, unknown])[]
  ) {
    test(`reads ${JSON.stringify(variables)}`, () => {
      assert.deepEqual(
        environmentLayer(environment(variables)).values,
        expected,
      );
    });
  }

  for (
    const [variables, message] of [
      [
        { TRICORN_PORT: "abc" },
        "Invalid value for '--port': 'abc' is not a valid integer. " +
        "(from the environment variable TRICORN_PORT)",
      ],
      [
        { PORT: "70000" },
        "Invalid value for '--port': 70000 is not in the range 0<=x<=65535. " +
        "(from the environment variable PORT)",
      ],
      [
        { TRICORN_HEADERS: "A:1 nonsense" },
        "Invalid value for '--header': 'nonsense' is not of the form 'Name: value'. " +
        "(from the environment variable TRICORN_HEADERS)",
      ],
    ] as readonly (readonly [Record<string, string>, string])[]
  ) {
    test(`refuses ${JSON.stringify(variables)} (options:E-007)`, () => {
      assert.equal(
        messageOf(() => environmentLayer(environment(variables))),
        message,
      );
    });
  }

  test("does not even read the variable of an option that was given", () => {
    const asked: string[] = [];
    environmentLayer((name) => {
      asked.push(name);
      return undefined;
    }, (name) => name === "port");
    assert.ok(!asked.includes("TRICORN_PORT") && !asked.includes("PORT"));
    assert.ok(asked.includes("TRICORN_HOST"));
  });

  test("names an option by the variable that it was read from", () => {
    const layer = environmentLayer(environment({
      TRICORN_HOSTNAME: "h",
      PORT: "80",
    }));
    assert.equal(layer.nameOf("host"), "TRICORN_HOSTNAME");
    assert.equal(layer.nameOf("port"), "PORT");
    assert.equal(layer.nameOf("uds"), "TRICORN_UDS");
    assert.equal(layer.nameOf("sockets"), '"sockets"');
  });
});

describe("lists of which a program may give one item", () => {
  test("take a string", () => {
    const options = resolveOptions({
      forwardedAllowIps: "10.0.0.0/8, ::1",
      forwardedHeaders: "X-Forwarded-For, x-forwarded-host",
      bind: "127.0.0.1:80",
    });
    assert.deepEqual(options.forwardedAllowIps, ["10.0.0.0/8", "::1"]);
    assert.deepEqual(options.forwardedHeaders, [
      "x-forwarded-for",
      "x-forwarded-host",
    ]);
    assert.deepEqual(options.bind, ["127.0.0.1:80"]);
    assert.deepEqual(
      resolveOptions({ forwardedAllowIps: "*" }).forwardedAllowIps,
      ["*"],
    );
  });

  test("refuse anything else, and what is wrong in the string", () => {
    for (
      const [input, message] of [
        [{ forwardedAllowIps: 7 }, /"forwardedAllowIps": 7 is not an array$/],
        [{ forwardedAllowIps: "foo" }, /"forwardedAllowIps": 'foo' is neither/],
        [
          { forwardedAllowIps: ["::1", "*"] },
          /"forwardedAllowIps": '\*' stands/,
        ],
        [{ forwardedHeaders: "" }, /"forwardedHeaders": the list is empty/],
        [
          { forwardedHeaders: ["forwarded", "x-forwarded-for"] },
          /"forwardedHeaders": 'forwarded' and 'x-forwarded-for' exclude/,
        ],
        [{ headers: "a: b" }, /"headers": 'a: b' is not an array$/],
        [{ sslSni: "a.pem" }, /"sslSni": 'a\.pem' is not an array$/],
      ] as const
    ) {
      assert.throws(() => resolveAny(input), { name: "ConfigError", message });
    }
  });
});
