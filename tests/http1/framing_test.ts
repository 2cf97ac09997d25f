import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpFaultCode } from "../../src/faults.ts";
import * as framingOf from "../../src/http1/framing.ts";
import { NAMES } from "../../src/http/header_names.ts";

type Framing = framingOf.Framing;
type Field = readonly [name: string, value: string];

const { concludeFraming, emptyFraming, noteField, resetFraming } = framingOf;
const HOST: Field = ["host", "a"];

/** What fields come to: the framing, or why it is refused. */
function frame(
  fields: readonly Field[],
  version: "1.0" | "1.1" = "1.1",
): Framing | HttpFaultCode {
  const framing = emptyFraming();
  for (const [name, value] of fields) {
    const index = NAMES.indexOf(name);
    assert.ok(index > 0 && index <= framingOf.LAST_FRAMING_NAME, name);
    const fault = noteField(index, value, framing);
    if (fault !== undefined) return fault;
  }
  return concludeFraming(framing, version) ?? framing;
}

/** The framing of a head that is not refused. */
function framed(
  fields: readonly Field[],
  version: "1.0" | "1.1" = "1.1",
): Framing {
  const framing = frame([HOST, ...fields], version);
  assert.equal(typeof framing, "object", `refused: ${framing}`);
  return framing as Framing;
}

function te(...values: string[]): Field[] {
  return values.map((value) => ["transfer-encoding", value]);
}

function length(...values: string[]): Field[] {
  return values.map((value) => ["content-length", value]);
}

describe("RFC 9112 §3.2: Host", () => {
  for (
    const [behavior, fields, version, fault] of [
      ["accepts one", [HOST], "1.1", undefined],
      ["accepts an empty one", [["host", ""]], "1.1", undefined],
      ["accepts none in HTTP/1.0", [], "1.0", undefined],
      ["rejects none in HTTP/1.1", [], "1.1", "MISSING_HOST"],
      [
        "rejects two different ones",
        [HOST, ["host", "b"]],
        "1.1",
        "REPEATED_HOST",
      ],
      ["rejects two alike", [HOST, HOST], "1.1", "REPEATED_HOST"],
      [
        "rejects two empty ones",
        [["host", ""], ["host", ""]],
        "1.1",
        "REPEATED_HOST",
      ],
      ["rejects two in HTTP/1.0", [HOST, HOST], "1.0", "REPEATED_HOST"],
      ["rejects what is no host", [["host", "a/b"]], "1.1", "BAD_HOST"],
      ["rejects two hosts in a list", [["host", "a, b"]], "1.1", "BAD_HOST"],
      [
        "rejects what is no host in HTTP/1.0",
        [["host", "a@b"]],
        "1.0",
        "BAD_HOST",
      ],
      ["rejects a port without a host", [["host", ":80"]], "1.1", "BAD_HOST"],
    ] as const
  ) {
    test(behavior, () => {
      const result = frame(fields, version);
      assert.equal(typeof result === "string" ? result : undefined, fault);
    });
  }
});

describe("RFC 9112 §6.1: Transfer-Encoding", () => {
  for (
    const [behavior, fields, version, expected] of [
      ["reads chunked", te("chunked"), "1.1", "chunked"],
      ["reads chunked in any case", te("ChunKed"), "1.1", "chunked"],
      [
        "answers 501 to a coding before chunked",
        te("gzip, chunked"),
        "1.1",
        "UNSUPPORTED_TRANSFER_CODING",
      ],
      [
        "answers 501 to a coding in a line of its own",
        te("gzip", "chunked"),
        "1.1",
        "UNSUPPORTED_TRANSFER_CODING",
      ],
      [
        "answers 501 to a coding with parameters",
        te('x;a=b ;c="d", chunked'),
        "1.1",
        "UNSUPPORTED_TRANSFER_CODING",
      ],
      [
        "answers 501 to identity before chunked",
        te("identity, chunked"),
        "1.1",
        "UNSUPPORTED_TRANSFER_CODING",
      ],
      // RFC 9112 §6.3: not chunked last, and so without an end that could be told.
      [
        "rejects a coding without chunked",
        te("gzip"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects chunked before another coding",
        te("chunked, gzip"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects another coding in a later line",
        te("chunked", "gzip"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects chunked, identity",
        te("chunked, identity"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      ["rejects identity", te("identity"), "1.1", "BAD_TRANSFER_ENCODING"],
      [
        "rejects chunked twice in a list",
        te("chunked, chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects chunked twice in two lines",
        te("chunked", "chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects chunked twice around another",
        te("chunked, gzip, chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects parameters of chunked",
        te("chunked;a=b"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects parameters of a first chunked",
        te("chunked ;a, chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      ["rejects an empty value", te(""), "1.1", "BAD_TRANSFER_ENCODING"],
      [
        "rejects an empty value before chunked",
        te("", "chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects an empty item in front",
        te(", chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects an empty item behind",
        te("chunked,"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects a coding that is no token",
        te("gz\xefp, chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      ["rejects xchunked", te("xchunked"), "1.1", "BAD_TRANSFER_ENCODING"],
      [
        "rejects chunked in quotes",
        te('"chunked"'),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects chunked after a no-break space",
        te("\xa0chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects chunked after a blank within",
        te("a chunked"),
        "1.1",
        "BAD_TRANSFER_ENCODING",
      ],
      [
        "rejects it in HTTP/1.0",
        te("chunked"),
        "1.0",
        "TRANSFER_ENCODING_IN_HTTP10",
      ],
      [
        "rejects any coding in HTTP/1.0",
        te("gzip"),
        "1.0",
        "TRANSFER_ENCODING_IN_HTTP10",
      ],
    ] as const
  ) {
    test(behavior, () => {
      const result = frame([HOST, ...fields], version);
      if (typeof result === "string") assert.equal(result, expected);
      else assert.equal(result.isChunked && "chunked", expected);
    });
  }
});

describe("RFC 9110 §8.6: Content-Length", () => {
  for (
    const [behavior, values, expected] of [
      ["reads digits", ["42"], 42],
      ["reads zero", ["0"], 0],
      ["reads leading zeros", ["0042"], 42],
      ["reads the largest exact length", ["9007199254740991"], 2 ** 53 - 1],
      ["reads two equal values in a list", ["5, 5"], 5],
      ["reads two equal values in two lines", ["5", "5"], 5],
      ["reads equal values spelled differently", ["5", "05"], 5],
      [
        "rejects two different Content-Length values",
        ["5", "6"],
        "CONFLICTING_CONTENT_LENGTH",
      ],
      [
        "rejects two different values in a list",
        ["5, 6"],
        "CONFLICTING_CONTENT_LENGTH",
      ],
      [
        "rejects a different value after a list",
        ["5, 5", "6"],
        "CONFLICTING_CONTENT_LENGTH",
      ],
      ["rejects zero and another", ["0", "6"], "CONFLICTING_CONTENT_LENGTH"],
      [
        "rejects a length past 2^53 - 1",
        ["9007199254740992"],
        "BAD_CONTENT_LENGTH",
      ],
      [
        "rejects a length that would round down",
        ["9007199254740993"],
        "BAD_CONTENT_LENGTH",
      ],
      [
        "rejects a length that would overflow",
        ["9".repeat(400)],
        "BAD_CONTENT_LENGTH",
      ],
      ["rejects an empty value", [""], "BAD_CONTENT_LENGTH"],
      ["rejects a plus sign", ["+3"], "BAD_CONTENT_LENGTH"],
      ["rejects a minus sign", ["-3"], "BAD_CONTENT_LENGTH"],
      ["rejects a fraction", ["3.0"], "BAD_CONTENT_LENGTH"],
      ["rejects an exponent", ["1e3"], "BAD_CONTENT_LENGTH"],
      ["rejects hexadecimal", ["0x10"], "BAD_CONTENT_LENGTH"],
      ["rejects a separator", ["1_000"], "BAD_CONTENT_LENGTH"],
      ["rejects a blank between digits", ["4 2"], "BAD_CONTENT_LENGTH"],
      ["rejects a no-break space", ["\xa05"], "BAD_CONTENT_LENGTH"],
      ["rejects a no-break space in a list", ["5,\xa05"], "BAD_CONTENT_LENGTH"],
      ["rejects other digits", ["\xb2"], "BAD_CONTENT_LENGTH"],
      ["rejects an empty item in a list", ["5,"], "BAD_CONTENT_LENGTH"],
      ["rejects a bad item in a list", ["5, x"], "BAD_CONTENT_LENGTH"],
      ["rejects a semicolon", ["5;5"], "BAD_CONTENT_LENGTH"],
    ] as const
  ) {
    test(behavior, () => {
      const result = frame([HOST, ...length(...values)]);
      assert.equal(
        typeof result === "string" ? result : result.contentLength,
        expected,
      );
    });
  }

  test("is -1 when it is not given", () => {
    assert.equal(framed([]).contentLength, -1);
  });
});

describe("RFC 9112 §6.3: both", () => {
  for (
    const [behavior, fields] of [
      ["rejects CL.TE", [...length("5"), ...te("chunked")]],
      ["rejects TE.CL", [...te("chunked"), ...length("5")]],
      ["rejects both, the length being zero", [
        ...length("0"),
        ...te("chunked"),
      ]],
      ["rejects both, the coding being unknown", [
        ...length("5"),
        ...te("gzip"),
      ]],
      ["rejects both, the coding being empty", [...length("5"), ...te("")]],
    ] as const
  ) {
    test(behavior, () => {
      assert.equal(
        frame([HOST, ...fields]),
        "CONTENT_LENGTH_AND_TRANSFER_ENCODING",
      );
    });
  }
});

describe("RFC 9112 §9.3, RFC 9110 §7.6.1: Connection", () => {
  for (
    const [behavior, values, expected] of [
      ["says nothing", [], []],
      ["reads close", ["close"], ["closes"]],
      ["reads close in any case", ["CLOSE"], ["closes"]],
      ["reads close in a list", ["foo, Close"], ["closes"]],
      ["reads close in a later line", ["foo", "close"], ["closes"]],
      ["reads keep-alive", ["Keep-Alive"], ["keepsAlive"]],
      ["reads upgrade in a list", ["keep-alive, Upgrade"], [
        "keepsAlive",
        "upgrades",
      ]],
      ["reads close beside keep-alive", ["keep-alive, close"], [
        "closes",
        "keepsAlive",
      ]],
      ["skips empty items", [",, close ,"], ["closes"]],
      ["does not take a longer token for close", ["closed, xclose"], []],
      [
        "does not take close with a no-break space for close",
        ["close\xa0"],
        [],
      ],
    ] as const
  ) {
    test(behavior, () => {
      const framing = framed(values.map((value) => ["connection", value]));
      const said = (["closes", "keepsAlive", "upgrades"] as const).filter(
        (name) => framing[name],
      );
      assert.deepEqual(said, expected);
    });
  }

  test("HTTP/1.0 may keep alive", () => {
    assert.equal(
      framed([["connection", "keep-alive"]], "1.0").keepsAlive,
      true,
    );
  });
});

describe("RFC 9110 §7.8: Upgrade", () => {
  for (
    const [behavior, values, expected] of [
      ["is undefined without the field", [], undefined],
      ["is lowered", ["WebSocket"], "websocket"],
      ["joins lines", ["h2c", "WebSocket"], "h2c, websocket"],
    ] as const
  ) {
    test(behavior, () => {
      const fields = values.map((value) => ["upgrade", value] as const);
      assert.equal(framed(fields).upgrade, expected);
    });
  }

  test("is ignored in HTTP/1.0", () => {
    const fields = [["connection", "upgrade"], [
      "upgrade",
      "websocket",
    ]] as const;
    assert.equal(framed(fields, "1.1").upgrades, true);
    assert.equal(framed(fields, "1.0").upgrades, false);
  });
});

describe("RFC 9110 §10.1.1: Expect", () => {
  for (
    const [behavior, values, version, expected] of [
      ["reads 100-continue", ["100-continue"], "1.1", true],
      ["reads it in any case", ["100-Continue"], "1.1", true],
      [
        "reads it repeated in a list",
        ["100-continue, 100-continue"],
        "1.1",
        true,
      ],
      [
        "reads it repeated in lines",
        ["100-continue", "100-continue"],
        "1.1",
        true,
      ],
      ["ignores an empty value", [""], "1.1", false],
      ["is not there by default", [], "1.1", false],
      ["refuses another expectation", ["200-ok"], "1.1", "UNMET_EXPECTATION"],
      [
        "refuses another one beside it",
        ["100-continue, x"],
        "1.1",
        "UNMET_EXPECTATION",
      ],
      [
        "refuses another one in a later line",
        ["100-continue", "x"],
        "1.1",
        "UNMET_EXPECTATION",
      ],
      ["refuses parameters", ["100-continue;a=b"], "1.1", "UNMET_EXPECTATION"],
      ["is ignored in HTTP/1.0", ["100-continue"], "1.0", false],
      ["ignores another expectation in HTTP/1.0", ["x"], "1.0", false],
    ] as const
  ) {
    test(behavior, () => {
      const fields = values.map((value) => ["expect", value] as const);
      const result = frame([HOST, ...fields], version);
      assert.equal(
        typeof result === "string" ? result : result.expectsContinue,
        expected,
      );
    });
  }
});

describe("RFC 9110 §10.1.4: TE", () => {
  for (
    const [behavior, values, version, expected] of [
      ["reads trailers", ["trailers"], "1.1", true],
      ["reads trailers in a list", ["gzip;q=0.5, Trailers"], "1.1", true],
      ["reads trailers in a later line", ["gzip", "trailers"], "1.1", true],
      [
        "does not take another coding for trailers",
        ["gzip, xtrailers"],
        "1.1",
        false,
      ],
      ["is ignored in HTTP/1.0", ["trailers"], "1.0", false],
    ] as const
  ) {
    test(behavior, () => {
      const fields = values.map((value) => ["te", value] as const);
      assert.equal(framed(fields, version).acceptsTrailers, expected);
    });
  }
});

test("resetFraming() leaves nothing of the last head", () => {
  const framing = framed([
    ...length("5"),
    ["connection", "close, keep-alive, upgrade"],
    ["upgrade", "websocket"],
    ["expect", "100-continue"],
    ["te", "trailers"],
    ["forwarded", "for=_a"],
  ]);
  framing.codings = "chunked";
  framing.isChunked = true;
  framing.expectsOther = true;
  const empty = emptyFraming();
  for (const [name, value] of Object.entries(empty)) {
    assert.notEqual(framing[name as keyof Framing], value, name);
  }
  resetFraming(framing);
  assert.deepEqual(framing, empty);
});
