import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodePath } from "../../src/http/percent.ts";

describe("decodePath() (RFC 3986 §2.1, asgi:A-049)", () => {
  for (
    const [behavior, rawPath, path] of [
      ["leaves a plain path", "/a/b-c_d.e~f", "/a/b-c_d.e~f"],
      ["leaves the asterisk", "*", "*"],
      ["decodes an escape", "/a%20b", "/a b"],
      ["decodes digits of either case", "/%c3%A9", "/\u00e9"],
      ["decodes escapes as UTF-8", "/%E2%82%AC", "/\u20ac"],
      ["decodes past the first plane", "/%F0%9F%98%80", "/\u{1f600}"],
      ["decodes an escaped slash", "/a%2Fb", "/a/b"],
      ["decodes an escaped question mark", "/a%3Fb", "/a?b"],
      ["decodes once", "/%2525", "/%25"],
      ["leaves a plus sign", "/a+b", "/a+b"],
      ["leaves dot segments", "/a/../%2e%2e/b", "/a/../../b"],
      ["leaves double slashes", "//a//b", "//a//b"],
      ["keeps an escape that is none", "/%zz", "/%zz"],
      ["keeps half an escape", "/%4", "/%4"],
      ["keeps a bare percent sign", "/100%", "/100%"],
      ["keeps an escape with one good digit", "/%4g%g4", "/%4g%g4"],
      ["reads an escape behind a percent sign", "/%%41", "/%A"],
      ["replaces octets that are not UTF-8", "/%ff", "/\ufffd"],
      ["replaces a lone continuation", "/%80a", "/\ufffda"],
      [
        "replaces an overlong slash, which some decode",
        "/%c0%af",
        "/\ufffd\ufffd",
      ],
      ["replaces a surrogate", "/%ed%a0%80", "/\ufffd\ufffd\ufffd"],
      ["keeps a byte order mark", "/%EF%BB%BFa", "/\ufeffa"],
      ["decodes NUL", "/%00", "/\0"],
      ["takes raw octets for UTF-8", "/caf\xc3\xa9", "/caf\u00e9"],
    ] as const
  ) {
    test(behavior, () => assert.equal(decodePath(rawPath), path));
  }
});
