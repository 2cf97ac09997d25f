import assert from "node:assert/strict";
import { test } from "node:test";
import { socketActivation } from "../../src/cli/socket_activation.ts";
import { ConfigError } from "../../src/errors.ts";

const PID = 4711;

function activation(variables: Readonly<Record<string, string>>) {
  return socketActivation((name) => variables[name], PID);
}

for (
  const [behaviour, variables, addresses] of [
    ["nothing where nothing is set", {}, []],
    ["nothing for an empty variable", { LISTEN_FDS: "" }, []],
    ["nothing for 0 sockets", { LISTEN_FDS: "0", LISTEN_PID: "4711" }, []],
    ["one socket", { LISTEN_FDS: "1", LISTEN_PID: "4711" }, ["fd://3"]],
    [
      "all sockets, from 3 up",
      { LISTEN_FDS: "3", LISTEN_PID: "4711", LISTEN_FDNAMES: "a:b:c" },
      ["fd://3", "fd://4", "fd://5"],
    ],
  ] as const
) {
  test(`socketActivation() finds ${behaviour}`, () => {
    assert.deepEqual(activation(variables), { addresses });
  });
}

for (
  const [behaviour, variables, whose] of [
    ["another process", { LISTEN_FDS: "1", LISTEN_PID: "12" }, "is '12'"],
    ["nobody", { LISTEN_FDS: "1" }, "is not set"],
    ["a mess", { LISTEN_FDS: "x", LISTEN_PID: "a\x1b[31m" }, "is 'a\\x1b"],
  ] as const
) {
  test(`socketActivation() leaves sockets for ${behaviour} alone, and warns`, () => {
    const { addresses, warning = "" } = activation(variables);
    assert.deepEqual(addresses, []);
    const start = `Ignoring LISTEN_FDS: LISTEN_PID ${whose}`;
    assert.equal(warning.slice(0, start.length), start);
    assert.match(warning, /^[\x20-\x7e]*$/);
  });
}

for (const count of ["x", "-1", "1.5", "0x3", "1025", "99999999999", " 1 "]) {
  test(`socketActivation() refuses ${JSON.stringify(count)} sockets`, () => {
    assert.throws(
      () => activation({ LISTEN_FDS: count, LISTEN_PID: "4711" }),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.exitCode, 2);
        assert.equal(
          error.message,
          `Invalid value for the environment variable LISTEN_FDS: '${count}' is not a number ` +
            "of sockets from 0 to 1024.",
        );
        return true;
      },
    );
  });
}
