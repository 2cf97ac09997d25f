import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  flagLayer,
  mergeLayers,
  type OptionLayer,
  programLayer,
} from "../../src/config/layers.ts";
import type { OptionsInput } from "../../src/config/options/mod.ts";

/** A layer whose names tell it from others. */
function layer(label: string, values: OptionsInput): OptionLayer {
  return { values, nameOf: (name) => `${label}:${name}` };
}

function merge(...values: readonly OptionsInput[]): OptionLayer {
  return mergeLayers(values.map((each, at) => layer(`${at}`, each)));
}

describe("mergeLayers() puts flags over variables (options:E-008)", () => {
  for (
    const [layers, expected] of [
      [[{ port: 1 }, { port: 2, host: "h" }], { port: 1, host: "h" }],
      [[{ accessLog: false }, { accessLog: true }], { accessLog: false }],
      [[{ headers: [] }, { headers: [["a", "b"]] }], { headers: [] }],
      [[{ port: undefined }, { port: 2 }], { port: 2 }],
      [[{}, {}, { port: 3 }], { port: 3 }],
      [[{ port: 1 }, { host: "h" }, { port: 3, backlog: 9 }], {
        port: 1,
        host: "h",
        backlog: 9,
      }],
      // What conflicts with a higher layer is hidden, and hides nothing itself.
      [[{ uds: "a" }, { host: "h", port: 2 }], { uds: "a" }],
      [[{ port: 1 }, { uds: "a", backlog: 3 }], { port: 1, backlog: 3 }],
      [[{ port: 1 }, { uds: "a" }, { host: "h" }], { port: 1, host: "h" }],
      [[{ sslDev: false }, { sslCertfile: "a" }], { sslDev: false }],
    ] as readonly (readonly [OptionsInput[], OptionsInput])[]
  ) {
    test(`merges ${JSON.stringify(layers)}`, () => {
      assert.deepEqual(merge(...layers).values, expected);
    });
  }

  test("names each option as the layer that gives it", () => {
    const { nameOf } = merge({ port: 1 }, { host: "h", port: 2 }, {
      backlog: 3,
    });
    assert.deepEqual(
      (["port", "host", "backlog", "fd"] as const).map(nameOf),
      ["0:port", "1:host", "2:backlog", "0:fd"],
    );
  });

  for (
    const [what, layers, message] of [
      [
        "two places to listen in the highest layer",
        [{ uds: "a", host: "h" }, {}],
        "Cannot use 0:uds together with 0:host: they name different places to listen",
      ],
      [
        "two places to listen in a lower layer",
        [{}, { uds: "a", port: 1 }],
        "Cannot use 1:uds together with 1:port: they name different places to listen",
      ],
      [
        "the conflict of the highest layer first",
        [{ fd: 3, uds: "a" }, { sslDev: true, sslCertfile: "a" }],
        "Cannot use 0:fd together with 0:uds: they name different places to listen",
      ],
      [
        "options of TLS that do not fit across layers",
        [{ sslMinVersion: "TLSv1.3", sslCertfile: "a" }, {
          sslMaxVersion: "TLSv1.2",
        }],
        "Cannot use 0:sslMinVersion together with 1:sslMaxVersion: the oldest version is newer than the newest",
      ],
      [
        "an option that needs one no layer gives",
        [{}, { sslKeyfile: "k" }],
        "Cannot use 1:sslKeyfile without 0:sslCertfile",
      ],
    ] as readonly (readonly [string, OptionsInput[], string])[]
  ) {
    test(`refuses ${what}`, () => {
      assert.throws(() => merge(...layers), { name: "ConfigError", message });
    });
  }
});

test("flagLayer() and programLayer() quote flags and names", () => {
  assert.equal(flagLayer({}).nameOf("headers"), "'--header'");
  assert.equal(programLayer({}).nameOf("headers"), '"headers"');
});
