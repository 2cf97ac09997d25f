import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { FORBIDDEN_TRAILERS } from "../../src/http/trailer_names.ts";
import { TrailerParser } from "../../src/http1/trailers.ts";
import { octets } from "../_support/feed.ts";

/** Reads a section whole, in single bytes and cut at every position; all must agree. */
function read(section: string, limits = {}) {
  const bytes = octets(`__${section}`);
  const outcomes = new Set<string>();
  const cuts = Array.from({ length: section.length }, (_, cut) => [cut]);
  for (const stops of [[], ...cuts, cuts.flat()]) {
    outcomes.add(JSON.stringify(readIn(bytes, stops, limits)));
  }
  assert.equal(outcomes.size, 1, [...outcomes].join(" or "));
  return JSON.parse([...outcomes][0]);
}

function readIn(bytes: Uint8Array, stops: number[], limits: object) {
  const parser = new TrailerParser({ ...DEFAULT_LIMITS, ...limits });
  for (const stop of [...stops, bytes.length - 2]) {
    const size = parser.parse(bytes, 2, 2 + stop);
    if (size < 0) return parser.fault;
    if (size > 0) return { size, fields: parser.fields };
  }
  return "needMore";
}

describe("RFC 9112 §7.1.2: trailer section", () => {
  for (
    const [behavior, section, fields] of [
      ["may be empty", "\r\n", []],
      ["has fields", "x-a: 1\r\nx-b: 2\r\n\r\n", [["x-a", "1"], ["x-b", "2"]]],
      ["keeps order and repeats", "b: 1\r\na: 2\r\nb: 3\r\n\r\n", [["b", "1"], [
        "a",
        "2",
      ], ["b", "3"]]],
      ["lowers names", "X-Check: AbC\r\n\r\n", [["x-check", "AbC"]]],
      ["drops blanks around values", "a: \t b c\t \r\n\r\n", [["a", "b c"]]],
      ["has empty values", "a:\r\nb: \t\r\n\r\n", [["a", ""], ["b", ""]]],
      ["keeps octets that are not ASCII", "a: caf\xe9\r\n\r\n", [[
        "a",
        "caf\xe9",
      ]]],
      ["keeps colons in values", "a:b:c\r\n\r\n", [["a", "b:c"]]],
    ] as const
  ) {
    test(behavior, () => {
      assert.deepEqual(read(section), { size: section.length, fields });
    });
  }

  for (
    const [behavior, section] of [
      ["rejects a line without a colon", "abc\r\n\r\n"],
      ["rejects an empty name", ": a\r\n\r\n"],
      ["rejects a blank before the colon", "a : b\r\n\r\n"],
      ["rejects a blank in front", " a: b\r\n\r\n"],
      ["rejects a folded line", "a: b\r\n c\r\n\r\n"],
      ["rejects a separator in a name", "a(b): c\r\n\r\n"],
      ["rejects an octet that is not ASCII in a name", "caf\xe9: c\r\n\r\n"],
      ["rejects a bare LF", "a: b\n\r\n"],
      ["rejects a bare LF instead of the empty line", "a: b\r\n\n"],
      ["rejects a bare CR", "a: b\rc: d\r\n\r\n"],
      ["rejects a bare CR instead of the empty line", "\rX"],
      ["rejects NUL", "a: b\0\r\n\r\n"],
      ["rejects DEL", "a: \x7f\r\n\r\n"],
      ["rejects a second request in place of fields", "GET / HTTP/1.1\r\n\r\n"],
    ] as const
  ) {
    test(behavior, () => assert.equal(read(section), "BAD_TRAILER"));
  }
});

describe("RFC 9110 §6.5.1: fields that are no trailers", () => {
  for (const name of ["content-length", "transfer-encoding", "host"]) {
    test(`rejects ${name}, in any case`, () => {
      assert.equal(read(`x: 1\r\n${name}: 1\r\n\r\n`), "SMUGGLED_TRAILER");
      assert.equal(read(`${name.toUpperCase()}:\r\n\r\n`), "SMUGGLED_TRAILER");
    });
  }

  test("rejects them before the section is whole", () => {
    assert.equal(read("content-length: 5\r\n"), "SMUGGLED_TRAILER");
  });

  for (
    const name of [...FORBIDDEN_TRAILERS].filter((name) =>
      !["content-length", "transfer-encoding", "host"].includes(name)
    )
  ) {
    test(`drops ${name}, in any case`, () => {
      const section =
        `x: 1\r\n${name}: 1\r\n${name.toUpperCase()}:\r\ny: 2\r\n\r\n`;
      assert.deepEqual(read(section), {
        size: section.length,
        fields: [["x", "1"], ["y", "2"]],
      });
    });
  }

  test("counts them all the same", () => {
    const section = "content-type: a\r\n".repeat(3);
    assert.equal(
      read(`${section}\r\n`, { maxTrailers: 2 }),
      "TOO_MANY_TRAILERS",
    );
    assert.equal(
      read(section, { maxTrailerBytes: section.length }),
      "TRAILERS_TOO_LARGE",
    );
  });

  test("reads their form all the same", () => {
    assert.equal(read("content-type : a\r\n\r\n"), "BAD_TRAILER");
    assert.equal(read("content-type: \0\r\n\r\n"), "BAD_TRAILER");
  });
});

describe("limits of a trailer section", () => {
  const section = "a: 1\r\nb: 2\r\n\r\n";
  for (
    const [behavior, limits, fault] of [
      ["accepts fewer bytes", { maxTrailerBytes: section.length + 1 }, ""],
      ["accepts as many bytes", { maxTrailerBytes: section.length }, ""],
      [
        "rejects more bytes",
        { maxTrailerBytes: section.length - 1 },
        "TRAILERS_TOO_LARGE",
      ],
      ["accepts fewer fields", { maxTrailers: 3 }, ""],
      ["accepts as many fields", { maxTrailers: 2 }, ""],
      ["rejects more fields", { maxTrailers: 1 }, "TOO_MANY_TRAILERS"],
    ] as const
  ) {
    test(behavior, () => {
      const result = read(section, limits);
      assert.deepEqual(
        fault === "" ? result.size : result,
        fault === "" ? section.length : fault,
      );
    });
  }

  test("bound a line that never ends", () => {
    const endless = `a: ${"x".repeat(200)}`;
    assert.equal(read(endless, { maxTrailerBytes: 100 }), "TRAILERS_TOO_LARGE");
    const full = endless.slice(0, 100);
    assert.equal(read(full, { maxTrailerBytes: 100 }), "TRAILERS_TOO_LARGE");
    assert.equal(read(full, { maxTrailerBytes: 101 }), "needMore");
  });
});
