/** Sections are those of RFC 7239. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ForwardedHops } from "../../src/proxy/forwarded.ts";
import { findClient } from "../../src/proxy/forwarded_for.ts";
import { TrustedPeers } from "../../src/proxy/trusted_peers.ts";

/** The nodes from right to left, and how it ended. */
function nodes(text: string): string[] {
  const hops = new ForwardedHops(text);
  const found: string[] = [];
  for (;;) {
    const step = hops.next();
    if (step !== "hop") return [...found, step];
    found.push(hops.node);
  }
}

function find(text: string, trusted: readonly string[] = ["10.0.0.0/8"]) {
  const hops = new ForwardedHops(text);
  const { client, oddity } = findClient(hops, new TrustedPeers(trusted));
  const { proto, host } = hops;
  return { client: client?.host, port: client?.port, oddity, proto, host };
}

describe("§4: the syntax, read from the right", () => {
  for (
    const [what, text, expected] of [
      ["one element", "for=192.0.2.1", ["192.0.2.1"]],
      ["names in any case", "FOR=192.0.2.1;Proto=http", ["192.0.2.1"]],
      ["a quoted value", 'For="[2001:db8:cafe::17]:4711"', [
        "[2001:db8:cafe::17]:4711",
      ]],
      [
        "several pairs",
        "for=192.0.2.60;proto=http;by=203.0.113.43",
        ["192.0.2.60"],
      ],
      [
        "blanks around semicolons",
        "for=192.0.2.60 ; proto=http\t;by=_x",
        ["192.0.2.60"],
      ],
      ["several elements", "for=192.0.2.43, for=198.51.100.17", [
        "198.51.100.17",
        "192.0.2.43",
      ]],
      ["elements without blanks", "for=a,for=b", ["b", "a"]],
      ["empty elements", " , for=a,,\t, for=b, ", ["b", "a"]],
      ["empty pairs", ";for=a;;proto=b;", ["a"]],
      ["parameters that nobody has registered", "for=a;x=1;x=2", ["a"]],
      ["an element that does not tell", "for=a,proto=http", ["", "a"]],
      ["separators in a quoted value", 'for="a,b;c=d"', ["a,b;c=d"]],
      ["escapes in a quoted value", 'for="a\\"b\\\\"', ['a"b\\']],
      ["an escaped letter", 'for="\\a"', ["a"]],
      ["an empty quoted value", 'for=""', [""]],
      ["an empty text", "", []],
      ["commas alone", ",,,", []],
    ] as const
  ) {
    test(`reads ${what}`, () => {
      assert.deepEqual(nodes(text), [...expected, "end"]);
    });
  }

  for (
    const [what, text] of [
      ["a value without a name", "=192.0.2.1"],
      ["a name without a value", "for="],
      ["a name alone", "for"],
      ["blanks before the equals sign", "for =a"],
      ["blanks behind the equals sign", "for= a"],
      ["a parameter twice", "for=a;for=b"],
      ["a parameter twice in other letters", "for=a;FOR=b"],
      ["a registered one twice", "for=a;by=b;by=c"],
      ["a blank where a semicolon should be", "for=a proto=http"],
      ["IPv6 without quotes", "for=[2001:db8::1]"],
      ["a port without quotes", "for=192.0.2.1:80"],
      ["a quote that is not closed", 'for="a'],
      ["a quote that is not opened", 'for=a"'],
      ["a quote that is escaped where it should close", 'for="a\\"'],
      ["text behind a quoted value", 'for="a"b'],
      ["text before a quoted value", 'for=b"a"'],
      ["a letter beyond ASCII", "for=\xe4"],
      ["a name with quotes", '"for"=a'],
      ["a quote alone", '"'],
      ["one that is escaped", '\\"'],
    ] as const
  ) {
    test(`refuses ${what}: ${text}`, () => {
      assert.deepEqual(nodes(text), ["malformed"]);
    });
  }
});

describe("a client that sends elements of its own gains nothing", () => {
  for (
    const [what, text] of [
      ["an element", "for=10.0.0.9;proto=https"],
      ["a quote that would swallow what the proxy appends", 'for="'],
      ["the same with an escape", 'for="\\'],
      ["the same with a whole element", 'for=10.0.0.9;x="'],
      ["a quote that is closed in the proxy's part", 'for="10.0.0.9'],
      ["an equals sign", "for="],
      ["a semicolon", "for=10.0.0.9;"],
      ["a backslash", "\\"],
      ["nothing", ""],
      ["commas", ",,,,"],
      ["garbage", '\xff=;"\\,=='],
    ] as const
  ) {
    for (
      const appended of [
        "for=192.0.2.7;proto=http",
        'proto=http;for="192.0.2.7"',
        'proto="http";by="a\\"b";for="192.0.2.7:5"',
      ]
    ) {
      test(`${what}, before ${appended}`, () => {
        for (const joint of [", ", ","]) {
          const { client, proto, host } = find(text + joint + appended);
          assert.deepEqual([client, proto, host], [
            "192.0.2.7",
            "http",
            undefined,
          ]);
        }
      });
    }
  }
});

describe("§5: what the trusted proxies say together", () => {
  test("is the client of the farthest of them, with its scheme and host", () => {
    assert.deepEqual(
      find(
        'for=192.0.2.7;proto=https;host="a.example:8443", ' +
          "for=10.0.0.1;proto=http;host=inner",
      ),
      {
        client: "192.0.2.7",
        port: 0,
        oddity: undefined,
        proto: "https",
        host: "a.example:8443",
      },
    );
  });

  test("is filled up from those that are nearer", () => {
    const { proto, host } = find("for=192.0.2.7, for=10.0.0.1;proto=https");
    assert.deepEqual([proto, host], ["https", undefined]);
  });

  test("does not go beyond one that hides its client (§6.3)", () => {
    const { client, oddity, proto } = find(
      "for=192.0.2.7;proto=http, for=_x;proto=https, for=10.0.0.1",
    );
    assert.deepEqual([client, oddity, proto], [undefined, "hidden", "https"]);
  });

  test("does not go beyond one that does not tell its client", () => {
    const { client, oddity, proto } = find(
      "for=192.0.2.7;proto=http, proto=https",
    );
    assert.deepEqual([client, oddity, proto], [undefined, "missing", "https"]);
  });

  test("is missing where there are no elements", () => {
    for (const text of ["", ",", " , ,"]) {
      assert.equal(find(text).oddity, "missing");
    }
  });

  for (const text of ["for=x", 'for="192.0.2.7:x"', 'for=""', "for="]) {
    test(`is nothing for ${text}`, () => {
      const { client, oddity } = find(text);
      assert.equal(client, undefined);
      assert.match(oddity!, /^(malformed|missing)$/);
    });
  }
});

/** Counts the characters that are looked at, by a text that tells of it. */
test("the time to read it is linear in its length", () => {
  for (
    const piece of [
      ",",
      ";",
      "\\",
      '\\"',
      '"',
      '="',
      "for=10.0.0.1,",
      'for="10.0.0.1",',
      'x="\\\\",',
      "a=b;",
      " ",
      "=",
    ]
  ) {
    const looked = (count: number): number => {
      const text = piece.repeat(count);
      let looks = 0;
      const counting = {
        length: text.length,
        charCodeAt: (at: number) => (looks++, text.charCodeAt(at)),
        slice: (
          from: number,
          to: number,
        ) => (looks += to - from, text.slice(from, to)),
        lastIndexOf: (what: string, at: number) => {
          const found = text.lastIndexOf(what, at);
          looks += at - found;
          return found;
        },
      } as unknown as string;
      const hops = new ForwardedHops(counting);
      while (hops.next() === "hop");
      return looks;
    };
    const [few, many] = [looked(100), looked(1000)];
    assert.ok(many <= 11 * few, `${piece}: ${few} and ${many}`);
  }
});
