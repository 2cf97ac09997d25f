import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as names from "../../src/http/header_names.ts";
import { octets } from "../_support/feed.ts";

const { findName, NAMES } = names;

function find(name: string): string {
  const bytes = octets(`::${name}::`);
  return NAMES[findName(bytes, 2, 2 + name.length)];
}

describe("NAMES", () => {
  test("begin with the unknown one", () => assert.equal(NAMES[0], ""));

  test("are lower case, without repeats, and fit the chains", () => {
    assert.equal(new Set(NAMES).size, NAMES.length);
    assert.ok(NAMES.length <= 256);
    for (const name of NAMES.slice(1)) assert.match(name, /^[a-z0-9-]+$/);
  });

  for (
    const [index, name] of [
      [names.HOST, "host"],
      [names.CONNECTION, "connection"],
      [names.CONTENT_LENGTH, "content-length"],
      [names.TRANSFER_ENCODING, "transfer-encoding"],
      [names.EXPECT, "expect"],
      [names.TE, "te"],
      [names.UPGRADE, "upgrade"],
      [names.FORWARDED, "forwarded"],
      [names.X_FORWARDED_PROTO, "x-forwarded-proto"],
    ] as const
  ) {
    test(`have ${name} where its constant says`, () => {
      assert.equal(NAMES[index], name);
    });
  }
});

describe("findName()", () => {
  test("finds every name in any case", () => {
    for (const name of NAMES.slice(1)) {
      assert.equal(find(name), name);
      assert.equal(find(name.toUpperCase()), name);
      assert.equal(
        find(name.replace(/(?<=^|-)./g, (char) => char.toUpperCase())),
        name,
      );
    }
  });

  test("does not find a name with one byte changed, missing or added", () => {
    for (const name of NAMES.slice(1)) {
      for (let at = 0; at < name.length; at++) {
        const changed = `${name.slice(0, at)}!${name.slice(at + 1)}`;
        assert.equal(find(changed), "", changed);
      }
      assert.equal(find(`${name}!`), "");
      assert.equal(find(`!${name}`), "");
      const shorter = name.slice(0, -1);
      if (!NAMES.includes(shorter)) assert.equal(find(shorter), "");
    }
  });

  for (
    const name of [
      "x",
      "x-unknown",
      "content_length",
      "h\xd0st",
      "H\x4f\x73\x54!",
    ]
  ) {
    test(`does not find ${JSON.stringify(name)}`, () => {
      assert.equal(find(name), "");
    });
  }

  test("folds letters only: an underscore is no DEL, an at sign no backquote", () => {
    assert.equal(find("x\x0dapi\x0dkey"), "");
    assert.equal(find("X\x0dAPI-KEY"), "");
  });
});
