import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter } from "../../src/bytes/byte_writer.ts";
import { NAMES } from "../../src/http/header_names.ts";
import {
  emptyFacts,
  type FieldInput,
  type HeadFacts,
  isFraming,
  resetFacts,
} from "../../src/http/response_fields.ts";
import { FORBIDDEN_TRAILERS } from "../../src/http/trailer_names.ts";
import { writeFields, writeTrailers } from "../../src/http1/field_writer.ts";

/** One unit for each octet. */
function textOf(writer: ByteWriter): string {
  let text = "";
  for (let i = 0; i < writer.length; i++) {
    text += String.fromCharCode(writer.bytes[i]);
  }
  return text;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

/** Notes which pieces of bytes are written as they are. */
class PieceWriter extends ByteWriter {
  readonly pieces: string[] = [];

  override writeBytes(piece: Uint8Array): void {
    this.pieces.push(String.fromCharCode(...piece));
    super.writeBytes(piece);
  }
}

/** Whether a line that is written four times leaves as bytes that were kept. */
function isKept(name: string, value: string): boolean {
  const out = new PieceWriter(16);
  for (let i = 0; i < 4; i++) {
    writeFields(out, [[name, value]], emptyFacts());
  }
  const line = `${name.toLowerCase()}: ${value}\r\n`;
  assert.equal(textOf(out), line.repeat(4));
  return out.pieces.some((piece) => piece.includes(value));
}

function fields(...list: unknown[]) {
  const out = new ByteWriter(16);
  const facts = emptyFacts();
  const problem = writeFields(out, list as unknown as FieldInput[], facts);
  return { text: textOf(out), facts, problem };
}

describe("writeFields()", () => {
  for (
    const [behavior, field, line] of [
      ["writes a name and a value", ["x-a", "1"], "x-a: 1\r\n"],
      [
        "lowers names (asgi:A-070)",
        ["X-Mixed-CASE", "Kept AS Is"],
        "x-mixed-case: Kept AS Is\r\n",
      ],
      ["takes octets", [bytes("X-B"), bytes("\x80\xff")], "x-b: \x80\xff\r\n"],
      [
        "takes a name as octets and a value as text",
        [bytes("x-b"), "v"],
        "x-b: v\r\n",
      ],
      ["writes an empty value", ["x-empty", ""], "x-empty: \r\n"],
      [
        "keeps tab, space and obs-text (http:H-069)",
        ["x", "a\tb \x80\xe9\xff"],
        "x: a\tb \x80\xe9\xff\r\n",
      ],
      ["keeps blanks around a value", ["x", " v "], "x:  v \r\n"],
      ["takes every token character (RFC 9110 §5.6.2)", [
        "!#$%&'*+-.^_`|~0aZ",
        "v",
      ], "!#$%&'*+-.^_`|~0az: v\r\n"],
      [
        "writes a value longer than the memory",
        ["x", "v".repeat(9000)],
        `x: ${"v".repeat(9000)}\r\n`,
      ],
    ] as const
  ) {
    test(behavior, () => {
      const { text, problem } = fields(field);
      assert.equal(problem, undefined);
      assert.equal(text, line);
    });
  }

  for (const value of ["1", "", "a\tb \xe9", "v".repeat(64), "v".repeat(65)]) {
    test(`writes a value of ${value.length} units the same each time`, () => {
      const line = `x-again: ${value}\r\n`;
      for (const others of [[], [["x-again", "other"]], [["X-Again", "2"]]]) {
        for (let i = 0; i < 3; i++) {
          const { text } = fields(["x-again", value], ["x-again", value]);
          assert.equal(text, line + line);
        }
        fields(...others);
      }
    });
  }

  test("refuses a bad value behind a good one, and takes the good one again", () => {
    for (let i = 0; i < 3; i++) {
      assert.equal(fields(["x-turn", "good"]).text, "x-turn: good\r\n");
      assert.match(
        `${fields(["x-turn", "b\nad"]).problem}`,
        /^value of header/,
      );
    }
  });

  describe("keeps", () => {
    const shared = [
      "Accept-Ranges",
      "Access-Control-Allow-Credentials",
      "Access-Control-Allow-Headers",
      "Access-Control-Allow-Methods",
      "Access-Control-Max-Age",
      "Cache-Control",
      "Content-Encoding",
      "Content-Language",
      "Content-Type",
      "Referrer-Policy",
      "Strict-Transport-Security",
      "Vary",
      "X-Content-Type-Options",
      "X-Frame-Options",
      "X-Powered-By",
    ];
    for (const name of shared) {
      test(`the value of ${name} that is written again`, () => {
        assert.ok(isKept(name, "v-1"));
        assert.ok(isKept(name.toLowerCase(), "v-2"));
      });
    }

    test("no value longer than 64 units", () => {
      assert.ok(isKept("content-type", "v".repeat(64)));
      assert.ok(!isKept("content-type", "w".repeat(65)));
    });

    test("no value of any other field: it may be for one client", () => {
      const others = [
        ...NAMES,
        "access-control-allow-origin",
        "alt-svc",
        "authentication-info",
        "content-disposition",
        "content-location",
        "content-security-policy",
        "etag",
        "last-modified",
        "link",
        "location",
        "server-timing",
        "set-cookie",
        "traceparent",
        "www-authenticate",
        "x-csrf-token",
        "x-request-id",
        "x-user",
      ].filter((name) => name !== "" && !isFraming(name));
      for (const name of others) {
        if (shared.some((other) => other.toLowerCase() === name)) continue;
        assert.ok(!isKept(name, "secret-1"), name);
        assert.ok(!isKept(name.toUpperCase(), "secret-2"), name);
      }
      // There was room for more names.
      assert.ok(isKept("content-TYPE", "v-3"));
    });
  });

  test("keeps order and repeats (asgi:A-070)", () => {
    const { text } = fields(["set-cookie", "b"], ["a", "1"], [
      "set-cookie",
      "a",
    ]);
    assert.equal(text, "set-cookie: b\r\na: 1\r\nset-cookie: a\r\n");
  });

  test("iterates any iterable exactly once (asgi:A-004, http:H-047)", () => {
    let rounds = 0;
    const iterable = {
      *[Symbol.iterator](): Generator<FieldInput> {
        rounds++;
        yield ["a", "1"];
        yield ["b", "2"];
      },
    };
    const out = new ByteWriter(16);
    assert.equal(writeFields(out, iterable, emptyFacts()), undefined);
    assert.equal(textOf(out), "a: 1\r\nb: 2\r\n");
    assert.equal(rounds, 1);
  });

  for (
    const [what, list] of [
      ["a Map", new Map([["a", "1"]])],
      ["a Headers object", new Headers({ A: "1" })],
    ] as const
  ) {
    test(`takes ${what} (asgi:A-004)`, () => {
      const out = new ByteWriter(16);
      assert.equal(
        writeFields(out, list as Iterable<FieldInput>, emptyFacts()),
        undefined,
      );
      assert.equal(textOf(out), "a: 1\r\n");
    });
  }

  describe("refuses (asgi:A-071)", () => {
    for (
      const [attack, field] of [
        ["a pair that is text", "ab"],
        ["null for a pair", null],
        ["a number for a pair", 7],
        ["a pair of one", ["a"]],
        ["a pair of three", ["a", "b", "c"]],
        ["two octets for a pair", Uint8Array.of(65, 66)],
        ["a number for a value", ["a", 1]],
        ["undefined for a value", ["a", undefined]],
        ["a number for a name", [1, "a"]],
        ["an array for a value", ["a", ["b"]]],
        ["an ArrayBuffer for a value", ["a", new ArrayBuffer(1)]],
        ["an empty name (http:H-067)", ["", "v"]],
        ["a pseudo header (asgi:A-072)", [":status", "200"]],
      ] as const
    ) {
      test(attack, () => {
        const { problem } = fields(field);
        assert.equal(typeof problem, "string");
      });
    }

    for (
      const separator of '()<>@,;:[]{}="\\/? \t\x00\r\n\x7f\x80\xe9\u0100\u212a'
    ) {
      test(`a name with ${JSON.stringify(separator)} (wishes:R-013)`, () => {
        for (
          const name of [
            separator,
            `a${separator}`,
            `${separator}a`,
            `a${separator}b`,
          ]
        ) {
          assert.match(fields([name, "v"]).problem ?? "", /is not a token/);
        }
      });
    }

    for (let unit = 0; unit < 0x20; unit++) {
      if (unit === 0x09) continue;
      test(`a value with control 0x${unit.toString(16)} anywhere`, () => {
        const control = String.fromCharCode(unit);
        for (
          const value of [control, `a${control}`, `${control}a`, `a${control}b`]
        ) {
          assert.match(fields(["x", value]).problem ?? "", /control character/);
          assert.match(
            fields(["x", bytes(value)]).problem ?? "",
            /control character/,
          );
        }
      });
    }

    for (
      const unit of [
        "\x7f",
        "\u0100",
        "\u010a",
        "\u010d",
        "\u560a",
        "\u560d",
        "\ud83d",
        "\uffff",
      ]
    ) {
      test(`a value with ${JSON.stringify(unit)}`, () => {
        assert.match(
          fields(["x", `a${unit}b`]).problem ?? "",
          /control character or a code unit/,
        );
      });
    }

    for (
      const name of [
        "date",
        "server",
        "connection",
        "content-length",
        "transfer-encoding",
      ]
    ) {
      test(`a line break in ${name}`, () => {
        for (
          const value of [
            "close\r\nx: y",
            "1\nx: y",
            "chunked\r",
            "1\x00",
            "\u0100",
          ]
        ) {
          assert.equal(
            typeof fields([name, value]).problem,
            "string",
            JSON.stringify(value),
          );
        }
      });
    }
  });

  test("quotes, escapes and cuts a bad name in its message", () => {
    const { problem } = fields([`bad\x1b[31m${"x".repeat(500)}`, "v"]);
    assert.ok(problem!.length < 120);
    assert.ok(!problem!.includes("\x1b"));
  });

  test("never shows a bad value in its message", () => {
    assert.ok(!fields(["x", "secret\r\n"]).problem!.includes("secret"));
  });

  test("takes more different names than it remembers", () => {
    for (let i = 0; i < 2000; i++) {
      assert.equal(
        fields([`X-Made-Up-${i}`, "v"]).text,
        `x-made-up-${i}: v\r\n`,
      );
    }
  });

  describe("notes", () => {
    for (
      const [what, list, facts] of [
        ["nothing of plain fields", [["a", "b"]], {}],
        ["date and writes it", [["Date", "today"]], { hasDate: true }],
        ["server and writes it", [["SERVER", "mine"]], { hasServer: true }],
      ] as const
    ) {
      test(what, () => {
        const result = fields(...list);
        assert.deepEqual(result.facts, { ...emptyFacts(), ...facts });
        assert.notEqual(result.text, "");
      });
    }

    for (
      const [what, list, facts] of [
        ["content-length", [["Content-Length", "5"]], { contentLength: 5 }],
        ["content-length as octets", [["content-length", bytes("5")]], {
          contentLength: 5,
        }],
        ["content-length 0", [["content-length", "0"]], { contentLength: 0 }],
        ["content-length with leading zeros as its value", [[
          "content-length",
          "007",
        ]], { contentLength: 7 }],
        ["the largest exact content-length", [[
          "content-length",
          "9007199254740991",
        ]], { contentLength: 9007199254740991 }],
        ["equal content-lengths once (http:H-068)", [["content-length", "5"], [
          "Content-Length",
          "5",
        ]], { contentLength: 5 }],
        ["transfer-encoding: chunked", [["Transfer-Encoding", "chunked"]], {
          asksChunked: true,
        }],
        ["chunked in any case", [["transfer-encoding", " Chunked "]], {
          asksChunked: true,
        }],
        ["no other transfer coding (asgi:A-073)", [[
          "transfer-encoding",
          "gzip",
        ]], {}],
        ["no list of codings", [["transfer-encoding", "gzip, chunked"]], {}],
        ["connection", [["Connection", "keep-alive"]], {
          connection: "keep-alive",
        }],
        ["connection: close", [["connection", "close"]], {
          connection: "close",
          closes: true,
        }],
        ["close in any case", [["connection", "CLOSE"]], {
          connection: "CLOSE",
          closes: true,
        }],
        ["close in a list (http:H-090)", [["connection", "foo, Close\t,bar"]], {
          connection: "foo, Close\t,bar",
          closes: true,
        }],
        ["close in a second field", [["connection", "a"], [
          "connection",
          "close",
        ]], { connection: "a, close", closes: true }],
        [
          "no close inside another token",
          [["connection", "not-close, closed"]],
          { connection: "not-close, closed" },
        ],
      ] as const
    ) {
      test(`${what} without writing a line`, () => {
        const result = fields(...list);
        assert.equal(result.problem, undefined);
        assert.deepEqual(result.facts, { ...emptyFacts(), ...facts });
        assert.equal(result.text, "");
      });
    }
  });

  describe("refuses a content-length (http:H-064)", () => {
    for (
      const value of [
        "",
        " ",
        " 5",
        "5 ",
        "+5",
        "-5",
        "0x5",
        "5.0",
        "5e0",
        "five",
        "5, 5",
        "\uff15",
        "9007199254740992",
        "99999999999999999999",
      ]
    ) {
      test(JSON.stringify(value), () => {
        assert.match(
          fields(["content-length", value]).problem ?? "",
          /expected decimal digits/,
        );
      });
    }

    test("that differs from an earlier one (http:H-068)", () => {
      const { problem } = fields(["content-length", "5"], [
        "content-length",
        "6",
      ]);
      assert.match(problem ?? "", /two different "content-length" values/);
    });
  });
});

describe("resetFacts()", () => {
  test("leaves nothing of an earlier head", () => {
    const { facts } = fields(
      ["content-length", "5"],
      ["transfer-encoding", "chunked"],
      ["connection", "close"],
      ["date", "d"],
      ["server", "s"],
      ["upgrade", "u"],
    );
    for (const [key, value] of Object.entries(emptyFacts())) {
      assert.notEqual(facts[key as keyof HeadFacts], value, key);
    }
    resetFacts(facts);
    assert.deepEqual(facts, emptyFacts());
  });
});

describe("writeTrailers()", () => {
  test("writes fields as lines", () => {
    const out = new ByteWriter(4);
    assert.equal(
      writeTrailers(out, [["X-Sum", "1"], [bytes("x-b"), "2"]]),
      undefined,
    );
    assert.equal(textOf(out), "x-sum: 1\r\nx-b: 2\r\n");
  });

  test("iterates its fields once", () => {
    const out = new ByteWriter(4);
    const once = [["a", "1"] as const].values();
    assert.equal(writeTrailers(out, once), undefined);
    assert.equal(textOf(out), "a: 1\r\n");
  });

  for (const name of FORBIDDEN_TRAILERS) {
    test(`refuses ${name}, however it is given (asgi:A-180)`, () => {
      const attempts = [
        [name, "v"],
        [name.toUpperCase(), "v"],
        [bytes(name), "v"],
        { 0: name, 1: "v", length: 2 },
      ];
      for (const attempt of attempts) {
        const out = new ByteWriter(4);
        const list = [["x-a", "1"], attempt] as unknown as FieldInput[];
        assert.match(writeTrailers(out, list) ?? "", /framed or routed/);
      }
    });
  }

  for (
    const field of [null, "ab", ["a"], ["a", 1], ["a", "b\r\nc: d"], [
      "a b",
      "c",
    ]]
  ) {
    test(`refuses ${JSON.stringify(field)}`, () => {
      const out = new ByteWriter(4);
      const problem = writeTrailers(out, [field] as unknown as FieldInput[]);
      assert.equal(typeof problem, "string");
    });
  }
});

describe("header injection", () => {
  // asgi:A-071, wishes:R-013. Each attempt, in a name or a value, in text or in octets, ends
  // in a problem and never in a second line.
  const breaks = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\x7f",
    "\x0b",
    "\x0c",
    "\x1f",
    "\u010a",
    "\u560d\u560a",
  ];
  const payloads = [
    "set-cookie: a=b",
    "content-length: 0",
    "\r\n<script>",
    "transfer-encoding: chunked",
    "",
  ];
  let count = 0;
  for (const separator of breaks) {
    for (const payload of payloads) {
      const attack = `v${separator}${payload}`;
      const attempts: [string | Uint8Array, string | Uint8Array][] = [
        ["x-a", attack],
        ["location", attack],
        [attack, "v"],
        ["connection", attack],
      ];
      if (!/[^\0-\xff]/.test(attack)) {
        attempts.push(["x-a", bytes(attack)], [bytes(attack), "v"]);
      }
      for (const attempt of attempts) {
        count++;
        test(`attempt ${count}: ${JSON.stringify(attempt.map((part) => typeof part === "string" ? part : [...part]))}`, () => {
          assert.equal(typeof fields(attempt).problem, "string");
        });
      }
    }
  }

  test("at least 200 attempts were made", () => {
    assert.ok(count >= 200, `${count}`);
  });
});
